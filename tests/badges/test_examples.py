"""Every configuration example of the documentation of Open edX badges."""

from __future__ import annotations

import pytest

from credentials_accredible.models import AccredibleGroup
from tests.badges.configuring import PASSES, active_group, require
from tests.badges.sending import DEMO, OTHER, THIRD, badges_of, ccx_status, course_status
from tests.factories import CCX_PASSING

pytestmark = pytest.mark.django_db

CCX = "ccx-v1:edX+DemoX+Demo_Course+ccx@{}"
OTHER_CCX = "ccx-v1:edX+DemoX+Other_Course+ccx@1"


@pytest.fixture
def group() -> AccredibleGroup:
    return active_group()


def test_any_course_grade_update(group: AccredibleGroup) -> None:
    require(group, any_event=True)
    ccx_status("ada", CCX.format(1))
    assert badges_of("ada") == []
    course_status("ada", OTHER, is_passing=False)
    assert badges_of("ada") == [("Badge", "awarded")]


def test_any_course_completion(group: AccredibleGroup) -> None:
    require(group, PASSES)
    course_status("ada", DEMO, is_passing=False)
    ccx_status("ada", CCX.format(1))
    assert badges_of("ada") == []
    course_status("ada", OTHER)
    assert badges_of("ada") == [("Badge", "awarded")]


def test_any_course_completion_except_a_specific_course(group: AccredibleGroup) -> None:
    require(group, PASSES, ("course.course_key", "ne", DEMO))
    course_status("ada", DEMO)
    course_status("ada", OTHER, is_passing=False)
    assert badges_of("ada") == []
    course_status("ada", OTHER)
    assert badges_of("ada") == [("Badge", "awarded")]


def test_specific_course_completion(group: AccredibleGroup) -> None:
    require(group, PASSES, ("course.course_key", "eq", DEMO))
    course_status("ada", OTHER)
    course_status("ada", DEMO, is_passing=False)
    assert badges_of("ada") == []
    course_status("ada", DEMO)
    assert badges_of("ada") == [("Badge", "awarded")]


def test_multiple_specific_courses_completion(group: AccredibleGroup) -> None:
    require(group, PASSES, ("course.course_key", "eq", DEMO), blend="A")
    require(group, PASSES, ("course.course_key", "eq", OTHER), blend="B")
    course_status("ada", DEMO)
    assert badges_of("ada") == []
    course_status("ada", OTHER)
    assert badges_of("ada") == [("Badge", "awarded")]


@pytest.mark.parametrize("course", [DEMO, OTHER])
def test_one_of_multiple_specific_courses_completion(group: AccredibleGroup, course: str) -> None:
    require(group, PASSES, ("course.course_key", "eq", DEMO), blend="A")
    require(group, PASSES, ("course.course_key", "eq", OTHER), blend="A")
    course_status("ada", THIRD)
    assert badges_of("ada") == []
    course_status("ada", course)
    assert badges_of("ada") == [("Badge", "awarded")]


def test_any_ccx_course_completion(group: AccredibleGroup) -> None:
    require(group, PASSES, event_type=CCX_PASSING)
    course_status("ada", DEMO)
    ccx_status("ada", CCX.format(1), is_passing=False)
    assert badges_of("ada") == []
    ccx_status("ada", OTHER_CCX, OTHER)
    assert badges_of("ada") == [("Badge", "awarded")]


def test_specific_ccx_course_completion(group: AccredibleGroup) -> None:
    require(group, PASSES, ("course.ccx_course_key", "eq", CCX.format(1)), event_type=CCX_PASSING)
    ccx_status("ada", CCX.format(2))
    assert badges_of("ada") == []
    ccx_status("ada", CCX.format(1))
    assert badges_of("ada") == [("Badge", "awarded")]


def test_any_ccx_course_completion_on_a_specific_master_course(group: AccredibleGroup) -> None:
    require(group, PASSES, ("course.master_course_key", "eq", DEMO), event_type=CCX_PASSING)
    ccx_status("ada", OTHER_CCX, OTHER)
    assert badges_of("ada") == []
    ccx_status("ada", CCX.format(7))
    assert badges_of("ada") == [("Badge", "awarded")]


def test_any_ccx_course_completion_on_a_specific_master_course_except_a_specific_ccx_course(
    group: AccredibleGroup,
) -> None:
    require(
        group,
        PASSES,
        ("course.master_course_key", "eq", DEMO),
        ("course.ccx_course_key", "ne", CCX.format(2)),
        event_type=CCX_PASSING,
    )
    ccx_status("ada", CCX.format(2))
    ccx_status("ada", OTHER_CCX, OTHER)
    assert badges_of("ada") == []
    ccx_status("ada", CCX.format(1))
    assert badges_of("ada") == [("Badge", "awarded")]


def test_specific_master_course_or_any_of_its_ccx_courses_except_a_specific_ccx_course(group: AccredibleGroup) -> None:
    require(group, PASSES, ("course.course_key", "eq", DEMO), blend="A")
    require(
        group,
        PASSES,
        ("course.master_course_key", "eq", DEMO),
        ("course.ccx_course_key", "ne", CCX.format(3)),
        event_type=CCX_PASSING,
        blend="A",
    )
    course_status("ada", OTHER)
    ccx_status("ada", CCX.format(3))
    assert badges_of("ada") == []
    course_status("ada", DEMO)
    ccx_status("grace", CCX.format(1))
    assert badges_of("ada") == badges_of("grace") == [("Badge", "awarded")]
