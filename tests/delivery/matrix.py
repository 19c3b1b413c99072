"""The steps of a delivery, which the fault matrix goes through with a hundred badges each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import cycle
from math import inf
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.client import BULK_LIMIT
from credentials_accredible.delivery import pauses
from credentials_accredible.models import AccredibleBadge, AccredibleGroup
from tests.conftest import PluginSettings
from tests.delivery.faults import CHANGING, CREATING, DELETING, SEARCHING
from tests.delivery.outbox import (
    MANY,
    assert_each_once,
    credentials,
    make_badges,
    make_foreign,
    make_remote_group,
    states,
)
from tests.delivery.spoiling import LONG_AGO, change
from tests.delivery.test_clock_skew import of_another_host

AT_ONCE = {"bulk": BULK_LIMIT, "single": 1}
# Seconds, on a machine that is busy.
LONGEST_RUN = 300.0


@dataclass(frozen=True)
class Step:
    """``begin`` brings badges to where this step is next for all; ``where`` says which requests it makes.

    ``state``: what they end in. ``revocation``: the setting.
    """

    begin: Callable[[Any, AccredibleGroup], None]
    where: Mapping[str, Any]
    state: str = "accepted"
    revocation: str = "expire"


def to_be_issued(account: Any, group: AccredibleGroup) -> None:
    make_badges(group)


def to_be_searched_for(account: Any, group: AccredibleGroup) -> None:
    """Sent without an answer; half of them have arrived."""
    for number, badge in enumerate(make_badges(group)):
        change(badge, state="no_response", attempts=1)
        if number % 2:
            make_foreign(account, badge, id=str(badge.uuid))


def to_be_published(account: Any, group: AccredibleGroup) -> None:
    _put_there(account, group, state="unpublished", approve=False)


def to_be_revoked(account: Any, group: AccredibleGroup) -> None:
    _put_there(account, group, state="accepted")
    revoke_all()


def to_be_reinstated(account: Any, group: AccredibleGroup) -> None:
    _put_there(account, group, state="expired", approve=False, expired_on=LONG_AGO)
    AccredibleBadge.objects.update(expired_on=LONG_AGO)


def _put_there(account: Any, group: AccredibleGroup, *, state: str, **values: Any) -> None:
    for badge in make_badges(group):
        number = make_foreign(account, badge, id=str(badge.uuid), **values)
        change(badge, state=state, external_id=str(number), url=f"https://credential.test/{number}")


STEPS = {
    "issuing": Step(to_be_issued, CREATING),
    "searching": Step(to_be_searched_for, SEARCHING),
    "publishing": Step(to_be_published, CHANGING),
    "revoking": Step(to_be_revoked, CHANGING, state="expired"),
    "hiding": Step(to_be_revoked, CHANGING, state="expired", revocation="unpublish"),
    "deleting": Step(to_be_revoked, DELETING, state="expired", revocation="delete"),
    "reinstating": Step(to_be_reinstated, CHANGING),
}


def begin(account: Any, plugin_settings: PluginSettings, step: Step) -> AccredibleGroup:
    """A group whose badges are about to take the step. It allows doubles, so that there would be some."""
    plugin_settings(REVOCATION=step.revocation)
    group = make_remote_group(account, allow_duplicates=True)
    step.begin(account, group)
    return group


def deliver_all(group: AccredibleGroup, at_once: int, hosts: tuple[float, ...] = (0,)) -> None:
    """Deliver until nothing is left to be done or a person is needed.

    The senders take on so many badges ``at_once``, and are of several hosts in turn.
    """
    end = time.monotonic() + LONGEST_RUN
    waiting = AccredibleBadge.objects.filter(next_attempt_at__isnull=False)

    def deliver() -> bool:
        api.deliver(group.api_config)
        waiting.filter(state="unpublished").update(next_attempt_at=timezone.now())
        return waiting.exists()

    for hours in cycle(hosts):
        with of_another_host(hours) if hours else nullcontext(), patch.object(pauses, "BULK_LIMIT", at_once):
            if not api.patiently(deliver, patience=inf):
                return
        assert time.monotonic() < end, "deliveries do not come to an end"
        if not waiting.filter(next_attempt_at__lte=timezone.now()).exists():
            time.sleep(0.02)


def assert_ended(account: Any, step: Step) -> None:
    """All badges are where the step leads, each has the one credential that it should have, and there are no others."""
    if step.revocation == "delete":
        assert (states(), credentials(account)) == ({step.state: MANY}, [])
        return
    assert_each_once(account, MANY, state=step.state)
    visible = [item["approve"] and not item["expired_on"] for item in credentials(account)]
    assert visible == [step.state == "accepted"] * MANY


def revoke_all() -> int:
    """Revoke everything that is awarded, as a penalty does; how many there were."""
    awarded = list(AccredibleBadge.objects.filter(status="awarded").values_list("pk", flat=True))
    AccredibleBadge.objects.filter(pk__in=awarded).revoke()
    return len(awarded)
