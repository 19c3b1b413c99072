"""Which sender has which badges: claimed by one statement, kept by a lease, taken over from the dead.

A claim is committed before anything is sent and holds no lock, so that no transaction is open while Accredible is
asked. Where the database can, rows that another sender is about to claim are skipped; elsewhere the statement itself
decides: its condition is looked at again under the lock of each row.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.choices import BadgeState, BadgeStatus
from credentials_accredible.database import alias, retried
from credentials_accredible.models import AccredibleBadge

# As often others may be quicker, where a database cannot skip what they are claiming.
_RIVALS = 20


class Claim:
    """The badges that one sender has taken on, under a ``token`` of their own."""

    def __init__(self, token: str, badges: list[AccredibleBadge]) -> None:
        self.token = token
        self.badges = badges
        self._sent: set[int] = set()

    def keep(self, badges: Collection[AccredibleBadge]) -> None:
        """Begin the lease of these ``badges`` anew."""
        _rows(self.token, badges).update(next_attempt_at=_lease_end())

    def mark_sent(self, badges: Collection[AccredibleBadge]) -> list[AccredibleBadge]:
        """Note of ``badges`` that their issuing is about to be sent; returns those for which it still may be.

        One that was revoked meanwhile, or that another sender has taken over, may not.
        """
        awarded = _rows(self.token, badges).filter(status=BadgeStatus.AWARDED)
        awarded.update(
            state=BadgeState.NO_RESPONSE,
            attempts=F("attempts") + 1,
            next_attempt_at=_lease_end(),
            modified=timezone.now(),
        )
        marked = set(
            _rows(self.token, badges).filter(state=BadgeState.NO_RESPONSE, status=BadgeStatus.AWARDED)
            .values_list("pk", flat=True)
        )  # fmt: skip
        self._sent |= marked
        return [badge for badge in badges if badge.pk in marked]

    def mark_tried(self, badge: AccredibleBadge) -> None:
        """Count a try of something that can be repeated without harm."""
        _rows(self.token, [badge]).update(attempts=F("attempts") + 1)

    def release(self, badges: Collection[AccredibleBadge]) -> None:
        """Leave ``badges`` to whoever comes next: at once, or after the lease where something was sent.

        A request that was interrupted can still be at work at Accredible, where a search would not show it yet.
        """
        unsent = [badge for badge in badges if badge.pk not in self._sent]
        _rows(self.token, unsent).update(claim="", next_attempt_at=timezone.now())


def claim(config_id: int, size: int, only: Collection[UUID] | None = None) -> Claim:
    """Take on up to ``size`` badges of the configuration that are due, the longest waiting first.

    ``only``: none but those with these UUIDs.
    """
    for _ in range(_RIVALS):
        claimed = _claim(config_id, size, only)
        if claimed is not None:
            return claimed
    return Claim("", [])


def others_at_work(config_id: int) -> bool:
    """Whether a sender, alive as far as one can know, has badges of the configuration."""
    claimed = AccredibleBadge.objects.filter(api_config=config_id, next_attempt_at__gt=timezone.now())
    return claimed.exclude(claim="").exists()


@retried
def _claim(config_id: int, size: int, only: Collection[UUID] | None) -> Claim | None:
    """None where there are some, and another sender was quicker with all of them."""
    token, now = uuid4().hex, timezone.now()
    if size < 1:
        return Claim(token, [])
    due = AccredibleBadge.objects.filter(api_config=config_id, next_attempt_at__lte=now)
    if only is not None:
        due = due.filter(uuid__in=only)
    skips = connections[alias()].features.has_select_for_update_skip_locked
    with transaction.atomic() if skips else nullcontext():
        waiting = due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)
        chosen = list((waiting.select_for_update(skip_locked=True) if skips else waiting)[:size])
        if chosen:
            due.filter(pk__in=chosen).update(claim=token, next_attempt_at=_lease_end())
    if not chosen:
        return Claim(token, [])
    claimed = AccredibleBadge.objects.filter(pk__in=chosen, claim=token).select_related("user", "group")
    badges = list(claimed.order_by("pk"))
    return Claim(token, badges) if badges else None


def lease() -> float:
    """Seconds for which a claim holds."""
    return conf.delivery_lease()


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=lease())


def _rows(token: str, badges: Collection[AccredibleBadge]) -> QuerySet[AccredibleBadge]:
    return AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in badges], claim=token)
