"""What is configured under a group, in words."""

from __future__ import annotations

import pytest
from django.utils.html import strip_tags

from credentials_accredible.events.words import event_type_words, path_words
from credentials_accredible.rules.configuration import GroupConfiguration, PenaltyEntry, RequirementEntry, RuleEntry
from credentials_accredible.rules.words import course_keys, group_words, rule_words
from tests.factories import CCX_PASSING, COURSE, PASSING

OTHER = "course-v1:edX+Other+1"
MASTER = "course-v1:edX+DemoX+Demo_Course"
RUN = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
TITLES = {COURSE: "Demo", OTHER: "Other"}


def rule(path: str, value: str, operator: str = "eq") -> RuleEntry:
    return RuleEntry(data_path=path, operator=operator, value=value)


PASSED = rule("is_passing", "true")
FAILED = rule("is_passing", "No")


def asks(
    *rules: RuleEntry, event_type: str = PASSING, blend: str = "", ref: int = 0, any_event: bool = False
) -> RequirementEntry:
    return RequirementEntry(event_type=event_type, rules=rules, blend=blend, ref=ref, any_event=any_event)


def course(key: str, blend: str = "", ref: int = 0) -> RequirementEntry:
    return asks(PASSED, rule("course.course_key", key), blend=blend, ref=ref)


def earned(*requirements: RequirementEntry) -> str:
    return strip_tags(group_words(GroupConfiguration(requirements=requirements), TITLES).earned)


def lost(penalty: PenaltyEntry, *requirements: RequirementEntry) -> str:
    configuration = GroupConfiguration(requirements=requirements, penalties=(penalty,))
    return strip_tags(group_words(configuration, TITLES).lost[0])


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (asks(any_event=True), "any event “Course passing status”"),
        (asks(), "nothing yet (“Course passing status” without a data rule)"),
        (asks(PASSED), "passing any course"),
        (asks(FAILED), "not passing any course"),
        (asks(rule("is_passing", "no", "ne")), "passing any course"),
        (course(COURSE), "passing Demo"),
        (course("course-v1:a+b+c"), "passing course-v1:a+b+c"),
        (asks(PASSED, rule("course.course_key", f"{COURSE},{OTHER}", "in")), "passing Demo or Other"),
        (asks(PASSED, rule("course.course_key", COURSE, "ne")), "passing any course except Demo"),
        (
            asks(PASSED, rule("course.course_key", COURSE, "ne"), rule("course.course_key", OTHER, "ne")),
            "passing any course except Demo and Other",
        ),
        (
            asks(PASSED, rule("course.display_name", "Phys", "contains")),
            "passing any course where name of the course contains “Phys”",
        ),
        (asks(PASSED, event_type=CCX_PASSING), "passing any CCX course"),
        (asks(PASSED, rule("course.ccx_course_key", RUN), event_type=CCX_PASSING), f"passing the CCX course {RUN}"),
        (
            asks(PASSED, rule("course.master_course_key", MASTER), event_type=CCX_PASSING),
            "passing any CCX course of Demo",
        ),
        (
            asks(
                PASSED,
                rule("course.master_course_key", MASTER),
                rule("course.ccx_course_key", RUN, "ne"),
                event_type=CCX_PASSING,
            ),
            f"passing any CCX course of Demo except {RUN}",
        ),
        (
            asks(rule("course.course_key", OTHER), rule("mode", "verified"), event_type=CERTIFICATE),
            "a certificate of Other where mode is “verified”",
        ),
        (
            asks(rule("course.course_key", OTHER)),
            "an event “Course passing status” where course is Other",
        ),
        (
            asks(rule("x_y.z", "1", "ge"), event_type="com.example.thing.done.v2"),
            "an event “Com example thing done (2)” where x y: z is at least “1”",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_requirement_in_words(requirement: RequirementEntry, words: str) -> None:
    assert earned(requirement) == f"Earned by {words}."


def test_a_group_that_asks_for_nothing_says_so() -> None:
    assert earned() == "Nobody can earn it yet: it has no requirement."


def test_the_same_letter_is_or_and_other_letters_and_none_are_and() -> None:
    assert earned(course(COURSE, "A"), course(OTHER, "A")) == "Earned by passing Demo or passing Other."
    assert earned(course(COURSE, "A"), course(OTHER, "B")) == "Earned by passing Demo, and passing Other."
    assert earned(course(COURSE), course(OTHER)) == "Earned by passing Demo, and passing Other."
    assert earned(course(COURSE, "B"), asks(PASSED), course(OTHER, "B")) == (
        "Earned by passing Demo or passing Other, and passing any course."
    )


def test_a_penalty_of_all_requirements_takes_the_badge_back() -> None:
    penalty = PenaltyEntry(event_type=PASSING, rules=(FAILED, rule("course.course_key", COURSE)), requirements=(1,))

    assert lost(penalty, course(COURSE, ref=1)) == "Taken back when the learner does not pass Demo any more."


def test_a_penalty_of_some_requirements_says_which() -> None:
    penalty = PenaltyEntry(event_type=PASSING, rules=(FAILED,), requirements=(2,))

    assert lost(penalty, course(COURSE, ref=1), course(OTHER, ref=2)) == (
        "When the learner does not pass any course any more, this does not count any more: passing Other."
    )


def test_a_penalty_without_effect_says_so() -> None:
    nothing = PenaltyEntry(event_type=PASSING, rules=(FAILED,))
    never = PenaltyEntry(event_type=PASSING, requirements=(1,))

    assert lost(nothing, course(COURSE, ref=1)).startswith("Nothing is taken back when")
    assert "nothing happens yet" in lost(never, course(COURSE, ref=1))


def test_what_others_have_written_is_escaped_and_isolated() -> None:
    hostile = "<script>alert(1)</script>"
    configuration = GroupConfiguration(
        requirements=(course(COURSE), asks(PASSED, rule("course.display_name", hostile), event_type=f"x.{hostile}.v1"))
    )

    words = group_words(configuration, {COURSE: hostile}).earned

    assert "<script" not in words
    assert f'<bdi title="{COURSE}">&lt;script&gt;' in words
    assert "<bdi>“&lt;script&gt;" in words


def test_the_courses_that_rules_name_are_found_in_lists_and_penalties() -> None:
    configuration = GroupConfiguration(
        requirements=(asks(PASSED, rule("course.course_key", f"{COURSE}, {OTHER}", "in")),),
        penalties=(PenaltyEntry(event_type=CCX_PASSING, rules=(rule("course.ccx_course_key", RUN),)),),
    )

    assert course_keys(configuration) == {COURSE, OTHER, RUN}


def test_a_rule_in_words() -> None:
    assert strip_tags(rule_words(rule("course.course_key", f"{COURSE},x", "in"), TITLES)) == "course is Demo or x"


@pytest.mark.parametrize(
    ("event_type", "words"),
    [
        (PASSING, "Course passing status"),
        (CCX_PASSING, "CCX course passing status"),
        ("org.openedx.learning.forum.thread.created.v1", "Forum thread created"),
        ("org.openedx.learning.forum.thread.created.v2", "Forum thread created (2)"),
        ("v1", "V1"),
        ("", ""),
    ],
)
def test_event_types_in_words(event_type: str, words: str) -> None:
    assert event_type_words(event_type) == words


@pytest.mark.parametrize(("path", "words"), [("course.start", "start of the course"), ("a_b.c", "a b: c"), ("", "")])
def test_paths_in_words(path: str, words: str) -> None:
    assert path_words(path) == words
