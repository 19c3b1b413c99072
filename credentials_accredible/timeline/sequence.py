"""Entries of several tables as one sequence, the newest first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    SyncChange,
)
from credentials_accredible.timeline.entry import Entry, Names
from credentials_accredible.timeline.rows import Changes, Syncs

# What a page about all objects of a model tells of.
_WITH_PARTS: dict[Any, tuple[Any, ...]] = {
    AccredibleAPIConfig: (AccredibleAPIConfig,),
    AccredibleGroup: (
        AccredibleGroup,
        BadgeRequirement,
        DataRule,
        BadgePenalty,
        PenaltyDataRule,
        CustomAttribute,
    ),
    BadgeRequirement: (BadgeRequirement, DataRule),
    BadgePenalty: (BadgePenalty, PenaltyDataRule),
}


class Timeline:
    """What several tables say, read as far as it is sliced; ``len()`` counts."""

    def __init__(self, sources: Iterable[QuerySet[Any]]) -> None:
        self._sources = list(sources)

    def __len__(self) -> int:
        return sum(source.count() for source in self._sources)

    def __getitem__(self, part: slice) -> list[Entry]:
        """The entries of that part; a number of queries that depends on the tables alone."""
        merged = heapq.merge(*(self._keys(number, part.stop) for number in range(len(self._sources))), reverse=True)
        wanted = list(islice(merged, part.start or 0, part.stop))
        entries: dict[tuple[int, int], Entry] = {}
        names = Names()
        loaded = []
        for number, source in enumerate(self._sources):
            keys = [key for _when, place, key in wanted if place == number]
            if keys:
                kind: Changes | Syncs = Syncs(source, keys) if source.model is SyncChange else Changes(source, keys)
                kind.ask(names)
                loaded.append((number, kind))
        names.answer()
        for number, kind in loaded:
            entries.update({(number, key): entry for key, entry in kind.entries(names)})
        return [entries[number, key] for _when, number, key in wanted if (number, key) in entries]

    def _keys(self, number: int, stop: int) -> list[tuple[datetime, int, int]]:
        source = self._sources[number]
        when = "sync_run__started_at" if source.model is SyncChange else "history_date"
        rows = source.order_by(f"-{when}", "-pk").values_list(when, "pk")
        return [(moment, number, key) for moment, key in rows[:stop]]


def of(model: Any, pk: int, visible: Callable[[Any], bool]) -> Timeline:
    """What became of the object of ``model`` with that primary key, and of what is under it; it may be gone.

    Only of those models that ``visible`` says yes to. A group that was removed and came back is one group.
    """
    if model is AccredibleGroup:
        return _of_group(pk, visible)
    sources = {model: {"id": pk}}
    if model is BadgeRequirement:
        sources[DataRule] = {"requirement_id": pk}
    if model is BadgePenalty:
        sources[PenaltyDataRule] = {"penalty_id": pk}
    return Timeline(each.history.filter(**about) for each, about in sources.items() if visible(each))


def of_all(model: Any, visible: Callable[[Any], bool]) -> Timeline:
    """What became of all objects of ``model``, and of what is under them; as above."""
    return Timeline(part.history.all() for part in _WITH_PARTS[model] if visible(part))


def _of_group(pk: int, visible: Callable[[Any], bool]) -> Timeline:
    # A group that was carried over has had other ids at Accredible; one that came back has had other keys here.
    places = set(
        AccredibleGroup.history.filter(id=pk).values_list("api_config_id", "accredible_id").order_by().distinct()
    )
    places.update(AccredibleGroup.objects.filter(pk=pk).values_list("api_config_id", "accredible_id"))
    groups: set[int] = {pk}
    by_sync = Q(group=pk)
    for config, accredible_id in places:
        if config is not None:
            same = AccredibleGroup.history.filter(api_config_id=config, accredible_id=accredible_id)
            groups.update(same.values_list("id", flat=True).order_by().distinct())
            by_sync |= Q(accredible_id=accredible_id, sync_run__api_config=config)
    requirements = BadgeRequirement.history.filter(group_id__in=groups)
    penalties = BadgePenalty.history.filter(group_id__in=groups)
    sources = {
        AccredibleGroup: AccredibleGroup.history.filter(id__in=groups),
        BadgeRequirement: requirements,
        DataRule: DataRule.history.filter(requirement_id__in=requirements.order_by().values("id")),
        BadgePenalty: penalties,
        PenaltyDataRule: PenaltyDataRule.history.filter(penalty_id__in=penalties.order_by().values("id")),
        CustomAttribute: CustomAttribute.history.filter(group_id__in=groups),
        SyncChange: SyncChange.objects.filter(by_sync),
    }
    return Timeline(source for model, source in sources.items() if visible(model))
