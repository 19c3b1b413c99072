"""The side of the LMS: sends events into the event bus, as its producer does; one command a line, one answer a line.

``pass 100 150`` and ``fail 100 150`` are about the learners 100 to 149.
"""

from __future__ import annotations

import sys

import django
from django.conf import settings
from openedx_events.event_bus import get_producer
from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED

TOPIC = "learning-badges-lifecycle"


def main() -> None:
    """Obey, until there is no line any more."""
    from tests.badges.sending import metadata_of, minutes, passing_status

    assert settings.EVENT_BUS_PRODUCER
    print("ready", flush=True)
    for line in sys.stdin:
        command, first, end = line.split()
        for number in range(int(first), int(end)):
            is_passing = command == "pass"
            get_producer().send(
                signal=COURSE_PASSING_STATUS_UPDATED,
                topic=TOPIC,
                event_key_field="course_passing_status.course.course_key",
                event_data={"course_passing_status": passing_status(f"learner-{number}", is_passing=is_passing)},
                event_metadata=metadata_of(COURSE_PASSING_STATUS_UPDATED, minutes(0 if is_passing else 1)),
            )
        print("sent", flush=True)


if __name__ == "__main__":
    django.setup()
    main()
