"""What an event means by the rules as the database has them now, for the little that the index has selected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from credentials_accredible.choices import AttributeSource
from credentials_accredible.events.catalogue import ignored_keypaths
from credentials_accredible.events.event import Event
from credentials_accredible.events.values import plain
from credentials_accredible.models import BadgePenalty, BadgeRequirement
from credentials_accredible.rules.index import RuleData, Selected
from credentials_accredible.rules.matching import all_hold

_RULE = ("rules__data_path", "rules__operator", "rules__value")
_ATTRIBUTE = ("group__custom_attributes__source", "group__custom_attributes__value")
_LONGEST_FACT = 255


@dataclass
class Meaning:
    """What an event means for one group, by primary keys of requirements.

    ``fulfils``: letter of each that it fulfils, a letter of its own where it has none. ``facts``: what their rules
    looked at, and what custom attributes of the group want to know. ``penalised``: those that it takes back.
    """

    fulfils: dict[int, str] = field(default_factory=dict)
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    penalised: set[int] = field(default_factory=set)

    @property
    def gives(self) -> bool:
        """Whether it fulfils something that it does not take back."""
        return not self.fulfils.keys() <= self.penalised


def letter_of(pk: int, blend: str) -> str:
    """The letter of a requirement; without one, it counts as having a letter of its own."""
    return blend or f"#{pk}"


def confirm(event: Event, selected: Selected) -> dict[int, Meaning]:
    """What ``selected`` means by group: a query for requirements and one for penalties, where there are any."""
    found: dict[int, Meaning] = defaultdict(Meaning)
    if selected.requirements:
        _confirm_requirements(event, [target.pk for target in selected.requirements], found)
    if selected.penalties:
        _confirm_penalties(event, [target.pk for target in selected.penalties], found)
    return dict(found)


def _confirm_requirements(event: Event, pks: list[int], found: dict[int, Meaning]) -> None:
    active = BadgeRequirement.objects.filter(pk__in=pks, event_type=event.type, group__is_active=True).order_by()
    columns = ("pk", "group_id", "blend", "any_event", *_ATTRIBUTE, *_RULE)
    # A row for each rule and attribute: sets, because each comes with each of the others.
    rules: dict[int, set[RuleData]] = defaultdict(set)
    mapped: dict[int, set[str]] = defaultdict(set)
    rows: dict[int, tuple[int, str, bool]] = {}
    for pk, group, blend, any_event, source, place, *rule in active.values_list(*columns):
        rows[pk] = group, blend, any_event
        if rule[0] is not None:
            rules[pk].add(RuleData(*rule))
        if source == AttributeSource.PATH:
            mapped[group].add(place)
    for pk, (group, blend, any_event) in rows.items():
        if any_event or all_hold(rules[pk], event.facts):
            looked_at = set() if any_event else {rule.data_path for rule in rules[pk]}
            found[group].fulfils[pk] = letter_of(pk, blend)
            found[group].facts[pk] = kept(looked_at | (mapped[group] & event.facts.keys()), event.facts)


def _confirm_penalties(event: Event, pks: list[int], found: dict[int, Meaning]) -> None:
    active = BadgePenalty.objects.filter(pk__in=pks, event_type=event.type, group__is_active=True).order_by()
    rules: dict[int, set[RuleData]] = defaultdict(set)
    takes: dict[tuple[int, int], set[int]] = defaultdict(set)
    for pk, group, requirement, *rule in active.values_list("pk", "group_id", "requirements", *_RULE):
        if rule[0] is not None and requirement is not None:
            rules[pk].add(RuleData(*rule))
            takes[group, pk].add(requirement)
    for (group, pk), requirements in takes.items():
        if all_hold(rules[pk], event.facts):
            found[group].penalised |= requirements


def kept(paths: Collection[str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts at ``paths`` as a fulfilment keeps them: without what says who the learner is."""
    personal = tuple(f".{ending}" for ending in ignored_keypaths())
    found = {path: plain(facts.get(path)) for path in sorted(paths) if not f".{path}".endswith(personal)}
    return {path: value[:_LONGEST_FACT] if isinstance(value, str) else value for path, value in found.items()}
