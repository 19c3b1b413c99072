"""Whatever people and events decide, and whatever fails in between: Accredible ends as it was decided last."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from credentials_accredible import api
from credentials_accredible.exceptions import DecisionRefused
from credentials_accredible.models import AccredibleBadge, AccredibleGroup
from demo.emulator.server import Emulator
from tests.badges.configuring import FAILS, PASSES, penalise, require
from tests.badges.sending import course_status, learner, minutes
from tests.conftest import PluginSettings
from tests.delivery.outbox import credentials, make_everything_due, make_remote_group
from tests.examples import examples
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db(transaction=True)

_numbers = count(1)

DECISIONS = ["award", "revoke", "pass", "fail"]
DELIVERIES = ["deliver", "cut_before", "cut_after", "server error"]


class World:
    """One learner, one group, and whatever happens to them."""

    def __init__(self, emulator: Emulator, group: AccredibleGroup, staff: Any) -> None:
        self.emulator = emulator
        self.group = group
        self.staff = staff
        self.username = f"learner-{next(_numbers)}"
        make_user(self.username)
        self._minute = 0

    @property
    def badges(self) -> Any:
        """The badges of the learner."""
        return AccredibleBadge.objects.filter(user__username=self.username)

    def do(self, step: str) -> None:
        """Have it happen."""
        if step == "award":
            try:
                api.award_badges(self.group, [self.username], reason="An appeal", user=self.staff)
            except DecisionRefused:
                assert self.badges.get().status == "awarded"
        elif step == "revoke":
            api.revoke_badges(self.badges, reason="A mistake", user=self.staff)
            assert not self.badges.filter(status="awarded").exists()
        elif step in {"pass", "fail"}:
            self._minute += 1
            course_status(learner(self.username), is_passing=step == "pass", at=minutes(self._minute))
        else:
            self._deliver(step)

    def _deliver(self, step: str) -> None:
        if step == "server error":
            self.emulator.fault("status", status=500, path="/v1/credentials")
        elif step != "deliver":
            self.emulator.fault(step, path="/v1/credentials")
        make_everything_due()
        api.deliver(self.group.api_config)
        self.emulator.clear_faults()

    def settle(self) -> None:
        """Deliver until nothing is left to be done."""
        for _round in range(20):
            if not self.badges.filter(next_attempt_at__isnull=False).exists():
                return
            self._deliver("deliver")
        raise AssertionError("deliveries do not come to an end")

    def at_accredible(self, account: Any) -> list[dict[str, Any]]:
        """The credentials of the learner."""
        email = f"{self.username}@example.com"
        return [item for item in credentials(account) if item["recipient_email"] == email]


@pytest.mark.parametrize("revocation", ["expire", "unpublish", "delete"])
def test_accredible_ends_as_it_was_decided_last(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, revocation: str
) -> None:
    # Long delays: a try that fails is not followed by another one before the next step.
    plugin_settings(REVOCATION=revocation, DELIVERY_DELAYS=(60, 3600))
    group = make_remote_group(account, allow_duplicates=True)
    group.is_active = True
    group.save()
    penalise(group, FAILS, takes=[require(group, PASSES)])
    staff = make_staff()
    _run(emulator, account, group, staff, revocation)


def _run(emulator: Emulator, account: Any, group: AccredibleGroup, staff: Any, revocation: str) -> None:
    @settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.sampled_from(DECISIONS + DELIVERIES), min_size=2, max_size=12))
    @example(["award", "deliver", "revoke", "cut_after", "award", "deliver"])
    @example(["award", "deliver", "revoke", "deliver", "award", "cut_after", "revoke", "deliver"])
    @example(["pass", "cut_after", "fail", "award", "deliver"])
    def any_history(steps: list[str]) -> None:
        world = World(emulator, group, staff)
        for step in steps:
            world.do(step)
        world.settle()

        found = world.at_accredible(account)
        badge = world.badges.first()
        decided = badge.status if badge else None
        valid = [item for item in found if item["approve"] and not item["expired_on"]]
        assert len(found) <= 1, f"{len(found)} credentials"
        assert bool(valid) == (decided == "awarded")
        if badge is not None:
            assert badge.next_attempt_at is None
            assert badge.state in ({"accepted"} if decided == "awarded" else {"created", "expired"})
            assert badge.state != "expired" or revocation != "expire" or found[0]["expired_on"]

    any_history()
