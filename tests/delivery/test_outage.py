"""Accredible is out of reach for six hours, and learners go on earning badges.

The clock is moved, for the plugin and for the emulator; requests go over real sockets. ``make bench`` measures what
events take while Accredible is away.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone

from credentials_accredible import api, database
from credentials_accredible.client import rate_limit, transport
from credentials_accredible.delivery import actions
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeLogEntry, FailedEvent
from demo.emulator import rate
from demo.emulator.server import Emulator
from tests.badges.sending import course_status
from tests.conftest import PluginSettings
from tests.delivery.outbox import assert_each_once, make_remote_group
from tests.factories import make_requirement

pytestmark = [pytest.mark.endurance, pytest.mark.django_db(transaction=True)]

HOURS, BADGES = 6, 5_000
EVERY = HOURS * 3600 / BADGES
# A tenth of what Accredible allows, so that the backlog meets it again and again.
LIMIT = (20, 30)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """The present moment, from which tests go on in leaps; so does who waits for the rate limit."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        monkeypatch.setattr(rate_limit, "pause", lambda seconds, _stop: traveller.shift(seconds))
        # The machine moves the calendar alone.
        for module in (rate_limit, transport, actions):
            monkeypatch.setattr(module, "monotonic", time.time)
        monkeypatch.setattr(rate, "time", SimpleNamespace(monotonic=time.time))
        monkeypatch.setattr(database, "time", SimpleNamespace(monotonic=time.time, sleep=time.sleep))
        monkeypatch.setattr(database, "_asked", timezone.now)
        monkeypatch.setattr(database, "_clock", database._Clock())
        yield traveller


@pytest.fixture
def group(emulator: Emulator, account: Any, settings: Any) -> AccredibleGroup:
    """A group that one passed course earns; everything else is as operators have it."""
    emulator.rate_limit(*LIMIT)
    settings.CREDENTIALS_ACCREDIBLE = {
        "ENVIRONMENTS": django_settings.CREDENTIALS_ACCREDIBLE["ENVIRONMENTS"],
        "RATE_LIMIT": LIMIT,
        "DELIVERY": "manual",
    }
    group = make_remote_group(account)
    make_requirement(group)
    api.activate_group(group)
    return group


def live_through(emulator: Emulator, clock: time_machine.Traveller, group: AccredibleGroup, *, restart: bool) -> None:
    """Six hours of events, with ``accredible_deliver`` every minute; then Accredible is back."""
    minute = 0
    for number in range(BADGES):
        clock.shift(EVERY)
        course_status(f"learner-{number}")
        if number * EVERY // 60 > minute:
            minute = int(number * EVERY // 60)
            api.deliver(group.api_config)
    if restart:
        emulator.start()
    emulator.clear_faults()


def assert_nothing_was_hammered() -> None:
    """A few tries at first, one in five or six minutes after that; and the events did not notice."""
    tries = BadgeLogEntry.objects.filter(succeeded=False).values("created").distinct().count()
    assert HOURS * 10 <= tries <= HOURS * 12 + 30
    assert AccredibleBadge.objects.count() == BADGES
    assert not FailedEvent.objects.exists()
    assert not AccredibleBadge.objects.filter(state="error").exists()


def deliver_all(clock: time_machine.Traveller, group: AccredibleGroup) -> float:
    """Let the command run every minute until nothing is left; how many minutes that took."""
    began = timezone.now()
    while AccredibleBadge.objects.filter(next_attempt_at__isnull=False).exists():
        assert (timezone.now() - began).total_seconds() < 8 * 3600
        clock.shift(60)
        api.deliver(group.api_config)
    return (timezone.now() - began).total_seconds() / 60


def test_a_server_that_is_gone(
    emulator: Emulator, account: Any, clock: time_machine.Traveller, group: AccredibleGroup
) -> None:
    emulator.stop()
    try:
        live_through(emulator, clock, group, restart=True)
    finally:
        emulator.start()
    assert_nothing_was_hammered()
    assert emulator.requests == []

    minutes = deliver_all(clock, group)

    assert_each_once(account, BADGES)
    sent = Counter(request.status for request in emulator.requests)
    assert sent.keys() == {200}
    # 167 requests of 30 badges, and some for those that had failed and came back one by one.
    assert BADGES / 30 <= sent[200] <= BADGES / 30 * 1.05
    assert minutes < 60


def test_a_server_that_cuts_every_connection(
    emulator: Emulator,
    account: Any,
    plugin_settings: PluginSettings,
    clock: time_machine.Traveller,
    group: AccredibleGroup,
) -> None:
    """Each event is followed by a try where that may be; what was tried has to be searched for afterwards."""
    plugin_settings(DELIVERY="inline")
    emulator.fault("cut_before", times=None)
    live_through(emulator, clock, group, restart=False)
    assert_nothing_was_hammered()
    meanwhile = len(emulator.requests)
    assert meanwhile <= HOURS * 12 + 30

    deliver_all(clock, group)

    assert_each_once(account, BADGES)
    after = emulator.requests[meanwhile:]
    assert not [request for request in after if request.status == 429]
    creating = [request for request in after if request.path.endswith(("bulk_create", "/v1/credentials"))]
    assert BADGES / 30 <= len(creating) <= BADGES / 30 * 1.05
