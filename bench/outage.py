"""What an event that completes a group takes while Accredible answers, and while it does not.

With one quick try after the commit, ``DELIVERY`` *inline*, the first event of an outage waits for as long as
``INLINE_TIMEOUT`` says; those that come after it must take what they take where nothing is sent at all.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from bench.events import milliseconds
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


def run() -> int:
    """Measure in a test database, print a table, and return 0 where all is well."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with Emulator() as emulator:
            stretches = {
                "nothing is sent": measure(emulator, "manual"),
                "Accredible answers": measure(emulator, "inline"),
                "Accredible is silent": measure(emulator, "inline", silent=True),
            }
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    print(f"\n{EVENTS} events, each of which completes a group:")
    print(f"{'':>22}  {'typical':>9}  {'longest':>10}  {'requests':>8}")
    for label, stretch in stretches.items():
        print(
            f"{label:>22}  {stretch.typical_ms:>6.1f} ms  {stretch.longest_ms:>7.0f} ms  {stretch.requests:>8}",
        )
    silent = stretches["Accredible is silent"]
    passed = silent.typical_ms < LONGEST_RATIO * stretches["nothing is sent"].typical_ms and silent.requests == 1
    print("Passed." if passed else "Failed.")
    return 0 if passed else 1


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
