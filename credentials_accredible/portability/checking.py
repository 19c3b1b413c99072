"""What is wrong with the content of a file, beyond its form, each with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from credentials_accredible import conf
from credentials_accredible.events.catalogue import is_known, keypaths
from credentials_accredible.portability.document import (
    AttributeEntry,
    GroupEntry,
    PenaltyEntry,
    RequirementEntry,
    RuleEntry,
)
from credentials_accredible.rules.matching import Rule
from credentials_accredible.rules.validation import (
    Requirement,
    attribute_problem,
    clean_value,
    group_problems,
    rule_problem,
)

# Where in an entry, and what is wrong there.
Found = tuple[Sequence[str | int], str]


def cleaned(event_type: str, rule: Rule) -> str:
    """The value of ``rule`` as the admin would keep it; as it is where it cannot be read."""
    kinds = {keypath.path: keypath.kind for keypath in keypaths(event_type, ())} if is_known(event_type) else {}
    if rule.data_path not in kinds:
        return rule.value
    try:
        return clean_value(kinds[rule.data_path], rule.operator, rule.value)
    except ValueError:
        return rule.value


def contradictions(entry: GroupEntry) -> Iterator[Found]:
    """What cannot be, whatever is in the database: things that are there twice, and refs that lead nowhere."""
    refs = Counter(item.ref for item in entry.requirements)
    for number, item in enumerate(entry.requirements):
        if refs[item.ref] > 1:
            yield ("requirements", number, "ref"), f"More than one requirement has the ref {item.ref}."
        if item.any_event and item.rules:
            message = "With “any_event”, data rules have no say: remove them, or leave “any_event” out."
            yield ("requirements", number, "any_event"), message
        yield from _same_rules(("requirements", number), item)
    for number, penalty in enumerate(entry.penalties):
        for place, ref in enumerate(penalty.requirements):
            if ref not in refs:
                yield ("penalties", number, "requirements", place), f"No requirement of this group has the ref {ref}."
        yield from _same_rules(("penalties", number), penalty)
    names = Counter(item.name for item in entry.custom_attributes)
    for number, attribute in enumerate(entry.custom_attributes):
        if names[attribute.name] > 1:
            yield ("custom_attributes", number, "name"), f"“{attribute.name}” is there more than once."


def objections(path: Sequence[str | int], item: RequirementEntry | PenaltyEntry) -> Iterator[Found]:
    """Why the admin would not take that requirement or penalty; ``path`` leads to it."""
    if not is_known(item.event_type):
        yield (*path, "event_type"), f"There is no event type {item.event_type} here."
        return
    if item.event_type not in conf.event_types():
        message = f"The event type {item.event_type} is not in use: it is missing in {conf.SETTING}['EVENTS']."
        yield (*path, "event_type"), message
    for number, rule in enumerate(item.rules):
        problem = rule_problem(item.event_type, rule)
        if problem:
            yield (*path, "rules", number), problem


def attribute_objections(entry: GroupEntry, path: Sequence[str | int], item: AttributeEntry) -> Iterator[Found]:
    """Why that custom attribute of the group would never have a value."""
    event_types = {requirement.event_type for requirement in entry.requirements} or set(conf.event_types())
    problem = attribute_problem(item.source, item.value, {name for name in event_types if is_known(name)})
    if problem:
        yield (*path, "value"), problem


def all_objections(entry: GroupEntry) -> Iterator[Found]:
    """Why the admin would not take something of that group, if all of it were new."""
    for number, item in enumerate(entry.requirements):
        yield from objections(("requirements", number), item)
    for number, penalty in enumerate(entry.penalties):
        yield from objections(("penalties", number), penalty)
    for number, attribute in enumerate(entry.custom_attributes):
        yield from attribute_objections(entry, ("custom_attributes", number), attribute)


def unearnable(entry: GroupEntry) -> Iterator[Found]:
    """Why a group with these requirements cannot be active."""
    requirements = [
        Requirement(
            item.event_type,
            [_clean(item.event_type, rule) for rule in item.rules],
            item.any_event,
            item.description,
            item.blend,
        )
        for item in entry.requirements
    ]
    for problem in group_problems(requirements, conf.event_types()):
        yield ("is_active",), f"Nobody could earn this group, so it cannot be active. {problem}"


def _clean(event_type: str, rule: RuleEntry) -> RuleEntry:
    return rule.model_copy(update={"value": cleaned(event_type, rule)})


def _same_rules(path: Sequence[str | int], item: Any) -> Iterator[Found]:
    seen: Collection[Any] = set()
    for number, rule in enumerate(item.rules):
        key = (rule.data_path, rule.operator, cleaned(item.event_type, rule))
        if key in seen:
            yield (*path, "rules", number), "The same rule is there twice."
        seen = {*seen, key}
