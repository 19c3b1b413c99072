"""A snapshot that an earlier release wrote is restored whole, and today's release writes the same one.

The files in ``data`` are named after the release: rows of a snapshot and its parts, as ``dumpdata`` writes them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core import serializers

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    Fulfillment,
    GroupSnapshot,
)
from tests import factories
from tests.factories import CCX_PASSING, COURSE, PASSING
from tests.snapshots.picture import picture_of
from tests.snapshots.restoring import removed, restore

FILES = sorted((Path(__file__).parent / "data").glob("*.json"))

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)]


@pytest.fixture(autouse=True)
def learners() -> dict[int, Any]:
    """The learners that the snapshots know."""
    ids = {7001: 1186481077, 7002: 9002, 7003: 9003}
    return {pk: factories.make_user(pk=pk, lms_user_id=lms) for pk, lms in ids.items()}


@pytest.fixture
def config() -> AccredibleAPIConfig:
    """The configuration of the removed group."""
    config = factories.make_config("Main")
    Site.objects.create(domain="badges.example.org", name="Badges")
    AccredibleBadge.objects.create(
        uuid="ab06927d-8002-41db-b79d-ee13079e0ba8",
        user_id=7003,
        api_config=config,
        accredible_group_id=77,
        group_name="Vector Calculus",
    )
    return config


def load(path: Path, config: AccredibleAPIConfig) -> GroupSnapshot:
    """Put the rows into the database, as those of a group of ``config``."""
    rows = json.loads(path.read_text())
    rows[0]["fields"]["api_config"] = config.pk
    for row in serializers.deserialize("json", json.dumps(rows)):
        row.save()
    return GroupSnapshot.objects.get()


def test_it_is_restored(path: Path, config: AccredibleAPIConfig) -> None:
    [item] = restore(load(path, config))

    assert item.counts() == {
        "requirements": 4, "rules": 13, "penalties": 2, "attributes": 2, "learners": 2, "gone": 0, "badges": 1,
    }  # fmt: skip
    picture = picture_of(AccredibleGroup.objects.get())
    assert picture["group"]["name"] == "Vector Calculus: Übung “1” ∑"
    assert (picture["group"]["design_id"], picture["group"]["site"].domain) == (5000000001, "badges.example.org")
    other = "course-v1:edX+DemoX+Other_Course"
    students = "course.max_students_allowed"
    assert picture["requirements"] == [
        (PASSING, "Pass one of two courses", "A", False, [
            ("is_passing", "eq", "true"), ("course.course_key", "in", f"{COURSE},{other}"),
        ]),
        (CCX_PASSING, "", "A", True, []),
        (CCX_PASSING, "", "B", False, [
            ("is_passing", "ne", "no"), (students, "gt", "1"), (students, "ge", "0.80"),
            (students, "lt", "500"), (students, "le", "1e2"),
        ]),
        (PASSING, "First line\nand a second: “quoted”\n", "", False, [
            ("course.display_name", "contains", "A course"), ("course.start", "ge", "2020-01-31"),
            ("is_passing", "eq", "true"),
        ]),
    ]  # fmt: skip
    assert picture["penalties"] == [
        (PASSING, "", [("is_passing", "eq", "false")], [0, 3]),
        (PASSING, "- no longer: #1", [("is_passing", "ne", "true"), ("course.course_key", "eq", other)], [3]),
    ]
    assert picture["attributes"] == [("Course", "path", "course.display_name"), ("Campus", "constant", "Zürich: Süd")]
    ada, bob = (picture["progress"][pk] for pk in (7001, 7002))
    assert (set(ada["fulfilled"]), set(bob["fulfilled"])) == ({0}, {1, 2})
    assert bob["resets"] == {0: "2025-01-01T12:02:00+00:00"}
    assert Fulfillment.objects.get(progress__user=7001).context["facts"]["course.course_key"] == other
    assert [badge.user_id for badge in AccredibleGroup.objects.get().badges.all()] == [7003]


def test_removed_again_it_leaves_the_same_snapshot(path: Path, config: AccredibleAPIConfig) -> None:
    first = load(path, config)
    restore(first)
    # What comes back is inactive.
    AccredibleGroup.objects.update(is_active=True)

    second = removed(AccredibleGroup.objects.get())

    assert (second.version, second.learners, second.name) == (first.version, first.learners, first.name)
    assert second.data == first.data
    entries = [sorted((entry for part in item.parts.all() for entry in part.learners), key=str)
               for item in (first, second)]  # fmt: skip
    assert entries[1] == entries[0]
