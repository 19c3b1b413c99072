"""The courses that the service knows: its catalogue, which it gets from course discovery."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Q

from credentials_accredible.host import may_hold_less
from credentials_accredible.host.tables import holds, installed_model, lookups_that_hold

# Rows that are read at a time, for databases that take so many parameters.
_BATCH = 500
_SEARCHED = ("key", "title_override", "course__title")


class Course(NamedTuple):
    """A course run: its key, and the title that the service shows; empty where it knows none."""

    key: str
    title: str


def has_catalogue() -> bool:
    """Whether the service has a catalogue at all; it can be empty."""
    return _runs() is not None


def course_titles(keys: Collection[str]) -> dict[str, str]:
    """The titles of the course runs with these keys, by key, as far as the catalogue has them."""
    model = _runs()
    if model is None:
        return {}
    field = model._meta.get_field("key")
    able = sorted(key for key in keys if not may_hold_less() or holds(field, key))
    batches = (able[start : start + _BATCH] for start in range(0, len(able), _BATCH))
    found = (course for batch in batches for course in _read(model._default_manager.filter(key__in=batch)))
    return {course.key: course.title for course in found if course.title}


def find_courses(text: str, most: int) -> list[Course]:
    """At most ``most`` course runs that have each word of ``text`` in their title or key, by title."""
    model = _runs()
    if model is None:
        return []
    rows = model._default_manager.order_by("course__title", "key")
    for word in text.split():
        lookups = lookups_that_hold(model, _SEARCHED, word) if may_hold_less() else _SEARCHED
        # ``pk__in=()``: nothing, where no column could hold the word.
        rows = rows.filter(reduce(or_, (Q(**{f"{path}__icontains": word}) for path in lookups), Q(pk__in=())))
    return list(_read(rows[:most]))


def _read(rows: Any) -> Iterator[Course]:
    for key, override, title in rows.values_list("key", "title_override", "course__title"):
        yield Course(key, override or title or "")


def _runs() -> Any:
    return installed_model("catalog", "CourseRun")
