"""Learners who pass a course one after the other, and how much of it counted; a script for tests of removals."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from uuid import uuid4

import django


def main(prefix: str, number: int) -> None:
    """Process an event for each of ``number`` learners; print how many requirements were fulfilled by them."""
    django.setup()

    from opaque_keys.edx.keys import CourseKey
    from openedx_events.data import EventsMetadata
    from openedx_events.learning.data import CourseData, CoursePassingStatusData

    from credentials_accredible.badges.processing import process
    from credentials_accredible.events.event import Event
    from tests.badges.sending import learner
    from tests.factories import COURSE, PASSING

    fulfilled = 0
    course = CourseData(course_key=CourseKey.from_string(COURSE), display_name="A course")
    print("begun", flush=True)
    for n in range(number):
        data = CoursePassingStatusData(is_passing=True, course=course, user=learner(f"{prefix}-{n}"))
        metadata = EventsMetadata(event_type=PASSING, id=uuid4(), time=datetime.now(tz=UTC))
        fulfilled += process(Event.of(PASSING, {"course_passing_status": data}, metadata))
    print(fulfilled)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
