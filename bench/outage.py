"""What an event that completes a group takes while Accredible answers, and while it does not.

With one quick try after the commit, ``DELIVERY`` *inline*, the first event of an outage waits for as long as
``INLINE_TIMEOUT`` says; those that come after it must take what they take where nothing is sent at all.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.test.utils import override_settings

from bench.measuring import milliseconds
from bench.rows import Row
from credentials_accredible import api
from demo.emulator.server import Emulator
from tests.badges.sending import course_status
from tests.factories import make_config, make_group, make_requirement

EVENTS = 200
KEY = "main-key-0001"
LONGEST_RATIO = 2.0
# Longer than any client waits.
SILENCE = 30.0


@dataclass(frozen=True)
class Stretch:
    """So many events in milliseconds: a typical one, the longest one; requests that Accredible saw meanwhile."""

    typical_ms: float
    longest_ms: float
    requests: int


def rows() -> Iterator[Row]:
    """Events while nothing is sent, while Accredible answers, and while it is silent."""
    with Emulator() as emulator:
        unsent = measure(emulator, "manual")
        answered = measure(emulator, "inline")
        silent = measure(emulator, "inline", silent=True)
    work = "event that awards, sent inline: "
    yield Row.reported(work + "Accredible answers", answered.typical_ms, "ms", longest_ms=answered.longest_ms)
    yield Row.at_most(
        work + "Accredible is silent, of nothing sent",
        LONGEST_RATIO,
        silent.typical_ms / unsent.typical_ms,
        "x",
        longest_ms=silent.longest_ms,
    )
    yield Row.at_most(work + "requests while it is silent", 1, silent.requests, "")


def measure(emulator: Emulator, delivery: str, *, silent: bool = False) -> Stretch:
    """Let learners complete a new group, one after the other."""
    emulator.reset()
    account = emulator.add_account(key=KEY)
    environment = {"name": "Bench", "api_url": emulator.url, "dashboard_url": emulator.url}
    changed = {"ENVIRONMENTS": {"emulator": environment}, "DELIVERY": delivery, "RATE_LIMIT": (100_000, 1)}
    with override_settings(CREDENTIALS_ACCREDIBLE={**settings.CREDENTIALS_ACCREDIBLE, **changed}):
        remote = account.add_group(name="badge", course_name="Badge")
        group = make_group(make_config(key=KEY), accredible_id=remote["id"])
        make_requirement(group)
        api.activate_group(group)
        if silent:
            emulator.fault("hang", seconds=SILENCE, times=None)
        learners = (f"{delivery}-{silent}-{number}" for number in range(EVENTS))
        took = [milliseconds(lambda learner=learner: course_status(learner)) for learner in learners]
        requests = len(emulator.requests)
        emulator.clear_faults()
        api.deactivate_group(group)
    return Stretch(statistics.median(took), max(took), requests)
