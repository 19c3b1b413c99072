"""What the service keeps of courses that learners have passed, in the stand-in for its tables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site

from demo.service.catalog.models import Course, CourseRun
from demo.service.credentials.models import CourseCertificate, UserCredential
from demo.service.records.models import UserGrade
from tests.badges.sending import DEMO, NOON


def course_run(key: str = DEMO) -> CourseRun:
    """The course run of that key."""
    run = CourseRun.objects.filter(key=key).first()
    return run or CourseRun.objects.create(key=key, course=Course.objects.create(title="A course"))


def make_grade(
    username: str = "ada", course: str = DEMO, *, letter: str = "Pass", at: datetime | None = NOON, **values: Any
) -> UserGrade:
    """A grade that the LMS has last changed at that time; without a ``letter``, not a passing one."""
    return UserGrade.objects.create(
        username=username,
        course_run=course_run(course),
        letter_grade=letter,
        percent_grade=Decimal("0.8"),
        lms_last_updated_at=at,
        **values,
    )


def make_certificate(
    username: str = "ada", course: str = DEMO, *, at: datetime = NOON, status: str = "awarded"
) -> UserCredential:
    """A course certificate that the service has first heard of at that time."""
    certificate, _created = CourseCertificate.objects.get_or_create(
        course_run=course_run(course),
        defaults={"course_id": course, "site": Site.objects.get_current(), "certificate_type": "verified"},
    )
    of_courses = ContentType.objects.get_for_model(CourseCertificate)
    made = UserCredential.objects.create(
        username=username, credential_content_type=of_courses, credential_id=certificate.pk, status=status
    )
    UserCredential.objects.filter(pk=made.pk).update(created=at)
    return made
