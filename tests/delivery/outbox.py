"""Badges that wait to be delivered, and a look at what became of them on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from demo.emulator import issuing
from demo.emulator.account import Access
from tests.conftest import PluginSettings
from tests.factories import make_badge, make_config, make_group

MANY = 100


@pytest.fixture
def hurried(account: Any, plugin_settings: PluginSettings) -> None:
    """Delays that nobody has to wait for."""
    plugin_settings(DELIVERY_DELAYS=(0.001, 0.002))


def make_remote_group(account: Any, **values: Any) -> AccredibleGroup:
    """A group that is at Accredible, too."""
    remote = account.add_group(name="badge", course_name="Badge", **values)
    return make_group(make_config(), accredible_id=remote["id"])


def make_badges(group: AccredibleGroup, number: int = MANY) -> list[AccredibleBadge]:
    """Badges that were decided just now."""
    return [make_badge(group) for _ in range(number)]


def make_foreign(account: Any, badge: AccredibleBadge, *, email: str = "", **values: Any) -> int:
    """A credential that somebody made at Accredible for the badge's learner and group; its id there."""
    access = Access(account, None)
    recipient = {"name": "Somebody", "email": email or badge.user.email}
    approve = values.pop("approve", True)
    made, _ = issuing.create(
        access, {"group_id": badge.accredible_group_id, "recipient": recipient, "approve": approve, **values}
    )
    return made.id


def drain(
    config: AccredibleAPIConfig, *, limit: int | None = None, rounds: int = 600, until_published: bool = False
) -> None:
    """Deliver until nothing is left to be done, or a person is needed."""
    for _ in range(rounds):
        api.deliver(config, limit=limit)
        if until_published:
            AccredibleBadge.objects.filter(state="unpublished").update(next_attempt_at=timezone.now())
        config.refresh_from_db()
        if config.paused_at or not AccredibleBadge.objects.filter(next_attempt_at__isnull=False).exists():
            return
    raise AssertionError("deliveries do not come to an end")


def make_everything_due() -> None:
    """Let all leases and delays be over."""
    AccredibleAPIConfig.objects.update(held_until=None)
    AccredibleBadge.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())


def states() -> dict[str, int]:
    """How many badges there are in each state."""
    found: dict[str, int] = {}
    for state in AccredibleBadge.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def assert_each_once(account: Any, number: int, state: str = "accepted") -> None:
    """Every badge has one credential, which is its own, and there are no others."""
    badges = list(AccredibleBadge.objects.all())
    assert states() == {state: number}
    assert sorted(str(badge.uuid) for badge in badges) == sorted(item["license_id"] for item in credentials(account))
    by_id = {str(item["id"]): item for item in credentials(account)}
    assert all(by_id[badge.external_id]["license_id"] == str(badge.uuid) for badge in badges)
    assert all(badge.url and not badge.claim and not badge.last_error for badge in badges)


def credentials(account: Any) -> list[dict[str, Any]]:
    """All credentials at Accredible."""
    return [credential.search_item("") for credential in account.credential_by_id.values()]
