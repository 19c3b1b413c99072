"""What data rules mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from ccx_keys.locator import CCXLocator
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import (
    CcxCourseData,
    CcxCoursePassingStatusData,
    CourseData,
    CoursePassingStatusData,
    UserData,
    UserPersonalData,
)

from credentials_accredible.choices import Operator
from credentials_accredible.events.event import flatten
from credentials_accredible.events.values import FALSE_WORDS, TRUE_WORDS, fact
from credentials_accredible.rules.matching import Reason, all_hold, explain, holds

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
DEMO = "course-v1:edX+DemoX+Demo_Course"
OTHER = "course-v1:edX+DemoX+OTHER_Course"
CCX_1 = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"
CCX_2 = "ccx-v1:edX+DemoX+Demo_Course+ccx@2"


@dataclass(frozen=True)
class DataRule:
    data_path: str
    operator: str
    value: str


def says(found: object, operator: str, value: str) -> bool:
    """Whether a rule holds for an event that says ``found``."""
    return holds(DataRule("there", operator, value), {"there": found})


def learner() -> UserData:
    return UserData(id=1, is_active=True, pii=UserPersonalData(username="ada", email="ada@example.com", name="Ada"))


def course(key: str, *, is_passing: bool = True) -> dict[str, Any]:
    """The facts of a learner's status in a course."""
    data = CoursePassingStatusData(
        is_passing=is_passing, course=CourseData(course_key=CourseKey.from_string(key)), user=learner()
    )
    return flatten(PASSING, {"course_passing_status": data})


def ccx(key: str, master: str = DEMO, *, is_passing: bool = True) -> dict[str, Any]:
    """The facts of a learner's status in a CCX course."""
    keys = {"ccx_course_key": CCXLocator.from_string(key), "master_course_key": CourseKey.from_string(master)}
    data = CcxCoursePassingStatusData(is_passing=is_passing, course=CcxCourseData(**keys), user=learner())
    return flatten(CCX_PASSING, {"course_passing_status": data})


# --- the examples of the documentation of Open edX badges --------------------------------------------------------

PASSED = DataRule("is_passing", "eq", "true")


def test_any_course() -> None:
    assert all_hold([PASSED], course(DEMO))
    assert not all_hold([PASSED], course(DEMO, is_passing=False))


def test_any_course_except_one() -> None:
    rules = [PASSED, DataRule("course.course_key", "ne", DEMO)]
    assert all_hold(rules, course(OTHER))
    assert not all_hold(rules, course(DEMO))
    assert not all_hold(rules, course(OTHER, is_passing=False))


def test_one_specific_course() -> None:
    rules = [PASSED, DataRule("course.course_key", "eq", DEMO)]
    assert all_hold(rules, course(DEMO))
    assert not all_hold(rules, course(OTHER))


def test_any_ccx_course() -> None:
    assert all_hold([PASSED], ccx(CCX_1))
    assert not all_hold([PASSED], ccx(CCX_1, is_passing=False))


def test_one_specific_ccx_course() -> None:
    rules = [PASSED, DataRule("course.ccx_course_key", "eq", CCX_1)]
    assert all_hold(rules, ccx(CCX_1))
    assert not all_hold(rules, ccx(CCX_2))


def test_any_ccx_course_of_a_master_course_except_one() -> None:
    of_master = [PASSED, DataRule("course.master_course_key", "eq", DEMO)]
    rules = [*of_master, DataRule("course.ccx_course_key", "ne", CCX_2)]
    assert all_hold(of_master, ccx(CCX_2))
    assert all_hold(rules, ccx(CCX_1))
    assert not all_hold(rules, ccx(CCX_2))
    assert not all_hold(rules, ccx(CCX_1, master=OTHER))


