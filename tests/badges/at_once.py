"""Delivers events at the same moment on connections of their own, and prints what came of it as JSON.

``python -m tests.badges.at_once SCENARIO``
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from threading import Barrier, Event, Thread
from time import sleep
from typing import Any

import django

ROUNDS = 15
FAILED_SINCE = ["failed since", "failed since, with an account", "failed meanwhile"]
SCENARIOS = ["two letters", "nobody knew", "ten times", "award and penalty", *FAILED_SINCE]


def run(events: list[Callable[[], None]]) -> None:
    """Deliver the events at once."""
    from django.db import connection

    together = Barrier(len(events))

    def deliver(event: Callable[[], None]) -> None:
        try:
            together.wait()
            event()
        finally:
            connection.close()

    threads = [Thread(target=deliver, args=[event]) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def slowly(event: Callable[[], None], reached: Event) -> None:
    """Deliver an event that sets ``reached`` when it is about to write what it fulfils, and takes its time there."""
    from django.db import connection

    def pause(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "_fulfillment" in sql:
            reached.set()
            sleep(0.3)
        return execute(sql, *rest)

    with connection.execute_wrapper(pause):
        event()


def after(reached: Event, event: Callable[[], None]) -> None:
    """Deliver an event once that is set."""
    reached.wait()
    event()


def main(scenario: str) -> None:
    """Configure a group with three letters, and let each learner, who has one of them, meet the scenario."""
    from functools import partial
    from uuid import uuid4

    from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

    from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeProgress, FailedEvent
    from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
    from tests.badges.sending import DEMO, OTHER, THIRD, course_status, minutes
    from tests.factories import make_user

    group = active_group(config=AccredibleAPIConfig.objects.get())
    first = require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    require(group, *in_course(THIRD, PASSES), blend="C")
    penalise(group, *in_course(DEMO, FAILS), takes=[first])
    told: list[str] = []

    def hear(signal: object, **_kwargs: object) -> None:
        told.append(signal.event_type)  # type: ignore[attr-defined]

    BADGE_AWARDED.connect(hear)
    BADGE_REVOKED.connect(hear)

    for number in range(ROUNDS):
        status = partial(course_status, f"learner-{number}")
        again = uuid4()
        passes = partial(status, DEMO, at=minutes(0))
        fails = partial(status, DEMO, is_passing=False, at=minutes(1))
        reached = Event()
        if scenario == "failed since, with an account":
            make_user(f"learner-{number}")
        if scenario not in ["nobody knew", *FAILED_SINCE]:
            # With progress there already, nothing but its lock keeps the events in line.
            status(THIRD, at=minutes(-1))
        run(
            {
                "two letters": [partial(status, DEMO), partial(status, OTHER)],
                "nobody knew": [partial(status, course) for course in (DEMO, OTHER, THIRD)],
                "ten times": [
                    partial(status, course, event_id=again) for course in (DEMO, OTHER) for _again in range(5)
                ],
                "award and penalty": [
                    partial(status, DEMO, at=minutes(1)),
                    partial(status, OTHER, at=minutes(1)),
                    partial(status, DEMO, is_passing=False, at=minutes(0)),
                ],
                "failed since": [passes, fails],
                "failed since, with an account": [passes, fails],
                "failed meanwhile": [partial(slowly, passes, reached), partial(after, reached, fails)],
            }[scenario],
        )
        if scenario in FAILED_SINCE:
            # A badge that is given now is lost with the next event, for good.
            status(OTHER)
            status(THIRD)
            fails()
            status(DEMO, at=minutes(2))
    print(
        json.dumps(
            {
                "badges": AccredibleBadge.objects.filter(status="awarded").count(),
                "learners": AccredibleBadge.objects.values("user__username").distinct().count(),
                "complete": sum(progress.completed for progress in BadgeProgress.objects.with_letters()),
                "progress": BadgeProgress.objects.count(),
                "told": len(told),
                "failed": FailedEvent.objects.count(),
            }
        )
    )


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1])
