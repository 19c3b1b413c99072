"""Badges that were delivered, and ways in which they can come to differ from their credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeLogEntry
from tests.delivery.outbox import drain, make_badges, make_remote_group

LONG_AGO = "2020-01-01"


def there(account: Any, badge: AccredibleBadge) -> Any:
    """The credential of a badge at Accredible."""
    return next(item for item in account.credential_by_id.values() if item.license_id == str(badge.uuid))


def missing(account: Any, badge: AccredibleBadge) -> None:
    del account.credential_by_id[there(account, badge).id]


def expired(account: Any, badge: AccredibleBadge) -> None:
    there(account, badge).expired_on = LONG_AGO


def unpublished(account: Any, badge: AccredibleBadge) -> None:
    there(account, badge).published_on = None


def published(account: Any, badge: AccredibleBadge) -> None:
    change(badge, state="unpublished", next_attempt_at=timezone.now())


def unrecorded(account: Any, badge: AccredibleBadge) -> None:
    change(badge, state="error", external_id="", url="", problem="exhausted", last_error="no reply")


def moved(account: Any, badge: AccredibleBadge) -> None:
    change(badge, external_id="999999")


def valid(account: Any, badge: AccredibleBadge) -> None:
    change(badge, status="revoked", state="expired", expired_on=LONG_AGO)


def never_sent_but_valid(account: Any, badge: AccredibleBadge) -> None:
    change(badge, status="revoked", state="created", external_id="", url="")


def revoked(account: Any, badge: AccredibleBadge) -> None:
    expired(account, badge)
    change(badge, status="revoked", state="error", problem="exhausted")


def revoked_and_deleted(account: Any, badge: AccredibleBadge) -> None:
    missing(account, badge)
    change(badge, status="revoked", state="error", problem="exhausted")


def change(badge: AccredibleBadge, **values: Any) -> None:
    """Change the badge past everything."""
    AccredibleBadge.objects.filter(pk=badge.pk).update(**values)


Spoil = Callable[[Any, AccredibleBadge], None]
RECORDED: list[tuple[Spoil, str]] = [
    (published, "published"),
    (unrecorded, "unrecorded"),
    (moved, "unrecorded"),
    (revoked, "revoked"),
    (revoked_and_deleted, "revoked"),
]
DELIVERED: list[tuple[Spoil, str]] = [
    (missing, "missing"),
    (expired, "expired"),
    (unpublished, "unpublished"),
    (valid, "valid"),
    (never_sent_but_valid, "valid"),
]


def delivered_group(account: Any, number: int = 3) -> AccredibleGroup:
    """A group with badges that are at Accredible."""
    group = make_remote_group(account)
    make_badges(group, number)
    drain(group.api_config)
    return group


def rows() -> list[dict[str, Any]]:
    """All badges with everything in them, and the log."""
    return [*AccredibleBadge.objects.order_by("pk").values(), *BadgeLogEntry.objects.order_by("pk").values()]


def kinds(result: api.Reconciliation) -> list[str]:
    assert result.error == ""
    return [str(finding.kind) for finding in result.findings]
