"""The events that records of the service stand for: with what the service knows, and None for the rest."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from openedx_events.learning.signals import CERTIFICATE_CREATED, COURSE_PASSING_STATUS_UPDATED

from credentials_accredible import host
from credentials_accredible.events.event import Event, Identity, flatten
from credentials_accredible.host.records import CourseRecord

PASSED = COURSE_PASSING_STATUS_UPDATED.event_type
CERTIFIED = CERTIFICATE_CREATED.event_type

# What a certificate has that can be downloaded, in the LMS.
_DOWNLOADABLE = "downloadable"


def identity_of(user: Any) -> Identity:
    """The learner of such an event, who has an account."""
    # Neither name nor address: the service knows those itself, and nothing newer is said here.
    number = getattr(user, "lms_user_id", None)
    return Identity(username=user.get_username(), lms_user_id=number, is_active=user.is_active)


def event_of(record: CourseRecord, user: Any) -> Event:
    """The event that a record stands for; what the service does not know is None in its facts."""
    course = {
        "course_key": record.course_key,
        "display_name": record.title or None,
        "start": record.start,
        "end": record.end,
    }
    pii = {
        "username": user.get_username(),
        "email": host.email_address(user) or None,
        "name": host.full_name(user) or None,
    }
    learner = {"id": getattr(user, "lms_user_id", None), "is_active": user.is_active, "pii": pii}
    if record.certificate:
        event_type = CERTIFIED
        payload: dict[str, Any] = {"certificate": {"user": learner, "course": course, "current_status": _DOWNLOADABLE}}
    else:
        event_type = PASSED
        payload = {"course_passing_status": {"user": learner, "course": course, "is_passing": True}}
    return Event(
        type=event_type,
        id=record.key,
        time=min(record.time, timezone.now()),
        facts=flatten(event_type, payload),
        learner=identity_of(user),
    )
