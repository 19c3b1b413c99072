"""The second half of the story: a group is configured, a learner earns its badge, and loses it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from django.core.management import call_command
from opaque_keys.edx.keys import CourseKey
from openedx_events.data import EventsMetadata
from openedx_events.learning.data import CourseData, CoursePassingStatusData, UserData, UserPersonalData
from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED
from rich.console import Console

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
)
from demo.service.catalog.models import Course, CourseRun

FIRST, SECOND = "course-v1:edX+DemoX+First", "course-v1:edX+DemoX+Second"
PASSING = COURSE_PASSING_STATUS_UPDATED.event_type
LEARNER = UserData(id=42, is_active=True, pii=UserPersonalData("ada", "ada@example.com", "Ada Lovelace"))
_START = datetime.now(UTC)


def fill_catalogue() -> None:
    """Let the service know both courses, by titles that staff can pick them by."""
    for key, title in ((FIRST, "Introduction to Demonstrations"), (SECOND, "Advanced Demonstrations")):
        if not CourseRun.objects.filter(key=key).exists():
            CourseRun.objects.create(key=key, course=Course.objects.create(title=title))


def configure(group: AccredibleGroup) -> None:
    """Ask for both courses, a letter each; take the first one back when it is no longer passed.

    Credentials tell which course completed them.
    """
    for letter, course in (("A", FIRST), ("B", SECOND)):
        requirement = BadgeRequirement.objects.create(
            group=group, event_type=PASSING, blend=letter, description=f"Pass {course}"
        )
        _add_rules(requirement, course, passing="true")
    first = group.requirements.get(blend="A")
    penalty = BadgePenalty.objects.create(group=group, event_type=PASSING, description=f"No longer pass {FIRST}")
    penalty.requirements.set([first])
    _add_rules(penalty, FIRST, passing="false")
    group.custom_attributes.create(name="Last course", value="course.course_key")
    api.activate_group(group)


def tell(console: Console, group: AccredibleGroup) -> None:
    """Send three events and say what each of them brings."""
    for minute, (course, passing) in enumerate([(FIRST, True), (SECOND, True), (FIRST, False)]):
        _send(course, passing, at=_START + timedelta(minutes=minute))
        verb = "passes" if passing else "no longer passes"
        progress = BadgeProgress.objects.get(group=group, user__username="ada")
        console.print(f"ada {verb} {course}: progress {progress.ratio}, {_badge(group)}")
        _look_at_accredible(console, group)


def try_out(console: Console, group: AccredibleGroup) -> None:
    """Say what an event would do, without any consequence."""
    payload = {"is_passing": "true", "course.course_key": FIRST}
    simulation = api.simulate(group, PASSING, payload)
    for trial in simulation.requirements:
        console.print(f"{trial.subject}: {'holds' if trial.holds else 'does not hold'}")
    console.print(f"A badge from this event alone: {'yes' if simulation.awards else 'no'}")


def _look_at_accredible(console: Console, group: AccredibleGroup) -> None:
    badge = AccredibleBadge.objects.filter(group=group, user__username="ada").first()
    if badge is None:
        return
    if badge.next_attempt_at:  # a worker or the command is to send it
        console.print("manage.py accredible_deliver")
        call_command("accredible_deliver")
        badge.refresh_from_db()
    if not badge.url:
        console.print("  It has not reached Accredible yet; the badge's page in the admin says why.")
        return
    page = requests.get(badge.url, timeout=10)
    found = "has expired" if "This credential expired" in page.text else "is valid"
    console.print(f"  At Accredible: {badge.url} answers {page.status_code}, the credential {found}.")
    told = [f"{name}: {value}" for name, value in badge.custom_attributes.items() if value in page.text]
    console.print(f"  It tells: {', '.join(told)}")


def _badge(group: AccredibleGroup) -> str:
    badge = AccredibleBadge.objects.filter(group=group, user__username="ada").first()
    return f"badge {badge.get_status_display()}" if badge else "no badge yet"


def _add_rules(subject: Any, course: str, *, passing: str) -> None:
    subject.rules.create(data_path="course.course_key", operator="eq", value=course)
    subject.rules.create(data_path="is_passing", operator="eq", value=passing)


def _send(course: str, passing: bool, *, at: datetime) -> None:
    data = CoursePassingStatusData(
        is_passing=passing, course=CourseData(course_key=CourseKey.from_string(course)), user=LEARNER
    )
    metadata = EventsMetadata(event_type=PASSING, time=at)
    COURSE_PASSING_STATUS_UPDATED.send_event_with_custom_metadata(metadata, course_passing_status=data)
