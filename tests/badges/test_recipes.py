"""Recipes make what the examples of the documentation are."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import pytest
from django.utils.html import strip_tags

from credentials_accredible.rules.configuration import RequirementEntry
from credentials_accredible.rules.recipes import RECIPES, follow_recipe, offered_recipes
from credentials_accredible.rules.validation import group_problems
from credentials_accredible.rules.words import group_words
from tests.factories import CCX_PASSING, COURSE, PASSING

OTHER = "course-v1:edX+Other+1"
CCX = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"
IN_USE = [PASSING, CCX_PASSING]

# By recipe: the courses that are picked, those that do not count, and what comes of it.
EXAMPLES: dict[str, tuple[list[str], list[str], str]] = {
    "course": ([COURSE], [], f"passing {COURSE}"),
    "all": ([COURSE, OTHER], [], f"passing {COURSE}, and passing {OTHER}"),
    "one": ([COURSE, OTHER], [], f"passing {COURSE} or passing {OTHER}"),
    "any": ([], [], "passing any course"),
    "any_but": ([COURSE, OTHER], [], f"passing any course except {COURSE} and {OTHER}"),
    "ccx_of": ([COURSE], [], f"passing any CCX course of {COURSE}"),
    "ccx_of_but": ([COURSE], [CCX], f"passing any CCX course of {COURSE} except {CCX}"),
    "course_or_ccx": ([COURSE], [], f"passing {COURSE} or passing any CCX course of {COURSE}"),
    "ccx": ([CCX], [], f"passing the CCX course {CCX}"),
    "any_ccx": ([], [], "passing any CCX course"),
    "update": ([], [], "any event “Course passing status”"),
}


def test_every_recipe_is_tried() -> None:
    assert [recipe.key for recipe in RECIPES] == list(EXAMPLES)


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_recipe_makes_what_it_says_and_learners_can_earn_it(key: str) -> None:
    courses, excluded, words = EXAMPLES[key]

    made = follow_recipe(key, courses, excluded=excluded)

    assert strip_tags(group_words(made, {}).earned) == f"Earned by {words}."
    assert group_problems(made.requirements, IN_USE) == []
    assert made.penalties == ()


def test_what_can_be_lost_has_a_penalty_for_each_requirement() -> None:
    made = follow_recipe("one", [COURSE, OTHER], can_be_lost=True)

    assert [item.requirements for item in made.penalties] == [(item.ref,) for item in made.requirements]
    assert [strip_tags(words) for words in group_words(made, {}).penalties] == [
        f"the learner does not pass {course} any more" for course in (COURSE, OTHER)
    ]


def test_who_fails_one_of_all_courses_does_not_lose_a_badge_for_any_course() -> None:
    assert follow_recipe("any", [], can_be_lost=True).penalties == ()


def test_alternatives_have_a_letter_of_their_own() -> None:
    def letters(in_use: str) -> set[str]:
        made = follow_recipe("one", [COURSE, OTHER], letters_in_use=in_use)
        return {item.blend for item in made.requirements}

    assert letters("") == {"A"}
    assert letters("AC") == {"B"}
    with pytest.raises(ValueError, match="All letters are in use"):
        letters(ascii_uppercase)


@pytest.mark.parametrize(
    ("key", "courses", "excluded", "reason"),
    [
        ("course", [], [], "Pick one course"),
        ("course", [COURSE, OTHER], [], "Pick one course"),
        ("all", [COURSE], [], "Pick two courses"),
        ("one", [COURSE, COURSE], [], "Pick two courses"),
        ("any_but", [], [], "Pick a course"),
        ("any", [COURSE], [], "no particular course"),
        ("ccx_of_but", [COURSE], [], "Name the CCX courses"),
        ("course", ["Physics"], [], "“Physics” is not a course key"),
        ("ccx", [COURSE], [], "is not a CCX course key"),
        ("ccx_of_but", [COURSE], [COURSE], "is not a CCX course key"),
    ],
)
def test_what_does_not_fit_the_recipe_is_refused_with_the_reason(
    key: str, courses: list[str], excluded: list[str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        follow_recipe(key, courses, excluded=excluded)


def test_a_recipe_is_offered_where_its_events_are_in_use() -> None:
    def keys(*event_types: str) -> set[Any]:
        return {recipe.key for recipe in offered_recipes(event_types)}

    assert keys() == set()
    assert "course" in keys(PASSING)
    assert keys(CCX_PASSING) == {"ccx_of", "ccx_of_but", "ccx", "any_ccx"}
    assert keys(*IN_USE) == set(EXAMPLES)


def test_requirements_of_recipes_have_no_description_and_are_called_by_their_words() -> None:
    (made,) = follow_recipe("course", [f" {COURSE} "]).requirements

    assert isinstance(made, RequirementEntry)
    assert (made.description, made.rules[1].value) == ("", COURSE)
