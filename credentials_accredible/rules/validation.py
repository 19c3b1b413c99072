"""What is wrong with data rules, requirements and groups, in sentences for staff. Pure: no database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import permutations
from typing import Any

from ccx_keys.locator import CCXLocator
from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.conf import SETTING
from credentials_accredible.events.catalogue import carries_user, is_known_event_type, keypaths
from credentials_accredible.events.values import (
    FALSE_WORDS,
    TRUE_WORDS,
    Fact,
    Kind,
    boolean,
    example,
    instant,
    number,
    read,
)
from credentials_accredible.events.words import event_type_words, path_words
from credentials_accredible.rules.configuration import RequirementEntry, RuleEntry
from credentials_accredible.rules.matching import Rule, holds, split
from credentials_accredible.text import identifier, spelled_out, trimmed

_EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
_LOWER = (Operator.GREATER, Operator.AT_LEAST)
_UPPER = (Operator.LESS, Operator.AT_MOST)
_ORDER = (*_LOWER, *_UPPER)
_KEYS = {Kind.COURSE_KEY: CourseKey, Kind.CCX_KEY: CCXLocator, Kind.USAGE_KEY: UsageKey}
_FOR_MEASURES = (*_EQUALITY, *_ORDER, Operator.ONE_OF)
_FOR_KEYS = (*_EQUALITY, Operator.ONE_OF, Operator.CONTAINS)
_OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.BOOLEAN: _EQUALITY,
    Kind.INTEGER: _FOR_MEASURES,
    Kind.NUMBER: _FOR_MEASURES,
    Kind.DATETIME: _FOR_MEASURES,
    Kind.DATE: _FOR_MEASURES,
    # Text can hold a number or a time, as the grade of a certificate does.
    Kind.TEXT: tuple(Operator),
    Kind.COURSE_KEY: _FOR_KEYS,
    Kind.CCX_KEY: _FOR_KEYS,
    Kind.USAGE_KEY: _FOR_KEYS,
    Kind.KEY: _FOR_KEYS,
    Kind.LIST: (Operator.CONTAINS,),
}


def clean_value(kind: str, operator: str, value: str) -> str:
    """``value`` as it should be kept for a rule of that operator at a path of that kind.

    Raises ValueError with a sentence for staff where it cannot be compared like that.
    """
    kind = Kind(kind)
    if operator not in _OPERATORS[kind]:
        raise ValueError(
            _("“%(operator)s” does not work for a %(kind)s. Choose one of: %(operators)s.")
            % {
                "operator": Operator(operator).label if operator in Operator.values else operator,
                "kind": kind.label,
                "operators": ", ".join(str(possible.label) for possible in _OPERATORS[kind]),
            }
        )
    # Texts of events may have such characters, too, and are compared as they are.
    clean = trimmed if kind in (Kind.TEXT, Kind.LIST) else identifier
    text = clean(value)
    if not text:
        raise ValueError(_("Enter a value."))
    if operator == Operator.CONTAINS:
        return text
    if operator != Operator.ONE_OF:
        return _clean(kind, operator, text)
    items = [clean(item) for item in split(text)]
    if not all(items):
        raise ValueError(_("Enter a value before, between and after the commas, or remove the comma."))
    return ",".join(_clean(kind, operator, item) for item in items)


def clean_rules(event_type: str, rules: Iterable[Rule]) -> tuple[RuleEntry, ...]:
    """``rules`` of a requirement or penalty of that type with the values that ``clean_value`` gives.

    A rule that cannot be compared stays as it is.
    """
    kinds = {keypath.path: keypath.kind for keypath in keypaths(event_type, ())}

    def clean(rule: Rule) -> str:
        try:
            return clean_value(kinds[rule.data_path], rule.operator, rule.value)
        except (KeyError, ValueError):
            return rule.value

    return tuple(RuleEntry(data_path=rule.data_path, operator=str(rule.operator), value=clean(rule)) for rule in rules)


def rule_problem(event_type: str, rule: Rule, ignored: Collection[str] | None = None) -> str | None:
    """Why that rule makes no sense for events of that type, as a sentence; None where it does.

    ``ignored``: the endings of paths that must not be used; None: the setting.
    """
    offered = {keypath.path: keypath.kind for keypath in keypaths(event_type, ignored)}
    words = {
        "path": spelled_out(rule.data_path),
        "event": event_type_words(event_type),
        "setting": f"{SETTING}['IGNORED_KEYPATHS']",
    }
    if rule.data_path in offered:
        try:
            clean_value(offered[rule.data_path], rule.operator, rule.value)
        except ValueError as error:
            return f"{path_words(rule.data_path)}: {error}"
        return None
    if any(keypath.path == rule.data_path for keypath in keypaths(event_type, ())):
        return _("“%(path)s” must not be used in rules: it is one of %(setting)s.") % words
    return _("Events “%(event)s” have no “%(path)s”.") % words


def requirement_problems(requirement: RequirementEntry, event_types: Collection[str]) -> list[str]:
    """Why no event could ever fulfil that requirement, a sentence each; ``event_types`` are those in use.

    Ignored paths count as paths here: they are not offered, but a rule that has one still works.
    """
    # What is missing in the setting has to be entered there as it is.
    words = {
        "event": event_type_words(requirement.event_type),
        "event_type": requirement.event_type,
        "setting": f"{SETTING}['EVENTS']",
    }
    if not is_known_event_type(requirement.event_type):
        return [_("There is no event type %(event_type)s here.") % words]
    problems = []
    if requirement.event_type not in event_types:
        problems.append(_("Events “%(event)s” are not in use: %(event_type)s is missing in %(setting)s.") % words)
    if not carries_user(requirement.event_type):
        problems.append(_("Events “%(event)s” do not say which learner they are about.") % words)
    if requirement.any_event:
        return problems
    if not requirement.rules:
        problems.append(_("It has no data rule, so no event fulfils it."))
    doubts = [(rule, rule_problem(requirement.event_type, rule, ())) for rule in requirement.rules]
    problems += [problem for _rule, problem in doubts if problem]
    problems += _contradictions(requirement.event_type, [rule for rule, problem in doubts if not problem])
    return problems


def group_problems(requirements: Sequence[RequirementEntry], event_types: Collection[str]) -> list[str]:
    """Why a group with these requirements cannot be activated, a sentence each; ``event_types`` are those in use.

    A requirement that nothing can fulfil stands in the way even where it has an alternative: it is a mistake.
    """
    if not requirements:
        return [_("The group has no requirement.")]
    return [
        _("Requirement “%(requirement)s”: %(problem)s") % {"requirement": requirement, "problem": problem}
        for requirement in requirements
        for problem in requirement_problems(requirement, event_types)
    ]


def _clean(kind: Kind, operator: str, text: str) -> str:
    words = {"text": spelled_out(text), "kind": kind.label, "example": example(kind)}
    if kind in _KEYS:
        try:
            return str(_KEYS[kind].from_string(text))
        except InvalidKeyError:
            raise ValueError(_("“%(text)s” is not a %(kind)s, as %(example)s is.") % words) from None
    if kind == Kind.BOOLEAN and boolean(text) is None:
        words["words"] = ", ".join((*TRUE_WORDS, *FALSE_WORDS))
        raise ValueError(_("“%(text)s” is neither true nor false. Enter one of: %(words)s.") % words)
    if kind in (Kind.INTEGER, Kind.NUMBER) and number(text) is None:
        raise ValueError(_("“%(text)s” is not a number.") % words)
    if kind in (Kind.DATETIME, Kind.DATE) and instant(text) is None:
        raise ValueError(_("“%(text)s” is not a date or time, as %(example)s is.") % words)
    if kind == Kind.TEXT and operator in _ORDER and number(text) is None and instant(text) is None:
        raise ValueError(_("“%(text)s” is neither a number nor a date, and other text has no order.") % words)
    return text


def _contradictions(event_type: str, rules: Sequence[Rule]) -> Iterator[str]:
    for keypath in keypaths(event_type, ()):
        about = [rule for rule in rules if rule.data_path == keypath.path]
        if len(about) > 1 and _exclude_each_other(keypath.kind, about):
            shown = "; ".join(f"{Operator(rule.operator).label} “{rule.value}”" for rule in about)
            yield _("No event fulfils all rules about “%(path)s” at once: %(rules)s.") % {
                "path": path_words(keypath.path),
                "rules": shown,
            }


def _exclude_each_other(kind: Kind, rules: Sequence[Rule]) -> bool:
    """Whether there is no value of that kind for which all of the rules, about one path, hold."""
    candidates = _candidates(kind, rules)
    if candidates is not None:
        return not any(all(holds(rule, {rule.data_path: value}) for rule in rules) for value in candidates)
    bounds = [rule for rule in rules if rule.operator in _ORDER]
    return any(_cross(one, other) for one, other in permutations(bounds, 2))


def _candidates(kind: Kind, rules: Sequence[Rule]) -> list[Fact] | None:
    """The only values for which all of the rules could hold; None where these cannot be listed."""
    if kind == Kind.BOOLEAN:
        return [True, False]
    for rule in rules:
        if rule.operator in (Operator.EQUAL, Operator.ONE_OF):
            texts = split(rule.value) if rule.operator == Operator.ONE_OF else [rule.value]
            return [read(kind, text) for text in texts]
    return None


def _cross(one: Rule, other: Rule) -> bool:
    """Whether two bounds leave nothing between them, seen from the first."""
    low, high = _bound(one), _bound(other)
    if not isinstance(low, type(high)):
        return True  # no text is both a number and a time
    inclusive = one.operator == Operator.AT_LEAST and other.operator == Operator.AT_MOST
    return one.operator in _LOWER and other.operator in _UPPER and (low > high or (low == high and not inclusive))


def _bound(rule: Rule) -> Any:
    found = number(rule.value)
    return instant(rule.value) if found is None else found


def clean_attribute(source: str, value: str) -> str:
    """``value`` of a custom attribute as it should be kept: of a key path, without invisible characters."""
    return identifier(value) if source == AttributeSource.PATH else value


def attribute_problem(source: str, value: str, event_types: Collection[str]) -> str | None:
    """Why an attribute could never have a value, as a sentence; None where it can.

    ``event_types`` are those of the group's requirements: nothing else brings a learner closer to its badge.
    """
    words = {"path": spelled_out(value), "setting": f"{SETTING}['IGNORED_KEYPATHS']"}
    if source != AttributeSource.PATH or any(_has(event_type, value) for event_type in event_types):
        return None
    if any(_has(event_type, value, ()) for event_type in event_types):
        return _("“%(path)s” must not be used: it is one of %(setting)s.") % words
    return _("No event that the requirements of this group ask for has a “%(path)s”.") % words


def _has(event_type: str, path: str, ignored: Collection[str] | None = None) -> bool:
    return any(keypath.path == path for keypath in keypaths(event_type, ignored))