# --- operators ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "operator", "value", "expected"),
    [
        (True, "eq", "true", True),
        (True, "eq", "YES", True),
        (True, "eq", "+", True),
        (True, "eq", "1", False),
        (True, "eq", "maybe", False),
        (False, "eq", "-", True),
        (False, "eq", "No", True),
        (False, "eq", "", False),
        (False, "ne", "true", True),
        (True, "in", "no, yes", True),
        (True, "gt", "false", False),
        (True, "ge", "true", False),
        (True, "contains", "rue", False),
        (83, "eq", "83", True),
        (83, "eq", "83.0", True),
        (83, "eq", " +8.3e1 ", True),
        (83.0, "eq", "83", True),
        (0.83, "eq", "0.83", True),
        (0.1 + 0.2, "eq", "0.3", False),
        (10**400, "eq", "1" + "0" * 200, False),
        (10**400, "gt", "1", True),
        (9, "lt", "10", True),
        (0.83, "ge", "0.83", True),
        (0.83, "gt", "0.83", False),
        (Decimal("0.83"), "le", "0.83", True),
        (-1, "gt", "-2", True),
        (83, "gt", "a lot", False),
        (83, "contains", "8", False),
        (83, "in", "1, 83.0", True),
        (math.inf, "gt", "1e9999", True),
        (math.nan, "eq", "NaN", False),
        (math.nan, "ge", "0", False),
        (math.nan, "le", "0", False),
        ("audit", "eq", "audit", True),
        ("audit", "eq", "Audit", False),
        ("audit", "eq", "audit ", False),
        ("audit", "in", "verified ,audit", True),
        ("audit", "contains", "udi", True),
        ("audit", "contains", "UDI", False),
        ("audit", "gt", "a", False),
        ("83", "eq", "83.0", False),
        ("83", "gt", "9", True),
        ("0.83", "ge", ".83", True),
        ("2030-02-01", "gt", "2030-01-31T23:59:59Z", True),
        ("2030-02-01", "gt", "5", False),
        ("true", "eq", "yes", False),
        ("yes", "eq", "yes", True),
        (datetime(2030, 1, 1, tzinfo=UTC), "eq", "2030-01-01", True),
        (datetime(2030, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), "eq", "2030-01-01T10:00:00Z", True),
        (datetime(2030, 1, 1, 12), "lt", "2030-01-01T11:30:00-01:00", True),
        (datetime(2030, 1, 1), "ge", "2029", False),
        (datetime(2030, 1, 1), "contains", "2030", False),
        (date(2030, 1, 1), "le", "2030-01-01", True),
        (date(2030, 1, 1), "eq", "2030-01-01T12:00:00Z", False),
        (CourseKey.from_string(DEMO), "eq", DEMO, True),
        (CourseKey.from_string(DEMO), "eq", DEMO.lower(), False),
        (CourseKey.from_string(DEMO), "contains", "+DemoX+", True),
        (CourseKey.from_string(DEMO), "in", f"{OTHER},{DEMO}", True),
        (["a", "b"], "contains", "a", True),
        (["ab"], "contains", "a", False),
        ([1, 2], "contains", "2.0", True),
        ([], "contains", "a", False),
        (["a"], "eq", "a", False),
        (None, "eq", "", False),
        (None, "eq", "None", False),
        (None, "ne", "a", True),
        (None, "in", ",", False),
        (None, "contains", "", False),
        (None, "lt", "5", False),
        ({"a": 1}, "eq", "{'a': 1}", False),
        ("audit", "regex", "audit", False),
        ("audit", "", "audit", False),
    ],
)
def test_what_holds(found: object, operator: str, value: str, expected: bool) -> None:
    assert says(found, operator, value) is expected


@pytest.mark.parametrize("word", [*TRUE_WORDS, "True", "Yes", "TRUE"])
def test_documented_words_for_true(word: str) -> None:
    assert says(True, "eq", word)
    assert not says(False, "eq", word)


@pytest.mark.parametrize("word", [*FALSE_WORDS, "False", "No", "FALSE"])
def test_documented_words_for_false(word: str) -> None:
    assert says(False, "eq", word)
    assert not says(True, "eq", word)


