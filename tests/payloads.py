"""Event types of openedx-events, and payloads of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData, UserData, UserPersonalData
from openedx_events.tooling import OpenEdxPublicSignal, load_all_signals

from credentials_accredible.events import catalogue
from credentials_accredible.events.values import Kind

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
REGISTERED = "org.openedx.learning.student.registration.completed.v1"
EXAM = "org.openedx.learning.exam.attempt.submitted.v1"
COURSE_CREATED = "org.openedx.content_authoring.course.created.v1"
DISCUSSIONS = "org.openedx.learning.discussions.configuration.changed.v1"

DEMO = "course-v1:edX+DemoX+Demo_Course"
CCX = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"

load_all_signals()
EVERY_TYPE = sorted(signal.event_type for signal in OpenEdxPublicSignal.all_events())


def learner(name: str = "ada") -> UserData:
    return UserData(id=7, is_active=True, pii=UserPersonalData(username=name, email=f"{name}@example.com", name="Ada"))


def passing(**changes: Any) -> CoursePassingStatusData:
    course = CourseData(course_key=CourseKey.from_string(DEMO), display_name="Demo", start=datetime(2030, 1, 1))
    return CoursePassingStatusData(**{"is_passing": True, "course": course, "user": learner(), **changes})


def kinds(event_type: str, *ignored: str) -> dict[str, Kind]:
    return {keypath.path: keypath.kind for keypath in catalogue.keypaths(event_type, ignored)}
