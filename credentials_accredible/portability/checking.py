"""What is wrong with the content of a file, beyond its form, each with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.events.catalogue import is_known_event_type
from credentials_accredible.events.words import event_type_words
from credentials_accredible.portability.document import GroupEntry
from credentials_accredible.rules.configuration import PenaltyEntry, RequirementEntry, RuleEntry
from credentials_accredible.rules.validation import attribute_problem, group_problems, rule_problem

T = TypeVar("T")

# Where in an entry, and what is wrong there.
Found = tuple[Sequence[str | int], str]


def contradictions(entry: GroupEntry) -> Iterator[Found]:
    """What cannot be, whatever is in the database: things that are there twice, and refs that lead nowhere."""
    refs = Counter(item.ref for item in entry.requirements)
    for number, item in enumerate(entry.requirements):
        if refs[item.ref] > 1:
            yield (
                ("requirements", number, "ref"),
                _("More than one requirement has the ref %(ref)s.") % {"ref": item.ref},
            )
        if item.any_event and item.rules:
            message = _("With “any_event”, data rules have no say: remove them, or leave “any_event” out.")
            yield ("requirements", number, "any_event"), message
        yield from _same_rules(("requirements", number), item.rules)
    for number, penalty in enumerate(entry.penalties):
        for place, ref in enumerate(penalty.requirements):
            if ref not in refs:
                yield (
                    ("penalties", number, "requirements", place),
                    _("No requirement of this group has the ref %(ref)s.") % {"ref": ref},
                )
        yield from _same_rules(("penalties", number), penalty.rules)
    names = Counter(item.name for item in entry.custom_attributes)
    for number, attribute in enumerate(entry.custom_attributes):
        if names[attribute.name] > 1:
            yield (
                ("custom_attributes", number, "name"),
                _("“%(name)s” is there more than once.") % {"name": attribute.name},
            )


def objections(entry: GroupEntry, changed: Mapping[str, Container[int]] | None = None) -> Iterator[Found]:
    """Why the admin would not take what is configured under that group.

    ``changed``: only what has these positions under ``requirements``, ``penalties`` and ``custom_attributes``.
    """

    def chosen(name: str, items: Iterable[T]) -> Iterator[tuple[int, T]]:
        return (pair for pair in enumerate(items) if changed is None or pair[0] in changed[name])

    for number, item in chosen("requirements", entry.requirements):
        yield from _event_objections(("requirements", number), item)
    for number, penalty in chosen("penalties", entry.penalties):
        yield from _event_objections(("penalties", number), penalty)
    event_types = {requirement.event_type for requirement in entry.requirements} or set(conf.event_types())
    known = {name for name in event_types if is_known_event_type(name)}
    for number, attribute in chosen("custom_attributes", entry.custom_attributes):
        problem = attribute_problem(attribute.source, attribute.value, known)
        if problem:
            yield ("custom_attributes", number, "value"), problem


def unearnable(entry: GroupEntry) -> Iterator[Found]:
    """Why a group with these requirements cannot be active."""
    for problem in group_problems(entry.requirements, conf.event_types()):
        yield (
            ("is_active",),
            _("Nobody could earn this group, so it cannot be active. %(problem)s") % {"problem": problem},
        )


def _event_objections(path: Sequence[str | int], item: RequirementEntry | PenaltyEntry) -> Iterator[Found]:
    if not is_known_event_type(item.event_type):
        yield (*path, "event_type"), _("There is no event type %(event_type)s here.") % {"event_type": item.event_type}
        return
    if item.event_type not in conf.event_types():
        message = _("Events “%(event)s” are not in use: %(event_type)s is missing in %(setting)s.") % {
            "event": event_type_words(item.event_type),
            "event_type": item.event_type,
            "setting": f"{conf.SETTING}['EVENTS']",
        }
        yield (*path, "event_type"), message
    for number, rule in enumerate(item.rules):
        problem = rule_problem(item.event_type, rule)
        if problem:
            yield (*path, "rules", number), problem


def _same_rules(path: Sequence[str | int], rules: Iterable[RuleEntry]) -> Iterator[Found]:
    seen: set[RuleEntry] = set()
    for number, rule in enumerate(rules):
        if rule in seen:
            yield (*path, "rules", number), _("The same rule is there twice.")
        seen.add(rule)
