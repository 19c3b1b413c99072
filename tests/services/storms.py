"""Sends many events, from several threads, and prints what came of them as JSON.

``python -m tests.services.storms outage`` prints ``sending`` first; ``... removals`` has staff remove the groups.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import count
from threading import Event, Thread
from typing import Any

import django

EVENTS = 100
GROUPS = 24


def outage() -> dict[str, Any]:
    """Sends events, one every fiftieth of a second."""
    from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeProgress, FailedEvent
    from tests.badges.configuring import PASSES, active_group, in_course, require
    from tests.badges.sending import DEMO, course_status

    require(active_group(config=AccredibleAPIConfig.objects.get()), *in_course(DEMO, PASSES))
    print("sending", flush=True)
    for number in range(EVENTS):
        course_status(f"learner-{number}")
        time.sleep(0.02)
    return {
        "badges": AccredibleBadge.objects.count(),
        "learners": BadgeProgress.objects.count(),
        "failed": FailedEvent.objects.count(),
    }


def removals() -> dict[str, Any]:
    """Removes groups in several steps, while threads send events that all of them want."""
    from django.db import connection

    from credentials_accredible import api
    from credentials_accredible.models import (
        AccredibleAPIConfig,
        AccredibleBadge,
        AccredibleGroup,
        BadgeProgress,
        FailedEvent,
        Fulfillment,
        GroupSnapshot,
    )
    from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
    from tests.badges.sending import DEMO, OTHER, course_status

    config = AccredibleAPIConfig.objects.get()
    groups = [active_group(f"Group {number}", config=config) for number in range(GROUPS)]
    for number, group in enumerate(groups):
        first = require(group, *in_course(DEMO, PASSES), blend="A")
        require(group, *in_course(OTHER, PASSES), blend="B")
        if number % 2:
            penalise(group, *in_course(DEMO, FAILS), takes=[first])
    over, numbers = Event(), count()

    def send() -> None:
        while not over.is_set():
            number = next(numbers)
            course_status(f"learner-{number % 7}", (DEMO, OTHER)[number % 2], is_passing=number % 5 > 0)
        connection.close()

    threads = [Thread(target=send) for _thread in range(4)]
    for thread in threads:
        thread.start()
    errors = []
    step = GROUPS // 4
    time.sleep(1)
    for begin in (2 * step, 0, 3 * step, step):
        try:
            api.remove_groups(groups[begin : begin + step])
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        time.sleep(0.3)
    over.set()
    for thread in threads:
        thread.join()
    return {
        "errors": errors,
        "groups": AccredibleGroup.objects.count(),
        "snapshots": GroupSnapshot.objects.count(),
        "left": BadgeProgress.objects.count() + Fulfillment.objects.count(),
        "failed": [failed.error for failed in FailedEvent.objects.all()],
        "doubles": AccredibleBadge.objects.count()
        - AccredibleBadge.objects.values("user", "accredible_group_id").distinct().count(),
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"outage": outage, "removals": removals}[sys.argv[1]]()))
