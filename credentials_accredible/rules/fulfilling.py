"""Events to try a group with: what they would say so that its rules hold. Pure: no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.events.catalogue import KeyPath, keypaths
from credentials_accredible.events.values import Fact, Kind, example, fact, instant, number
from credentials_accredible.rules.configuration import Entry, GroupConfiguration
from credentials_accredible.rules.matching import Rule, holds, split
from credentials_accredible.rules.validation import clean_value

_DAY = timedelta(days=1)
# Beside the example of a kind: what is not that.
_OTHERS = {
    Kind.BOOLEAN: "false",
    Kind.INTEGER: "2",
    Kind.NUMBER: "0.5",
    Kind.DATETIME: "2029-01-31T12:00:00Z",
    Kind.DATE: "2029-01-31",
    Kind.COURSE_KEY: "course-v1:edX+Another+Course",
    Kind.CCX_KEY: "ccx-v1:edX+Another+Course+ccx@2",
    Kind.USAGE_KEY: "block-v1:edX+Another+Course+type@problem+block@example",
    Kind.KEY: "lib:edX:another",
}
# Keys of which something is a part.
_PATTERNS = {
    Kind.COURSE_KEY: ("course-v1:edX+{}+1", "course-v1:{}+1", "{}+1", "{}X+DemoX+1"),
    Kind.CCX_KEY: ("ccx-v1:edX+{}+1+ccx@1", "ccx-v1:{}+1+ccx@1", "ccx-v1:edX+DemoX+1+ccx@{}"),
    Kind.USAGE_KEY: ("block-v1:edX+{}+1+type@problem+block@1", "block-v1:edX+DemoX+1+type@problem+block@{}"),
}


@dataclass(frozen=True)
class TriedEvent:
    """An event to be tried: what it says, as text, by path. Empty text: it says nothing there."""

    event_type: str
    says: dict[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any]:
        """What it says, as ``simulate`` takes it."""
        kinds = {keypath.path: keypath.kind for keypath in keypaths(self.event_type, ())}
        return {path: as_said(text, kinds.get(path)) for path, text in self.says.items() if text}


def as_said(text: str, kind: Kind | None) -> Any:
    """``text`` as an event says it: of a list, its items with commas between them."""
    return split(text) if kind == Kind.LIST else text


def as_text(found: Fact) -> str:
    """A fact as ``as_said`` takes it."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, tuple):
        return ", ".join(map(as_text, found))
    return found.isoformat() if isinstance(found, datetime) else str(found)


def paths_looked_at(configuration: GroupConfiguration, event_type: str) -> list[KeyPath]:
    """The paths of that event type that rules or custom attributes of the group look at, in its own order."""
    items: list[Entry] = [*configuration.requirements, *configuration.penalties]
    looked_at = {rule.data_path for item in items if item.event_type == event_type for rule in item.rules}
    looked_at |= _mapped(configuration)
    return [keypath for keypath in keypaths(event_type, ()) if keypath.path in looked_at]


def events_of(configuration: GroupConfiguration) -> list[TriedEvent]:
    """An event for each requirement, that fulfils it, and one for each penalty; the same one only once."""
    events: list[TriedEvent] = []
    items: list[Entry] = [*configuration.requirements, *configuration.penalties]
    for item in items:
        event = event_for(item, configuration)
        if event not in events:
            events.append(event)
    return events


def event_for(item: Entry, configuration: GroupConfiguration) -> TriedEvent:
    """An event for which all rules of a requirement or a penalty hold, as far as there is one.

    It also says something wherever custom attributes of the group look.
    """
    by_path: dict[str, list[Rule]] = defaultdict(list)
    for rule in item.rules:
        by_path[rule.data_path].append(rule)
    mapped = _mapped(configuration)
    looked_at = paths_looked_at(configuration, item.event_type)
    return TriedEvent(
        item.event_type,
        {
            keypath.path: fulfilling_text(keypath.kind, by_path[keypath.path])
            if keypath.path in by_path
            else example(keypath.kind) * (keypath.path in mapped)
            for keypath in looked_at
        },
    )


def sample_of(event_type: str) -> TriedEvent:
    """An event of that type that says something everywhere."""
    return TriedEvent(event_type, {keypath.path: example(keypath.kind) for keypath in keypaths(event_type)})


def fulfilling_text(kind: Kind, rules: Sequence[Rule]) -> str:
    """A text that an event can have at the path that ``rules`` are about, so that all of them hold.

    Where none is found, the value of the first rule: a reader sees what is asked for.
    """
    fitting = [text for text in _candidates(kind, rules) if _all_hold(rules, fact(as_said(text, kind), kind))]
    found = next((text for text in fitting if _is_possible(kind, text)), next(iter(fitting), rules[0].value))
    return as_text(fact(found, kind)) if kind == Kind.BOOLEAN else found


def _all_hold(rules: Sequence[Rule], said: Fact) -> bool:
    return all(holds(rule, {rule.data_path: said}) for rule in rules)


def _is_possible(kind: Kind, text: str) -> bool:
    try:
        return kind == Kind.LIST or bool(clean_value(kind, Operator.EQUAL, text))
    except ValueError:
        return False


def _mapped(configuration: GroupConfiguration) -> set[str]:
    return {item.value for item in configuration.custom_attributes if item.source == AttributeSource.PATH}


def _candidates(kind: Kind, rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        yield from split(rule.value) if rule.operator == Operator.ONE_OF else [rule.value]
    contained = [rule.value for rule in rules if rule.operator == Operator.CONTAINS]
    yield (", " if kind == Kind.LIST else " ").join(contained)
    yield from (pattern.format(value) for value in contained for pattern in _PATTERNS.get(kind, ()))
    yield example(kind)
    yield _OTHERS.get(kind, "other")
    bounds = [found for rule in rules if (found := _bound(rule.value)) is not None]
    for bound in bounds:
        step = _DAY if isinstance(bound, datetime) else 1
        with suppress(OverflowError):  # beyond the last day there is
            yield as_text(bound + step)
        with suppress(OverflowError):
            yield as_text(bound - step)
    for one, other in combinations(bounds, 2):
        if type(one) is type(other):
            yield as_text(one + (other - one) / 2)


def _bound(value: str) -> Any:
    found = number(value)
    return instant(value) if found is None else found
