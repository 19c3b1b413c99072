"""A file that an earlier release exported is imported whole, and today's release writes the same one.

The files in ``data`` are named after the release.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials_accredible import api
from tests.factories import CCX_PASSING, COURSE, PASSING
from tests.portability.files import carry, target
from tests.snapshots.picture import picture_of

FILES = sorted(path for path in (Path(__file__).parent / "data").iterdir() if path.suffix in {".json", ".yaml"})

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)]


def test_it_is_imported(path: Path) -> None:
    config = target(77)

    [plan] = carry(path.read_text()).plans

    assert plan.counts == {"created": 8, "updated": 0, "removed": 0, "unchanged": 0}
    group = config.groups.get()
    assert group.is_active
    picture = picture_of(group)
    other = "course-v1:edX+DemoX+Other_Course"
    students = "course.max_students_allowed"
    assert picture["requirements"] == [
        (CCX_PASSING, "", "A", True, []),
        (PASSING, "Pass one of two courses", "A", False, [
            ("course.course_key", "in", f"{COURSE},{other}"), ("is_passing", "eq", "true"),
        ]),
        (CCX_PASSING, "", "B", False, [
            (students, "ge", "0.80"), (students, "gt", "1"), (students, "le", "1e2"),
            (students, "lt", "500"), ("is_passing", "ne", "no"),
        ]),
        (PASSING, "First line\nand a second: “quoted”\n", "", False, [
            ("course.display_name", "contains", "A course"), ("course.start", "ge", "2020-01-31"),
            ("is_passing", "eq", "true"),
        ]),
    ]  # fmt: skip
    assert picture["penalties"] == [
        (PASSING, "", [("is_passing", "eq", "false")], [1, 3]),
        (PASSING, "- no longer: #1", [("course.course_key", "eq", other), ("is_passing", "ne", "true")], [3]),
    ]
    assert picture["attributes"] == [("Campus", "constant", "Zürich: Süd"), ("Course", "path", "course.display_name")]


def test_exported_again_it_is_the_same_file(path: Path) -> None:
    text = path.read_text()
    config = target(77)
    config.groups.update(name="Vector Calculus: Übung “1” ∑")
    carry(text)

    assert api.export_groups([config], path.suffix[1:]) == text
    assert not any(carry(text).plans)
