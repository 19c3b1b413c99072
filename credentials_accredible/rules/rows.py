"""What is configured under a group: from its rows to data, and from data to new rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from credentials_accredible.host.courses import course_titles
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    history,
)
from credentials_accredible.rules.configuration import (
    AttributeEntry,
    GroupConfiguration,
    PenaltyEntry,
    RequirementEntry,
    RuleEntry,
)
from credentials_accredible.rules.fulfilling import TriedEvent
from credentials_accredible.rules.matching import Rule
from credentials_accredible.rules.words import GroupWords, course_keys, group_words, happening_words

# For ``prefetch_related`` on groups whose configuration is read.
PREFETCH = ("requirements__rules", "penalties__rules", "penalties__requirements", "custom_attributes")

_REQUIREMENT = {"event_type", "description", "blend", "any_event"}
_PENALTY = {"event_type", "description"}


def configuration_of(group: AccredibleGroup) -> tuple[GroupConfiguration, dict[int, int]]:
    """What is configured under ``group``, and the refs of its requirements by primary key: 1, 2, ... in their order.

    A few queries, none where the group comes with its related rows prefetched (see ``PREFETCH``).
    """
    requirements = by_pk(group.requirements.all())
    refs = {row.pk: ref for ref, row in enumerate(requirements, start=1)}
    configuration = GroupConfiguration(
        requirements=tuple(requirement_entry(row, by_pk(row.rules.all()), refs[row.pk]) for row in requirements),
        penalties=tuple(_penalty_entry(row, refs) for row in by_pk(group.penalties.all())),
        custom_attributes=tuple(AttributeEntry.model_validate(row) for row in by_pk(group.custom_attributes.all())),
    )
    return configuration, refs


def words_of(configuration: GroupConfiguration) -> GroupWords:
    """What ``configuration`` means, in words, with the titles that courses have in the service: a query at most."""
    return group_words(configuration, course_titles(course_keys(configuration)))


def requirements_in_words(rows: Iterable[tuple[BadgeRequirement, Iterable[Rule]]]) -> tuple[SafeString, ...]:
    """What requirements ask for, each with the rules it has or is to have; they need not be stored, nor make sense."""
    entries = tuple(requirement_entry(row, rules) for row, rules in rows)
    return words_of(GroupConfiguration(requirements=entries)).requirements


def penalties_in_words(rows: Iterable[tuple[BadgePenalty, Iterable[Rule]]]) -> tuple[SafeString, ...]:
    """When penalties take back, each with the rules it has or is to have."""
    entries = tuple(PenaltyEntry(event_type=row.event_type, rules=_rule_entries(rules)) for row, rules in rows)
    return words_of(GroupConfiguration(penalties=entries)).penalties


def events_in_words(events: Iterable[TriedEvent]) -> tuple[SafeString, ...]:
    """What has happened with each of ``events``: "the learner passes Physics"."""
    said = [
        PenaltyEntry(
            event_type=event.event_type,
            rules=tuple(RuleEntry(data_path=path, value=text) for path, text in event.says.items() if text),
        )
        for event in events
    ]
    titles = course_titles(course_keys(GroupConfiguration(penalties=tuple(said))))
    return tuple(happening_words(item.event_type, item.rules, titles) for item in said)


def requirement_entry(row: BadgeRequirement, rules: Iterable[Rule], ref: int = 0) -> RequirementEntry:
    """A requirement of the database as data, with the rules it has or is to have."""
    values = {name: getattr(row, name) for name in _REQUIREMENT}
    return RequirementEntry(ref=ref, rules=_rule_entries(rules), **values)


def _penalty_entry(row: BadgePenalty, refs: Mapping[int, int]) -> PenaltyEntry:
    return PenaltyEntry(
        event_type=row.event_type,
        description=row.description,
        requirements=tuple(sorted(refs[chosen.pk] for chosen in row.requirements.all() if chosen.pk in refs)),
        rules=_rule_entries(by_pk(row.rules.all())),
    )


def _rule_entries(rules: Iterable[Rule]) -> tuple[RuleEntry, ...]:
    return tuple(RuleEntry.model_validate(rule) for rule in rules)


def by_pk(rows: Iterable[Any]) -> list[Any]:
    """``rows`` in the order in which they were made; without a query where they are prefetched."""
    return sorted(rows, key=lambda row: row.pk)


def configure(
    group: AccredibleGroup, configuration: GroupConfiguration, known: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Make what ``configuration`` says under ``group``; returns the primary keys of its requirements by ref.

    It adds to what is there. ``known`` are primary keys, by ref, of requirements that penalties of the configuration
    take back and that are there already. Wants ``rules_locked`` around it.
    """
    requirements = [
        (item, BadgeRequirement(group=group, **item.model_dump(include=_REQUIREMENT)))
        for item in configuration.requirements
    ]
    _insert(row for _item, row in requirements)
    DataRule.objects.bulk_create(
        DataRule(requirement=row, **rule.model_dump()) for item, row in requirements for rule in item.rules
    )
    penalties = [
        (item, BadgePenalty(group=group, **item.model_dump(include=_PENALTY))) for item in configuration.penalties
    ]
    _insert(row for _item, row in penalties)
    PenaltyDataRule.objects.bulk_create(
        PenaltyDataRule(penalty=row, **rule.model_dump()) for item, row in penalties for rule in item.rules
    )
    keys = {**(known or {}), **{item.ref: row.pk for item, row in requirements}}
    chosen = BadgePenalty.requirements.through
    chosen.objects.bulk_create(
        chosen(badgepenalty=row, badgerequirement_id=keys[ref]) for item, row in penalties for ref in item.requirements
    )
    attributes = [CustomAttribute(group=group, **item.model_dump()) for item in configuration.custom_attributes]
    CustomAttribute.objects.bulk_create(attributes)
    _note_created(
        group,
        [row.pk for _item, row in requirements],
        [row.pk for _item, row in penalties],
        [row.name for row in attributes],
    )
    return keys


def _insert(rows: Iterable[Any]) -> None:
    # One by one: MySQL does not say which keys the rows of a bulk statement got.
    for row in rows:
        row.skip_history_when_saving = True
        row.save(force_insert=True)


def _note_created(
    group: AccredibleGroup, requirements: Sequence[int], penalties: Sequence[int], attributes: Sequence[str]
) -> None:
    history.note_created(BadgeRequirement.objects.filter(pk__in=requirements))
    history.note_created(DataRule.objects.filter(requirement__in=requirements))
    history.note_created(BadgePenalty.objects.filter(pk__in=penalties))
    history.note_created(PenaltyDataRule.objects.filter(penalty__in=penalties))
    if attributes:
        history.note_created(CustomAttribute.objects.filter(group=group, name__in=attributes))