@pytest.mark.parametrize("operator", Operator.values)
def test_nothing_holds_for_a_path_that_the_event_does_not_have(operator: str) -> None:
    assert not holds(DataRule("course.colour", operator, DEMO), course(DEMO))


def test_what_the_event_leaves_open_is_not_equal_to_anything() -> None:
    facts = course(DEMO)
    assert facts["course.end"] is None
    assert holds(DataRule("course.end", "ne", "2030-01-01"), facts)
    assert not holds(DataRule("course.end", "eq", "2030-01-01"), facts)


def test_no_rule_holds_for_no_event() -> None:
    assert not all_hold([], course(DEMO))
    assert not all_hold(iter(()), course(DEMO))


def test_explaining_says_what_was_found_and_why() -> None:
    rules = [
        PASSED,
        DataRule("course.course_key", "eq", OTHER),
        DataRule("course.end", "ne", "2030-01-01"),
        DataRule("colour", "ne", "red"),
    ]
    results = explain(rules, course(DEMO))
    assert [result.rule for result in results] == rules
    assert [(result.found, result.holds, result.reason) for result in results] == [
        (True, True, Reason.COMPARED),
        (DEMO, False, Reason.COMPARED),
        (None, True, Reason.NOTHING_SAID),
        (None, False, Reason.NO_SUCH_PATH),
    ]


# --- whatever the values -----------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=10),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.dates(),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.from_type(object),
)
TEXTS = st.one_of(
    st.text(max_size=10),
    st.sampled_from([*TRUE_WORDS, *FALSE_WORDS, "", ",", "NaN", "1e9999", "2030-01-01", DEMO]),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
)


@given(VALUES, TEXTS)
def test_equal_and_not_equal_are_opposites(found: object, text: str) -> None:
    assert says(found, "eq", text) is not says(found, "ne", text)


@given(VALUES, st.lists(TEXTS.map(str.strip).filter(lambda text: "," not in text), min_size=1))
def test_one_of_several_is_equal_to_any_of_them(found: object, texts: list[str]) -> None:
    assert says(found, "in", " , ".join(texts)) is any(says(found, "eq", text) for text in texts)


@given(st.integers() | st.decimals(allow_nan=False) | st.floats(allow_nan=False), st.integers() | st.decimals("-9", 9))
def test_numbers_are_in_exactly_one_order(found: Any, wanted: Any) -> None:
    results = [says(found, operator, str(wanted)) for operator in ("lt", "eq", "gt")]
    assert sum(results) == 1
    assert says(found, "le", str(wanted)) is (results[0] or results[1])
    assert says(found, "ge", str(wanted)) is (results[2] or results[1])


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_times_are_compared_as_instants(found: datetime, wanted: datetime) -> None:
    try:
        found.astimezone(UTC), wanted.astimezone(UTC)
    except OverflowError:
        return
    left, right = found.astimezone(UTC), wanted.astimezone(UTC)
    assert says(found, "eq", wanted.isoformat()) is (left == right)
    assert says(found, "lt", wanted.isoformat()) is (left < right)
    assert says(found, "ge", wanted.isoformat()) is (left >= right)


@given(VALUES, st.sampled_from([*Operator.values, "regex", ""]), TEXTS)
def test_a_value_and_the_fact_it_becomes_are_judged_alike(found: object, operator: str, text: str) -> None:
    assert says(found, operator, text) is says(fact(found), operator, text)


class Hostile(str):
    """Raises whatever one asks it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __contains__(self, other: object) -> bool:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("operator", [*Operator.values, "regex"])
def test_a_hostile_value_does_not_raise(operator: str) -> None:
    itself: list[Any] = ["a"]
    itself.append(itself)
    for found in (Hostile("a"), itself, Decimal("sNaN"), 10**5000, "9" * 100_000, object(), type):
        assert says(found, operator, "a") in (True, False)
