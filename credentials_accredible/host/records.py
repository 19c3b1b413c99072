"""What the service knows of courses that learners have passed, and of their course certificates.

Both come from the LMS, and only for course runs and learners that it tells the service of.

- A grade is a passing one where it has a letter. The LMS gives letters by the cut-offs of the course, and none below
  the lowest. The percentage alone says nothing, because the service does not know the cut-offs.
- A certificate counts while it is awarded. The LMS sends that once the learner can download it. What the service
  calls the type of a certificate is that of the first learner of the course run, so that the mode is not known.

When it happened: of a grade, the time that the LMS gives, else when the service has first heard of it; of a
certificate, when the service has first heard of it. Both are never later than it was, so that no penalty is outdone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from credentials_accredible.host import LEARNER_TEXT
from credentials_accredible.host.tables import installed_model

_AWARDED = "awarded"
_RUN = ("key", "title_override", "course__title", "start_date", "end_date")


@dataclass(frozen=True)
class CourseRecord:
    """That a learner has passed a course run, or has its certificate.

    ``key`` names the record. ``user`` is the primary key of the learner. ``title``, ``start`` and ``end`` are the
    service's own of the course run; empty and None where it does not know them.
    """

    key: str
    certificate: bool
    user: int
    time: datetime
    course_key: str
    title: str = ""
    start: datetime | None = None
    end: datetime | None = None


def has_course_records() -> bool:
    """Whether the service keeps such records at all."""
    return installed_model("records", "UserGrade") is not None or _certificates() is not None


def learners_with_course_records() -> QuerySet[Any]:
    """The users of whom there are any, with what is kept of their names beside the service's table."""
    of_learner = {"username": OuterRef(get_user_model().USERNAME_FIELD)}
    found = Q(pk__in=())
    for rows in (_grades(), _awarded()):
        if rows is not None:
            found |= Q(Exists(rows.filter(**of_learner)))
    return get_user_model()._default_manager.filter(found).select_related(LEARNER_TEXT)


def count_without_account() -> int:
    """How many records are of user names that nobody has here."""
    accounts = get_user_model()._default_manager.filter(
        **{get_user_model().USERNAME_FIELD: OuterRef("username")},
    )
    return sum(rows.filter(~Exists(accounts)).count() for rows in (_grades(), _awarded()) if rows is not None)


def course_records(users: Sequence[Any]) -> Iterator[CourseRecord]:
    """All such records of ``users``, in some order: two or three queries."""
    # The database may find a user name in another letter case.
    by_name = {user.get_username().casefold(): user.pk for user in users}
    by_name |= {user.get_username(): user.pk for user in users}
    names = [user.get_username() for user in users]
    for rows, read in ((_grades(), _read_grades), (_awarded(), _read_certificates)):
        if rows is None:
            continue
        for name, record in read(rows.filter(username__in=names)):
            user = by_name.get(name, by_name.get(name.casefold()))
            if user is not None:
                yield CourseRecord(user=user, **record)


def _grades() -> QuerySet[Any] | None:
    model = installed_model("records", "UserGrade")
    return None if model is None else model._default_manager.exclude(letter_grade="")


def _awarded() -> QuerySet[Any] | None:
    models = _certificates()
    if models is None:
        return None
    credentials, certificates = models
    of_courses = ContentType.objects.get_for_model(certificates)
    return credentials._default_manager.filter(credential_content_type=of_courses.pk, status=_AWARDED)  # type: ignore[no-any-return]


def _read_grades(rows: QuerySet[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    fields = {field.name for field in rows.model._meta.get_fields()}
    time = (
        Coalesce("lms_last_updated_at", "created", output_field=DateTimeField())
        if "lms_last_updated_at" in fields
        else F("created")
    )
    runs = [f"course_run__{name}" for name in _RUN]
    for pk, name, at, *run in rows.annotate(at=time).values_list("pk", "username", "at", *runs):
        yield name, {"key": f"grade {pk}", "certificate": False, "time": at, **_run(*run)}


def _read_certificates(rows: QuerySet[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    found = list(rows.values_list("username", "uuid", "created", "credential_id"))
    runs = _runs_of_certificates({certificate for *_rest, certificate in found})
    for name, uuid, at, certificate in found:
        if run := runs.get(certificate):
            yield name, {"key": f"certificate {uuid}", "certificate": True, "time": at, **run}


def _runs_of_certificates(keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    models = _certificates()
    if models is None:
        return {}
    columns = ["course_id", *(f"course_run__{name}" for name in _RUN)]
    rows = models[1]._default_manager.filter(pk__in=keys).values_list("pk", *columns)
    # Certificates can be older than the service's knowledge of course runs.
    return {pk: _run(key or course_id, *rest) for pk, course_id, key, *rest in rows}


def _run(key: str, override: str | None, title: str | None, start: Any, end: Any) -> dict[str, Any]:
    return {"course_key": key, "title": override or title or "", "start": start, "end": end}


def _certificates() -> tuple[Any, Any] | None:
    models = installed_model("credentials", "UserCredential"), installed_model("credentials", "CourseCertificate")
    return None if None in models else models
