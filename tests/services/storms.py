"""Sends many events, from several threads, and prints what came of them as JSON.

``python -m tests.services.storms outage`` prints ``sending`` first; ``... removals`` has staff remove the groups, and
``... deletions`` their requirements.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import count
from threading import Event, Thread
from typing import Any

import django

EVENTS = 100
GROUPS = 24
# Groups whose requirements are deleted on their own page, the others' in the list.
PAGES = 4
IDLE = 300


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
    from credentials_accredible import api
    from credentials_accredible.models import AccredibleGroup, BadgeProgress, Fulfillment, GroupSnapshot

    groups = _groups()
    step = GROUPS // 4

    def remove() -> Iterator[None]:
        for begin in (2 * step, 0, 3 * step, step):
            api.remove_groups(groups[begin : begin + step])
            yield

    return _under_events(remove) | {
        "groups": AccredibleGroup.objects.filter(is_active=True).count(),
        "snapshots": GroupSnapshot.objects.count(),
        "left": BadgeProgress.objects.count() + Fulfillment.objects.count(),
    }


def deletions() -> dict[str, Any]:
    """Deletes requirements in the admin, from a page of each group and from the list, while threads send events."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from credentials_accredible.models import AccredibleGroup, BadgeRequirement
    from tests.admin.forms import GROUPS as GROUP_PAGES
    from tests.admin.forms import REQUIREMENTS, group_form, stored, stored_rule

    groups = _groups()
    staff = Client(headers={"host": "localhost"})
    staff.force_login(get_user_model().objects.create_superuser(f"staff-{groups[0].pk}", "staff@example.com", "-"))

    def delete() -> Iterator[None]:
        for group in groups[:PAGES]:
            rows = [
                stored(each, *map(stored_rule, each.rules.order_by("pk")), blend=each.blend)
                for each in group.requirements.order_by("-pk")
            ]
            deleted = [{**row, "DELETE": "on"} for row in rows[:3]]
            form = group_form(group, *deleted, *rows[3:], is_active="on")
            _saved(staff.post(f"{GROUP_PAGES}{group.pk}/change/", form))
            yield
        for begin in range(PAGES, GROUPS, 5):
            chosen = BadgeRequirement.objects.filter(group__in=groups[begin : begin + 5], blend__gt="B")
            keys = [each.pk for each in chosen.order_by("-pk")]
            form = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
            _saved(staff.post(REQUIREMENTS, form))
            yield

    return _under_events(delete) | {
        "groups": AccredibleGroup.objects.filter(is_active=True).count(),
        "requirements": BadgeRequirement.objects.count(),
    }


def _saved(response: Any) -> None:
    from django.contrib.messages import get_messages

    *_earlier, said = [str(message) for message in get_messages(response.wsgi_request)] or [""]
    if response.status_code != HTTPStatus.FOUND or "uccessfully" not in said:
        raise RuntimeError(f"not saved: {response.status_code} {said}")


def _groups() -> list[Any]:
    from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
    from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
    from tests.badges.sending import DEMO, OTHER

    config = AccredibleAPIConfig.objects.get()
    # Of a handful of rows, a database would read all, whichever it is asked for, and lock them.
    AccredibleGroup.objects.bulk_create(
        AccredibleGroup(api_config=config, accredible_id=number, name="Idle") for number in range(1, IDLE + 1)
    )
    groups = [active_group(f"Group {number}", config=config) for number in range(GROUPS)]
    for number, group in enumerate(groups):
        first, *_others = (
            require(group, *in_course((DEMO, OTHER)[place % 2], PASSES), blend=letter)
            for place, letter in enumerate("ABCDE")
        )
        if number % 2:
            penalise(group, *in_course(DEMO, FAILS), takes=[first])
    return groups


def _under_events(staff: Callable[[], Iterator[None]]) -> dict[str, Any]:
    """What comes of the steps of ``staff`` while threads send events that all groups want."""
    from django.db import connection

    from credentials_accredible.models import AccredibleBadge, FailedEvent
    from tests.badges.sending import DEMO, OTHER, course_status, minutes

    over, numbers, errors = Event(), count(), []

    def send() -> None:
        while not over.is_set():
            number = next(numbers)
            course = (DEMO, OTHER)[number % 2]
            course_status(f"learner-{number % 7}", course, is_passing=number % 5 > 0, at=minutes(number))
        connection.close()

    threads = [Thread(target=send) for _thread in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    try:
        for _step in staff():
            time.sleep(0.2)
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}")
    over.set()
    for thread in threads:
        thread.join()
    return {
        "errors": errors,
        "failed": [failed.error for failed in FailedEvent.objects.all()],
        "doubles": AccredibleBadge.objects.count()
        - AccredibleBadge.objects.values("user", "accredible_group_id").distinct().count(),
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"outage": outage, "removals": removals, "deletions": deletions}[sys.argv[1]]()))
