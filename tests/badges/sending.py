"""Events of the LMS, sent as the event bus's consumer sends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zlib import crc32

from ccx_keys.locator import CCXLocator
from opaque_keys.edx.keys import CourseKey
from openedx_events.data import EventsMetadata
from openedx_events.learning.data import (
    CcxCourseData,
    CcxCoursePassingStatusData,
    CourseData,
    CoursePassingStatusData,
    UserData,
    UserPersonalData,
)
from openedx_events.learning.signals import CCX_COURSE_PASSING_STATUS_UPDATED, COURSE_PASSING_STATUS_UPDATED
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible.models import AccredibleBadge, BadgeProgress

DEMO = "course-v1:edX+DemoX+Demo_Course"
OTHER = "course-v1:edX+DemoX+Other_Course"
THIRD = "course-v1:edX+DemoX+Third_Course"
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def learner(username: str = "ada", **values: Any) -> UserData:
    """What an event says of a learner."""
    pii = UserPersonalData(
        username=username,
        email=values.pop("email", f"{username}@example.com"),
        name=values.pop("name", username.title()),
    )
    # An id of their own, the same in each event.
    number = 1 + crc32(username.encode("utf-8", "surrogatepass")) // 2
    return UserData(**{"id": number, "is_active": True, "pii": pii, **values})


def send(
    signal: OpenEdxPublicSignal, *, at: datetime | None = None, event_id: UUID | None = None, **payload: Any
) -> None:
    """Send an event that happened at that time; noon where none is given."""
    signal.send_event_with_custom_metadata(metadata_of(signal, at, event_id), **payload)


def metadata_of(
    signal: OpenEdxPublicSignal, at: datetime | None = None, event_id: UUID | None = None
) -> EventsMetadata:
    """What goes with an event of that time, noon where none is given."""
    return EventsMetadata(event_type=signal.event_type, id=event_id or uuid4(), time=at or NOON)


def course_status(user: str | UserData = "ada", course: str = DEMO, *, is_passing: bool = True, **when: Any) -> None:
    """The learner passes the course, or no longer does."""
    send(COURSE_PASSING_STATUS_UPDATED, course_passing_status=passing_status(user, course, is_passing), **when)


def passing_status(user: str | UserData, course: str = DEMO, is_passing: bool = True) -> CoursePassingStatusData:
    """What an event says of it."""
    return CoursePassingStatusData(
        is_passing=is_passing,
        course=CourseData(course_key=CourseKey.from_string(course), display_name="A course"),
        user=user if isinstance(user, UserData) else learner(user),
    )


def ccx_status(user: str = "ada", ccx: str = "", master: str = DEMO, *, is_passing: bool = True, **when: Any) -> None:
    """The same in a CCX course."""
    data = CcxCoursePassingStatusData(
        is_passing=is_passing,
        course=CcxCourseData(
            ccx_course_key=CCXLocator.from_string(ccx), master_course_key=CourseKey.from_string(master)
        ),
        user=learner(user),
    )
    send(CCX_COURSE_PASSING_STATUS_UPDATED, course_passing_status=data, **when)


def badges_of(username: str = "ada") -> list[tuple[str, str]]:
    """The badges of a learner: name of the group and status, in the order they were earned."""
    found = AccredibleBadge.objects.filter(user__username=username).order_by("pk")
    return list(found.values_list("group_name", "status"))


def progress_of(username: str = "ada") -> BadgeProgress:
    """The learner's only progress."""
    return BadgeProgress.objects.get(user__username=username)
