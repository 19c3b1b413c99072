"""What people call the event types, and the places in their data."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

_EVENT_TYPES = {
    "org.openedx.learning.auth.session.login.completed.v1": _("Login"),
    "org.openedx.learning.ccx.course.passing.status.updated.v1": _("CCX course passing status"),
    "org.openedx.learning.certificate.changed.v1": _("Course certificate changed"),
    "org.openedx.learning.certificate.created.v1": _("Course certificate"),
    "org.openedx.learning.certificate.revoked.v1": _("Course certificate revoked"),
    "org.openedx.learning.course.enrollment.changed.v1": _("Course enrolment changed"),
    "org.openedx.learning.course.enrollment.created.v1": _("Course enrolment"),
    "org.openedx.learning.course.passing.status.updated.v1": _("Course passing status"),
    "org.openedx.learning.course.persistent_grade_summary.changed.v1": _("Course grade"),
    "org.openedx.learning.course.unenrollment.completed.v1": _("Course unenrolment"),
    "org.openedx.learning.exam.attempt.submitted.v1": _("Exam submitted"),
    "org.openedx.learning.exam.attempt.verified.v1": _("Exam verified"),
    "org.openedx.learning.program.certificate.awarded.v1": _("Programme certificate"),
    "org.openedx.learning.program.certificate.revoked.v1": _("Programme certificate revoked"),
    "org.openedx.learning.student.registration.completed.v1": _("Registration"),
}
# What the types of Open edX have in common, and what all but the first version of a type end with.
_TYPE = re.compile(r"(?:org\.openedx\.)?(?:learning\.)?(?P<name>.+?)(?:\.v(?P<version>\d+))?")

_PATHS = {
    "course.ccx_course_key": _("CCX course"),
    "course.coach_email": _("e-mail address of the coach"),
    "course.course_key": pgettext_lazy("what an event says", "course"),
    "course.display_name": _("name of the course"),
    "course.end": _("end of the course"),
    "course.master_course_key": _("master course"),
    "course.max_students_allowed": _("most learners of the course"),
    "course.start": _("start of the course"),
    "current_status": _("status"),
    "download_url": _("address of the download"),
    "grade": _("grade"),
    "is_active": pgettext_lazy("what an event says", "active"),
    "is_passing": _("passing"),
    "mode": _("mode"),
    "name": pgettext_lazy("what an event says", "name"),
    "previous_status": _("status before"),
    "user.id": _("LMS id of the learner"),
    "user.is_active": _("active learner"),
    "user.pii.email": _("e-mail address of the learner"),
    "user.pii.name": _("name of the learner"),
    "user.pii.username": _("user name of the learner"),
}


def event_type_words(event_type: str) -> str:
    """What people call that event type: "Course passing status"; of an unknown one, the words that it consists of."""
    if event_type in _EVENT_TYPES:
        return str(_EVENT_TYPES[event_type])
    found = _TYPE.fullmatch(event_type)
    if not found:
        return event_type
    words = found["name"].replace(".", " ").replace("_", " ").replace("-", " ").strip() or event_type
    version = "" if found["version"] in (None, "1") else f" ({found['version']})"
    return words[:1].upper() + words[1:] + version


def path_words(path: str) -> str:
    """What people call what stands at that path: "name of the course"; of an unknown one, its words."""
    known = _PATHS.get(path)
    return str(known) if known else path.replace(".", ": ").replace("_", " ") or path
