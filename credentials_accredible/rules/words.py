"""What is configured under a group, in words for people: "Earned by passing Course A or Course B, and Course C".

All of it is HTML. What others have written (titles, keys, values) is escaped, and isolated with ``<bdi>``: a name that
runs from right to left turns nothing around it. Pure: titles of courses come as a mapping from their keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from credentials_accredible.choices import Operator
from credentials_accredible.events.values import boolean
from credentials_accredible.events.words import event_type_words, path_words
from credentials_accredible.rules.configuration import GroupConfiguration, PenaltyEntry, RequirementEntry
from credentials_accredible.rules.matching import Rule, split

COURSE_PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
PASSING, COURSE, CCX, MASTER = "is_passing", "course.course_key", "course.ccx_course_key", "course.master_course_key"

_KEYS = {COURSE, CCX, MASTER}
Titles = Mapping[str, str]


@dataclass(frozen=True)
class GroupWords:
    """A sentence of how a group is earned, and one for each of its penalties, of how it is lost.

    ``requirements``: what each requirement asks for, as it follows "Earned by"; ``penalties``: as it follows "when".
    """

    earned: SafeString
    lost: tuple[SafeString, ...] = ()
    requirements: tuple[SafeString, ...] = ()
    penalties: tuple[SafeString, ...] = ()


def course_keys(configuration: GroupConfiguration) -> set[str]:
    """The course keys that the rules of ``configuration`` name, whose titles ``group_words`` can use."""
    items: list[RequirementEntry | PenaltyEntry] = [*configuration.requirements, *configuration.penalties]
    return {key for item in items for rule in item.rules if rule.data_path in _KEYS for key in _values(rule)}


def group_words(configuration: GroupConfiguration, titles: Titles) -> GroupWords:
    """How the badge is earned, and lost, in the order of ``configuration``; letters keep alternatives together."""
    requirements = configuration.requirements
    each = tuple(requirement_words(item, titles) for item in requirements)
    taken = tuple(penalty_words(item, titles) for item in configuration.penalties)
    lost = tuple(
        _lost(item, when, requirements, each) for item, when in zip(configuration.penalties, taken, strict=True)
    )
    if not requirements:
        return GroupWords(format_html("{}", _("Nobody can earn it yet: it has no requirement.")), lost, each, taken)
    alternatives: dict[object, list[SafeString]] = {}
    for number, item in enumerate(requirements):
        alternatives.setdefault(item.blend or number, []).append(each[number])
    needed = [_joined(parts, _or()) for parts in alternatives.values()]
    conjunction = format_html(", <strong>{}</strong> ", _("and")) if len(needed) > 1 else SafeString()
    return GroupWords(format_html(_("Earned by {}."), _joined(needed, conjunction)), lost, each, taken)


def requirement_words(requirement: RequirementEntry, titles: Titles) -> SafeString:
    """What a requirement asks of a learner, as it follows "Earned by"."""
    event = _Event(requirement.event_type, requirement.rules, titles)
    if requirement.any_event:
        return format_html(_("any event “{}”"), event.name)
    if not requirement.rules:
        return format_html(_("nothing yet (“{}” without a data rule)"), event.name)
    return event.condition(
        passed=_("passing {}"),
        failed=_("not passing {}"),
        certificate=_("a certificate of {}"),
        other=_("an event “{}”"),
    )


def penalty_words(penalty: PenaltyEntry, titles: Titles) -> SafeString:
    """When a penalty takes back, as it follows "when"."""
    if not penalty.rules:
        name = event_type_words(penalty.event_type)
        return format_html(_("nothing happens yet (“{}” without a data rule)"), name)
    return happening_words(penalty.event_type, penalty.rules, titles)


def happening_words(event_type: str, rules: Sequence[Rule], titles: Titles) -> SafeString:
    """What has happened with an event for which ``rules`` hold: "the learner passes Physics"."""
    return _Event(event_type, rules, titles).condition(
        passed=_("the learner passes {}"),
        failed=_("the learner does not pass {} any more"),
        certificate=_("the learner gets a certificate of {}"),
        other=_("there is an event “{}”"),
    )


def rule_words(rule: Rule, titles: Titles | None = None) -> SafeString:
    """One data rule: "name of the course contains Physics"."""
    values = [_value(rule, value, titles or {}) for value in _values(rule)]
    return format_html("{} {} {}", path_words(rule.data_path), _operator(rule.operator), _joined(values, _or()))


def _lost(
    penalty: PenaltyEntry, when: SafeString, requirements: Sequence[RequirementEntry], each: Sequence[SafeString]
) -> SafeString:
    chosen = [words for item, words in zip(requirements, each, strict=True) if item.ref in penalty.requirements]
    if not chosen:
        return format_html(_("Nothing is taken back when {}."), when)
    if len(chosen) == len(requirements):
        return format_html(_("Taken back when {}."), when)
    return format_html(_("When {when}, this does not count any more: {what}."), when=when, what=_joined(chosen, _or()))


class _Event:
    """The events of a type for which some rules hold, in words."""

    def __init__(self, event_type: str, rules: Sequence[Rule], titles: Titles) -> None:
        self.name = event_type_words(event_type)
        self._type, self._rules, self._titles = event_type, rules, titles

    def condition(self, *, passed: str, failed: str, certificate: str, other: str) -> SafeString:
        """One of these texts, which depends on the type, with what it is about put in; then all other rules."""
        left = list(self._rules)
        text = other
        if self._type in (COURSE_PASSING, CCX_PASSING):
            said = next((rule for rule in left if _says(rule) is not None), None)
            if said:
                left.remove(said)
                text = passed if _says(said) else failed
        elif self._type == CERTIFICATE:
            text = certificate
        if text == other:
            return self._where(format_html(text, self.name), left)
        return self._where(format_html(text, self._course(left)), left)

    def _course(self, left: list[Rule]) -> SafeString:
        """The course, and what rules about it say; takes these out of ``left``."""
        ccx = self._type == CCX_PASSING
        key = CCX if ccx else COURSE
        named = self._take(left, key, (Operator.EQUAL, Operator.ONE_OF), most=1)
        if named:
            courses = self._names(named)
            return format_html(_("the CCX course {}"), courses) if ccx else courses
        masters = self._take(left, MASTER, (Operator.EQUAL, Operator.ONE_OF), most=1) if ccx else []
        if masters:
            course = format_html(_("any CCX course of {}"), self._names(masters))
        else:
            course = format_html("{}", _("any CCX course") if ccx else _("any course"))
        excluded = self._take(left, key, (Operator.NOT_EQUAL,))
        return (
            format_html(_("{course} except {others}"), course=course, others=self._names(excluded, _("and")))
            if excluded
            else course
        )

    def _names(self, rules: Iterable[Rule], word: str = "") -> SafeString:
        names = [_value(rule, value, self._titles) for rule in rules for value in _values(rule)]
        return _joined(names, format_html(" {} ", word) if word else _or())

    @staticmethod
    def _take(left: list[Rule], path: str, operators: Collection[str], most: int | None = None) -> list[Rule]:
        found = [rule for rule in left if rule.data_path == path and rule.operator in operators][:most]
        for rule in found:
            left.remove(rule)
        return found

    def _where(self, text: SafeString, rules: Sequence[Rule]) -> SafeString:
        if not rules:
            return text
        said = _joined((rule_words(rule, self._titles) for rule in rules), format_html(" {} ", _("and")))
        return format_html(_("{event} where {rules}"), event=text, rules=said)


def _says(rule: Rule) -> bool | None:
    """Whether the rule asks for a learner who passes, or for one who does not; None where it is about other things."""
    wanted = boolean(rule.value) if rule.data_path == PASSING else None
    if wanted is None or rule.operator not in (Operator.EQUAL, Operator.NOT_EQUAL):
        return None
    return wanted == (rule.operator == Operator.EQUAL)


def _values(rule: Rule) -> list[str]:
    return split(rule.value) if rule.operator == Operator.ONE_OF else [rule.value]


def _value(rule: Rule, value: str, titles: Titles) -> SafeString:
    if rule.data_path not in _KEYS:
        return format_html("<bdi>“{}”</bdi>", value)
    title = titles.get(value)
    return format_html('<bdi title="{}">{}</bdi>', value, title) if title else format_html("<bdi>{}</bdi>", value)


def _operator(operator: str) -> str:
    if operator == Operator.ONE_OF:
        # The label in forms adds how to write several values.
        return pgettext("a data rule", "is")
    return str(Operator(operator).label) if operator in Operator.values else operator


def _or() -> SafeString:
    return format_html(" <strong>{}</strong> ", _("or"))


def _joined(parts: Iterable[SafeString], between: SafeString) -> SafeString:
    return format_html_join(between, "{}", ((part,) for part in parts))
