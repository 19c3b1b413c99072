"""Recipes: what badges are mostly given for, made into ordinary requirements. Pure: no database.

They are the examples of the documentation of Open edX badges.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from string import ascii_uppercase
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible.choices import Operator
from credentials_accredible.events.catalogue import keypaths
from credentials_accredible.rules.configuration import GroupConfiguration, PenaltyEntry, RequirementEntry, RuleEntry
from credentials_accredible.rules.validation import clean_value
from credentials_accredible.rules.words import CCX, CCX_PASSING, COURSE, COURSE_PASSING, MASTER, PASSING


class Picks(Enum):
    """How many courses are picked for a recipe."""

    NONE = "none"
    ONE = "one"
    SOME = "some"
    SEVERAL = "several"  # two at least


@dataclass(frozen=True)
class Recipe:
    """``label`` is what staff choose.

    ``picks``: how many courses are picked; they are CCX courses where ``of_ccx``. ``excludes``: whether CCX courses are
    named, in addition, that do not count. ``can_be_lost``: whether it makes sense that who does not pass any more what
    was picked loses the badge.
    """

    key: str
    label: Any
    event_types: tuple[str, ...]
    picks: Picks = Picks.NONE
    of_ccx: bool = False
    excludes: bool = False
    can_be_lost: bool = False


_COURSES, _CCX = (COURSE_PASSING,), (CCX_PASSING,)
RECIPES = (
    Recipe("course", _("Pass a course"), _COURSES, Picks.ONE, can_be_lost=True),
    Recipe("all", _("Pass all of these courses"), _COURSES, Picks.SEVERAL, can_be_lost=True),
    Recipe("one", _("Pass one of these courses"), _COURSES, Picks.SEVERAL, can_be_lost=True),
    Recipe("any", _("Pass any course"), _COURSES),
    Recipe("any_but", _("Pass any course except these"), _COURSES, Picks.SOME),
    Recipe("ccx_of", _("Pass a CCX of this course"), _CCX, Picks.ONE),
    Recipe("ccx_of_but", _("Pass a CCX of this course, with exceptions"), _CCX, Picks.ONE, excludes=True),
    Recipe("course_or_ccx", _("Pass this course, or a CCX of it"), (COURSE_PASSING, CCX_PASSING), Picks.ONE),
    Recipe("ccx", _("Pass this CCX"), _CCX, Picks.ONE, of_ccx=True, can_be_lost=True),
    Recipe("any_ccx", _("Pass any CCX"), _CCX),
    Recipe("update", _("Get any grade in any course"), _COURSES),
)
_BY_KEY = {recipe.key: recipe for recipe in RECIPES}


def offered_recipes(event_types: Collection[str]) -> list[Recipe]:
    """The recipes that need no other types of events than these."""
    return [recipe for recipe in RECIPES if set(recipe.event_types) <= set(event_types)]


def follow_recipe(
    key: str,
    courses: Sequence[str],
    *,
    excluded: Sequence[str] = (),
    can_be_lost: bool = False,
    letters_in_use: Collection[str] = (),
) -> GroupConfiguration:
    """What that recipe makes under a group: requirements, and with ``can_be_lost`` a penalty for each.

    ``courses`` and ``excluded`` are keys, see ``Recipe``. Alternatives get a letter that is not among
    ``letters_in_use``. Raises ValueError with a sentence for staff where the keys do not fit the recipe.
    """
    recipe = _BY_KEY[key]
    courses = list(dict.fromkeys(courses))
    excluded = list(dict.fromkeys(excluded)) if recipe.excludes else []
    _check_number(recipe, courses, excluded)
    letter = "" if key not in ("one", "course_or_ccx") else _free_letter(letters_in_use)
    asked = [
        RequirementEntry(
            ref=ref,
            event_type=event_type,
            blend=letter,
            any_event=not rules,
            rules=_checked(event_type, rules),
        )
        for ref, (event_type, rules) in enumerate(_asked(recipe, courses, excluded), start=1)
    ]
    lost = [
        PenaltyEntry(
            event_type=item.event_type,
            requirements=(item.ref,),
            rules=tuple(_rule(PASSING, "false") if rule == _PASSED else rule for rule in item.rules),
        )
        for item in asked
        if can_be_lost and recipe.can_be_lost
    ]
    return GroupConfiguration(requirements=tuple(asked), penalties=tuple(lost))


def _asked(recipe: Recipe, courses: Sequence[str], excluded: Sequence[str]) -> list[tuple[str, list[RuleEntry]]]:
    """The event type and the rules of each requirement; without rules, any event will do."""
    first = courses[0] if courses else ""
    not_these = [_rule(COURSE, course, Operator.NOT_EQUAL) for course in courses]
    of_master = [_PASSED, _rule(MASTER, first), *(_rule(CCX, ccx, Operator.NOT_EQUAL) for ccx in excluded)]
    each: list[tuple[str, list[RuleEntry]]] = [(COURSE_PASSING, [_PASSED, _rule(COURSE, course)]) for course in courses]
    made: dict[str, list[tuple[str, list[RuleEntry]]]] = {
        "course": each,
        "all": each,
        "one": each,
        "any": [(COURSE_PASSING, [_PASSED])],
        "any_but": [(COURSE_PASSING, [_PASSED, *not_these])],
        "ccx_of": [(CCX_PASSING, of_master)],
        "ccx_of_but": [(CCX_PASSING, of_master)],
        "course_or_ccx": [*each, (CCX_PASSING, of_master)],
        "ccx": [(CCX_PASSING, [_PASSED, _rule(CCX, first)])],
        "any_ccx": [(CCX_PASSING, [_PASSED])],
        "update": [(COURSE_PASSING, [])],
    }
    return made[recipe.key]


def _rule(path: str, value: str, operator: Operator = Operator.EQUAL) -> RuleEntry:
    return RuleEntry(data_path=path, operator=operator.value, value=value)


_PASSED = _rule(PASSING, "true")


def _check_number(recipe: Recipe, courses: Sequence[str], excluded: Sequence[str]) -> None:
    if recipe.picks == Picks.ONE and len(courses) != 1:
        raise ValueError(gettext("Pick one course."))
    if recipe.picks == Picks.SOME and not courses:
        raise ValueError(gettext("Pick a course."))
    if recipe.picks == Picks.SEVERAL and len(courses) < 2:
        raise ValueError(gettext("Pick two courses or more."))
    if recipe.picks == Picks.NONE and courses:
        raise ValueError(gettext("This recipe is about no particular course: remove those that are picked."))
    if recipe.excludes and not excluded:
        raise ValueError(gettext("Name the CCX courses that do not count."))


def _checked(event_type: str, rules: Sequence[RuleEntry]) -> tuple[RuleEntry, ...]:
    kinds = {keypath.path: keypath.kind for keypath in keypaths(event_type, ())}
    values = (clean_value(kinds[rule.data_path], rule.operator, rule.value) for rule in rules)
    return tuple(rule.model_copy(update={"value": value}) for rule, value in zip(rules, values, strict=True))


def _free_letter(in_use: Collection[str]) -> str:
    free = next((letter for letter in ascii_uppercase if letter not in in_use), "")
    if not free:
        raise ValueError(gettext("All letters are in use: there is none left for new alternatives."))
    return free
