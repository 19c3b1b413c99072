"""What is wrong with rules, requirements and groups."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible.events.words import path_words
from credentials_accredible.rules.configuration import RequirementEntry
from credentials_accredible.rules.validation import (
    clean_value,
    group_problems,
    requirement_problems,
    rule_problem,
)
from tests.badges.rules import (
    CCX,
    CCX_PASSING,
    COURSE_CREATED,
    DEMO,
    EVERYTHING,
    IN_USE,
    OTHER,
    PASSING,
    DataRule,
    entry,
    problems_of,
)

pytestmark = pytest.mark.usefixtures("everything")


# --- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "operator", "value", "kept"),
    [
        ("boolean", "eq", " true ", "true"),
        ("boolean", "ne", "No", "No"),
        ("boolean", "eq", "+", "+"),
        ("integer", "ge", "83", "83"),
        ("integer", "in", " 1 , 2,3.0 ", "1,2,3.0"),
        ("number", "lt", "0.83", "0.83"),
        ("datetime", "ge", "2030-01-31", "2030-01-31"),
        ("datetime", "lt", "2030-01-31T12:00:00+02:00", "2030-01-31T12:00:00+02:00"),
        ("date", "eq", "2030-01-31", "2030-01-31"),
        ("course_key", "eq", f" {DEMO}", DEMO),
        ("course_key", "eq", CCX, CCX),
        ("course_key", "eq", "edX/DemoX/Demo", "edX/DemoX/Demo"),
        ("course_key", "in", f"{DEMO}, {OTHER}", f"{DEMO},{OTHER}"),
        ("course_key", "contains", "+DemoX+", "+DemoX+"),
        ("ccx_key", "ne", CCX, CCX),
        ("usage_key", "eq", "block-v1:a+b+c+type@problem+block@d", "block-v1:a+b+c+type@problem+block@d"),
        ("key", "eq", "lib:edX:example", "lib:edX:example"),
        ("text", "eq", "anything, even commas", "anything, even commas"),
        ("text", "ge", "0.83", "0.83"),
        ("text", "lt", "2030-01-31", "2030-01-31"),
        ("text", "contains", "a,b", "a,b"),
        ("list", "contains", "a", "a"),
    ],
)
def test_values_that_make_sense_are_kept(kind: str, operator: str, value: str, kept: str) -> None:
    assert clean_value(kind, operator, value) == kept


@pytest.mark.parametrize(
    ("kind", "operator", "value", "because"),
    [
        ("boolean", "eq", "maybe", "neither true nor false.*true, yes, "),
        ("boolean", "eq", "1", "neither true nor false"),
        ("boolean", "gt", "true", "is greater than.*does not work.*Choose one of: is, is not"),
        ("boolean", "in", "true,false", "does not work"),
        ("boolean", "contains", "true", "does not work"),
        ("integer", "eq", "many", "“many” is not a number"),
        ("number", "ge", "NaN", "is not a number"),
        ("number", "in", "1,many", "“many” is not a number"),
        ("number", "in", "1,,2", "commas"),
        ("number", "in", "1,", "commas"),
        ("number", "contains", "1", "does not work"),
        ("datetime", "ge", "tomorrow", "not a date.*2030-01-31"),
        ("date", "eq", "31.01.2030", "not a date"),
        ("course_key", "eq", "DemoX", "“DemoX” is not a course key, as course-v1:"),
        ("course_key", "in", f"{DEMO},DemoX", "“DemoX” is not a course key"),
        ("course_key", "gt", DEMO, "does not work"),
        ("ccx_key", "eq", DEMO, "is not a CCX course key, as ccx-v1:"),
        ("usage_key", "eq", DEMO, "is not a usage key"),
        ("text", "gt", "high", "“high” is neither a number nor a date"),
        ("text", "in", ",", "commas"),
        ("list", "eq", "a", "does not work"),
        ("text", "eq", "  ", "Enter a value"),
        ("text", "contains", "", "Enter a value"),
        ("text", "regex", "a", "“regex” does not work"),
        ("text", "", "a", "does not work"),
    ],
)
def test_values_that_make_no_sense_are_refused_with_the_reason(
    kind: str, operator: str, value: str, because: str
) -> None:
    with pytest.raises(ValueError, match=because):
        clean_value(kind, operator, value)


# --- rules -------------------------------------------------------------------------------------------------------


def test_a_rule_that_makes_sense_has_no_problem() -> None:
    assert rule_problem(PASSING, DataRule("course.course_key", "eq", DEMO)) is None


def test_a_path_that_the_event_does_not_have_is_named() -> None:
    problem = rule_problem(PASSING, DataRule("course.ccx_course_key", "eq", CCX))
    assert problem == "Events “Course passing status” have no “course.ccx_course_key”."


def test_a_value_that_makes_no_sense_is_named_with_its_path() -> None:
    problem = rule_problem(PASSING, DataRule("is_passing", "eq", "maybe"))
    assert problem is not None
    assert problem.startswith("passing: “maybe” is neither true nor false.")


def test_an_ignored_path_must_not_be_used() -> None:
    rule = DataRule("user.pii.email", "contains", "@example.com")
    problem = rule_problem(PASSING, rule)
    assert problem is not None
    assert "CREDENTIALS_ACCREDIBLE['IGNORED_KEYPATHS']" in problem
    assert rule_problem(PASSING, rule, ignored=()) is None


# --- requirements ------------------------------------------------------------------------------------------------


def test_a_requirement_that_can_be_fulfilled_has_no_problem() -> None:
    assert problems_of(("is_passing", "eq", "true"), ("course.course_key", "ne", DEMO)) == []


def test_an_ignored_path_does_not_make_a_requirement_impossible() -> None:
    assert problems_of(("user.pii.email", "contains", "@example.com")) == []


def test_no_rule_is_never_unless_any_event_counts() -> None:
    (problem,) = problems_of()
    assert "no data rule" in problem
    assert requirement_problems(entry(PASSING, any_event=True), IN_USE) == []


def test_where_any_event_counts_rules_have_no_say() -> None:
    rules = [DataRule("nowhere", "eq", "a")]
    assert requirement_problems(entry(PASSING, rules=rules, any_event=True), IN_USE) == []


@pytest.mark.parametrize("any_event", [True, False])
def test_an_event_type_must_be_known_in_use_and_about_a_learner(any_event: bool) -> None:
    def problem(event_type: str, in_use: list[str]) -> str:
        rules = [DataRule("user.id", "ne", "1")] if event_type == PASSING else []
        rules = [DataRule("course.display_name", "eq", "a")] if event_type == COURSE_CREATED else rules
        requirement = entry(event_type, rules=rules, any_event=any_event)
        return " ".join(requirement_problems(requirement, in_use))

    assert problem("org.example.gone.v1", ["org.example.gone.v1"]) == "There is no event type org.example.gone.v1 here."
    assert "CREDENTIALS_ACCREDIBLE['EVENTS']" in problem(PASSING, [CCX_PASSING])
    assert "do not say which learner" in problem(COURSE_CREATED, [COURSE_CREATED])


def test_every_rule_that_makes_no_sense_is_named() -> None:
    problems = problems_of(("nowhere", "eq", "a"), ("is_passing", "eq", "maybe"), ("course.course_key", "eq", DEMO))
    assert len(problems) == 2
    assert "nowhere" in problems[0]
    assert problems[1].startswith("passing: ")


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("course_key", [("eq", DEMO), ("eq", OTHER)]),
        ("course_key", [("eq", DEMO), ("ne", DEMO)]),
        ("course_key", [("eq", DEMO), ("in", f"{OTHER},{CCX}")]),
        ("course_key", [("in", f"{DEMO},{OTHER}"), ("ne", DEMO), ("ne", OTHER)]),
        ("course_key", [("eq", DEMO), ("contains", "OTHER")]),
        ("boolean", [("eq", "true"), ("eq", "no")]),
        ("boolean", [("eq", "true"), ("ne", "Yes")]),
        ("boolean", [("ne", "true"), ("ne", "-")]),
        ("number", [("eq", "5"), ("gt", "5")]),
        ("number", [("gt", "5"), ("lt", "5")]),
        ("number", [("ge", "5"), ("lt", "5.0")]),
        ("number", [("le", "4"), ("ne", "7"), ("ge", "5")]),
        ("integer", [("in", "1,2"), ("gt", "2")]),
        ("text", [("gt", "10"), ("lt", "9")]),
        ("text", [("gt", "10"), ("lt", "2030-01-01")]),
        ("text", [("eq", "a"), ("gt", "10")]),
        ("datetime", [("gt", "2030-01-01T12:00:00Z"), ("lt", "2030-01-01T12:00:00+02:00")]),
        ("date", [("eq", "2030-01-01"), ("ne", "2030-01-01")]),
    ],
)
def test_rules_that_exclude_each_other_are_named(path: str, rules: list[tuple[str, str]]) -> None:
    (problem,) = problems_of(*((path, *rule) for rule in rules), event_type=EVERYTHING)
    assert f"“{path_words(path)}”" in problem
    assert all(f"“{value}”" in problem for _operator, value in rules)


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("course_key", [("ne", DEMO), ("ne", OTHER)]),
        ("course_key", [("in", f"{DEMO},{OTHER}"), ("ne", DEMO)]),
        ("course_key", [("eq", DEMO), ("eq", DEMO), ("contains", "+DemoX+")]),
        ("boolean", [("eq", "true"), ("ne", "false"), ("eq", "+")]),
        ("number", [("eq", "5"), ("eq", "5.0"), ("ge", "5")]),
        ("number", [("ge", "5"), ("le", "5")]),
        ("number", [("ge", "5"), ("gt", "7"), ("lt", "8")]),
        ("text", [("gt", "9"), ("lt", "10")]),
        ("datetime", [("ge", "2030-01-01T12:00:00Z"), ("le", "2030-01-01T14:00:00+02:00")]),
        ("list", [("contains", "a"), ("contains", "b")]),
    ],
)
def test_rules_that_can_all_hold_are_left_alone(path: str, rules: list[tuple[str, str]]) -> None:
    assert problems_of(*((path, *rule) for rule in rules), event_type=EVERYTHING) == []


def test_rules_about_different_paths_do_not_exclude_each_other() -> None:
    rules = [("course.master_course_key", "eq", DEMO), ("course.ccx_course_key", "ne", CCX)]
    assert problems_of(*rules, event_type=CCX_PASSING) == []


# --- groups ------------------------------------------------------------------------------------------------------


def test_a_group_without_requirements_cannot_be_activated() -> None:
    assert group_problems([], IN_USE) == ["The group has no requirement."]


def test_a_group_whose_requirements_can_be_fulfilled_can_be_activated() -> None:
    rules = [DataRule("is_passing", "eq", "true")]
    assert group_problems([entry(PASSING, rules), entry(CCX_PASSING, any_event=True)], IN_USE) == []


def test_an_impossible_alternative_stands_in_the_way_too() -> None:
    good = entry(PASSING, [DataRule("is_passing", "eq", "true")], blend="A")
    described = entry(PASSING, [DataRule("nowhere", "eq", "1")], description="Finish the demo", blend="A")
    (problem,) = group_problems([good, described], IN_USE)
    assert problem == "Requirement “Finish the demo”: Events “Course passing status” have no “nowhere”."


def test_a_requirement_without_description_is_named_by_event_type_and_letter() -> None:
    problems = group_problems([entry(PASSING, blend="B"), entry(PASSING)], IN_USE)
    assert problems[0].startswith("Requirement “Course passing status (B)”: ")
    assert problems[1].startswith("Requirement “Course passing status”: ")


def test_every_problem_of_every_requirement_is_told() -> None:
    rules: list[Any] = [DataRule("nowhere", "eq", "1"), DataRule("is_passing", "eq", "maybe")]
    assert len(group_problems([entry(PASSING, rules), entry(PASSING)], IN_USE)) == 3


def test_sentences_name_event_types_in_the_words_of_the_pages() -> None:
    login = "org.openedx.learning.auth.session.login.completed.v1"
    rule = DataRule("nowhere", "eq", "a")

    unused = requirement_problems(RequirementEntry(event_type=PASSING, any_event=True), ())
    elsewhere = rule_problem(login, rule)

    assert unused == [
        f"Events “Course passing status” are not in use: {PASSING} is missing in CREDENTIALS_ACCREDIBLE['EVENTS']."
    ]
    assert elsewhere == "Events “Login” have no “nowhere”."
