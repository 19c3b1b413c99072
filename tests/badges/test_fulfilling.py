"""Events to try a group with: what they say, so that its rules hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible.choices import Operator
from credentials_accredible.events.values import Kind, fact
from credentials_accredible.rules.configuration import (
    AttributeEntry,
    GroupConfiguration,
    PenaltyEntry,
    RequirementEntry,
    RuleEntry,
)
from credentials_accredible.rules.fulfilling import TriedEvent, as_said, events_of, fulfilling_text
from credentials_accredible.rules.matching import holds
from credentials_accredible.rules.validation import clean_value
from tests.factories import COURSE, PASSING

OTHER = "course-v1:edX+Other+1"


def rules(*pairs: tuple[str, str]) -> list[RuleEntry]:
    """Rules about one path: operators and values."""
    return [RuleEntry(data_path="here", operator=operator, value=value) for operator, value in pairs]


def asked(*more: tuple[str, str, str], passing: str = "true") -> tuple[RuleEntry, ...]:
    pairs = [("is_passing", "eq", passing), *more]
    return tuple(RuleEntry(data_path=path, operator=operator, value=value) for path, operator, value in pairs)


def all_hold(kind: Kind, written: list[RuleEntry]) -> bool:
    said = fact(as_said(fulfilling_text(kind, written), kind), kind)
    return all(holds(rule, {"here": said}) for rule in written)


@pytest.mark.parametrize(
    ("kind", "pairs"),
    [
        (Kind.BOOLEAN, [("eq", "yes")]),
        (Kind.BOOLEAN, [("ne", "true")]),
        (Kind.COURSE_KEY, [("eq", COURSE)]),
        (Kind.COURSE_KEY, [("in", f"{COURSE},{OTHER}"), ("ne", COURSE)]),
        (Kind.COURSE_KEY, [("ne", COURSE)]),
        (Kind.COURSE_KEY, [("ne", COURSE), ("ne", "course-v1:edX+Another+Course")]),
        (Kind.COURSE_KEY, [("contains", "Physics")]),
        (Kind.COURSE_KEY, [("contains", "MITx+6.001")]),
        (Kind.CCX_KEY, [("contains", "DemoX")]),
        (Kind.CCX_KEY, [("ne", "ccx-v1:edX+DemoX+Demo_Course+ccx@1")]),
        (Kind.TEXT, [("contains", "one"), ("contains", "two")]),
        (Kind.TEXT, [("ne", "example")]),
        (Kind.LIST, [("contains", "one"), ("contains", "two")]),
        (Kind.NUMBER, [("gt", "0.8"), ("lt", "0.9")]),
        (Kind.INTEGER, [("gt", "3"), ("ne", "4"), ("lt", "6")]),
        (Kind.DATETIME, [("gt", "2030-01-31T12:00:00Z")]),
        (Kind.DATETIME, [("ge", "2030-01-31"), ("lt", "2030-02-01")]),
        (Kind.DATE, [("lt", "0001-01-02")]),
        (Kind.TEXT, [("ge", "0.5")]),
    ],
    ids=str,
)
def test_a_value_is_found_for_which_all_rules_hold(kind: Kind, pairs: list[tuple[str, str]]) -> None:
    written = rules(*pairs)
    assert all_hold(kind, written)
    if kind != Kind.LIST and len(pairs) < 3 and pairs[0][1] != COURSE:
        clean_value(kind, Operator.EQUAL, fulfilling_text(kind, written))


@pytest.mark.parametrize("pairs", [[("eq", "1"), ("eq", "2")], [("gt", "9999-12-31T23:59:59Z")], [("regex", "x")]])
def test_where_there_is_none_what_is_asked_for_is_shown(pairs: list[tuple[str, str]]) -> None:
    written = rules(*pairs)
    assert fulfilling_text(Kind.DATETIME, written) == written[0].value


VALUES = st.text() | st.from_regex(r"\A-?\d{1,40}\Z")


@given(
    kind=st.sampled_from(list(Kind)),
    pairs=st.lists(st.tuples(st.sampled_from([*Operator.values, "x"]), VALUES), min_size=1, max_size=4),
)
def test_no_rules_however_odd_raise(kind: Kind, pairs: Any) -> None:
    assert isinstance(fulfilling_text(kind, rules(*pairs)), str)


@given(low=st.integers(-(10**9), 10**9), width=st.integers(1, 10**6))
def test_between_two_numbers_there_is_one(low: int, width: int) -> None:
    assert all_hold(Kind.NUMBER, rules(("gt", f"{low}"), ("lt", f"{low + width}")))


def test_each_requirement_and_penalty_has_an_event_that_says_what_the_group_looks_at() -> None:
    configuration = GroupConfiguration(
        requirements=(
            RequirementEntry(ref=1, event_type=PASSING, rules=asked(("course.course_key", "eq", COURSE))),
            RequirementEntry(ref=2, event_type=PASSING, rules=asked()),
            RequirementEntry(ref=3, event_type=PASSING, rules=asked()),
        ),
        penalties=(PenaltyEntry(event_type=PASSING, requirements=(1,), rules=asked(passing="no")),),
        custom_attributes=(AttributeEntry(name="Title", value="course.display_name"),),
    )

    assert events_of(configuration) == [
        TriedEvent(PASSING, {"is_passing": "true", "course.course_key": COURSE, "course.display_name": "example"}),
        TriedEvent(PASSING, {"is_passing": "true", "course.course_key": "", "course.display_name": "example"}),
        TriedEvent(PASSING, {"is_passing": "false", "course.course_key": "", "course.display_name": "example"}),
    ]
