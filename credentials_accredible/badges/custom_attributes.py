"""What the custom attributes of a badge say, by the mapping of its group, at the moment it is decided.

A constant is the same for everybody. A key path leads to what the events said that have fulfilled the learner's
requirements: the newest of them that says something there decides, in whatever order they came in. An attribute
without a value is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials_accredible.badges.decision import time_of
from credentials_accredible.choices import AttributeSource
from credentials_accredible.events.catalogue import keypaths
from credentials_accredible.events.values import Kind
from credentials_accredible.models import BadgeProgress, CustomAttribute, Fulfillment

_LONGEST_VALUE = 255


@dataclass(frozen=True)
class KeptFacts:
    """What one event said, as its fulfilment keeps it: facts as JSON, by their paths."""

    event_type: str
    time: datetime
    facts: Mapping[str, Any]


def kept_facts(event_type: str, context: Any) -> KeptFacts | None:
    """What the context of a fulfilment says of its event; None where it was restored or made by hand."""
    facts = context.get("facts") if isinstance(context, dict) else None
    return KeptFacts(event_type, time_of(context), facts) if isinstance(facts, dict) else None


def of_progress(progress: Sequence[BadgeProgress]) -> dict[int, dict[str, str]]:
    """The custom attributes of badges for ``progress``, by its primary keys.

    One query, and one where paths are mapped.
    """
    mappings = _mappings({item.group_id for item in progress})
    events = _facts_by_progress([item.pk for item in progress if _uses_paths(mappings[item.group_id])])
    return {item.pk: values(mappings[item.group_id], events.get(item.pk, ())) for item in progress}


def of_learners(group_id: int, learners: Collection[int]) -> dict[int, dict[str, str]]:
    """The custom attributes of badges of one group that learners get by hand, by the learners' primary keys.

    Paths lead to what their events said, of those who have fulfilled something.
    """
    mapping = _mappings({group_id})[group_id]
    events: dict[int, list[KeptFacts]] = {}
    if _uses_paths(mapping):
        progress = dict(BadgeProgress.objects.filter(group=group_id, user__in=learners).values_list("pk", "user_id"))
        events = {progress[pk]: found for pk, found in _facts_by_progress(progress).items()}
    return {learner: values(mapping, events.get(learner, ())) for learner in learners}


def values(mapping: Iterable[CustomAttribute], events: Iterable[KeptFacts]) -> dict[str, str]:
    """What the attributes of ``mapping`` say after ``events``, by their names."""
    newest_first = sorted(events, key=lambda event: event.time, reverse=True)
    found = {attribute.name: _value(attribute, newest_first) for attribute in mapping}
    return {name: value for name, value in found.items() if value}


def _value(attribute: CustomAttribute, events: Iterable[KeptFacts]) -> str:
    path = attribute.value
    if attribute.source == AttributeSource.CONSTANT:
        return path
    texts = (_text(event.facts.get(path), _kind(event.event_type, path)) for event in events)
    return next((text for text in texts if text), "")


def _text(value: Any, kind: Kind | None) -> str:
    """A fact as a credential shows it: a moment as its day in UTC, a list with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item, None) for item in value)))[:_LONGEST_VALUE]
    text = str(value).strip()
    return text[:10] if kind in {Kind.DATETIME, Kind.DATE} else text[:_LONGEST_VALUE]


def _kind(event_type: str, path: str) -> Kind | None:
    return next((keypath.kind for keypath in keypaths(event_type) if keypath.path == path), None)


def _mappings(groups: Collection[int]) -> dict[int, list[CustomAttribute]]:
    found: dict[int, list[CustomAttribute]] = defaultdict(list)
    for attribute in CustomAttribute.objects.filter(group__in=groups).order_by("pk"):
        found[attribute.group_id].append(attribute)
    return found


def _uses_paths(mapping: Iterable[CustomAttribute]) -> bool:
    return any(attribute.source == AttributeSource.PATH for attribute in mapping)


def _facts_by_progress(progress: Collection[int]) -> dict[int, list[KeptFacts]]:
    found: dict[int, list[KeptFacts]] = defaultdict(list)
    rows = Fulfillment.objects.filter(progress__in=progress).order_by("pk")
    for pk, event_type, context in rows.values_list("progress_id", "requirement__event_type", "context"):
        if kept := kept_facts(event_type, context):
            found[pk].append(kept)
    return found
