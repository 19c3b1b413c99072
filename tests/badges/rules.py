"""Rules outside of the database, and an event type with a path of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import attr
from ccx_keys.locator import CCXLocator
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_events.learning.data import UserData

from credentials_accredible.rules.configuration import RequirementEntry
from credentials_accredible.rules.validation import requirement_problems

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
COURSE_CREATED = "org.openedx.content_authoring.course.created.v1"
EVERYTHING = "org.example.everything.v1"
IN_USE = [PASSING, CCX_PASSING, CERTIFICATE, EVERYTHING]

DEMO = "course-v1:edX+DemoX+Demo_Course"
OTHER = "course-v1:edX+DemoX+OTHER_Course"
CCX = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"


@dataclass(frozen=True)
class DataRule:
    data_path: str
    operator: str
    value: str


@attr.s(frozen=True)
class Everything:
    """A payload with a path of every kind, each called as its kind."""

    user = attr.ib(type=UserData)
    boolean = attr.ib(type=bool)
    integer = attr.ib(type=int)
    number = attr.ib(type=float)
    text = attr.ib(type=str)
    datetime = attr.ib(type=datetime)
    date = attr.ib(type=date)
    course_key = attr.ib(type=CourseKey)
    ccx_key = attr.ib(type=CCXLocator)
    usage_key = attr.ib(type=UsageKey)
    key = attr.ib(type=LibraryLocatorV2)
    list = attr.ib(type=list[str])


def entry(event_type: str, rules: Any = (), **values: Any) -> RequirementEntry:
    return RequirementEntry(event_type=event_type, rules=rules, **values)


def problems_of(*rules: tuple[str, str, str], event_type: str = PASSING) -> list[str]:
    return requirement_problems(entry(event_type, [DataRule(*rule) for rule in rules]), IN_USE)
