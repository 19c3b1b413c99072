"""Entries of several tables as one sequence, the newest first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import ManyToManyField, Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    SyncChange,
    SyncRun,
)
from credentials_accredible.models.history import DELETED


@dataclass(frozen=True)
class Difference:
    """A field before and after; texts for people."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One change of one object.

    ``pk`` is its primary key, ``exists`` whether it still does; ``parent`` is what it belongs to, ``belongs_to`` its
    name. ``action`` is "+", "~" or "-", or what a sync did. ``run`` is that sync, if it was one.
    """

    when: datetime
    action: str
    model: type[Model]
    pk: int | None
    name: str
    exists: bool
    parent: tuple[type[Model], int] | None = None
    belongs_to: str = ""
    user: Any = None
    reason: str = ""
    differences: Sequence[Difference] = ()
    run: SyncRun | None = None


class Names:
    """What objects are called, those that are gone included; asked for all at once."""

    def __init__(self) -> None:
        self._asked: dict[Any, set[int]] = {}
        self._live: dict[Any, dict[int, str]] = {}
        self._gone: dict[Any, dict[int, str]] = {}

    def ask(self, model: Any, keys: Iterable[int | None]) -> None:
        """Note whose names will be needed."""
        self._asked.setdefault(model, set()).update(key for key in keys if key is not None)

    def answer(self) -> None:
        """Look them up, in one query for each model, and one more for those that are gone."""
        for model, keys in self._asked.items():
            self._live[model] = {row.pk: str(row) for row in model._default_manager.filter(pk__in=keys)}
            missing = keys - self._live[model].keys()
            if missing and hasattr(model, "history"):
                rows = model.history.filter(id__in=missing).order_by("history_id")
                self._gone[model] = {row.id: str(row.history_object) for row in rows}

    def exists(self, model: Any, key: int | None) -> bool:
        """Whether there still is such an object."""
        return key in self._live.get(model, {})

    def of(self, model: Any, key: int | None) -> str:
        """The name of one: its last one, where it is gone."""
        if key is None:
            return ""
        return self._live.get(model, {}).get(key) or self._gone.get(model, {}).get(key) or f"{key}"


# By what a model's rows belong to another one. It never changes, so it is said beside what did.
_PARENTS: dict[Any, str] = {
    BadgeRequirement: "group",
    BadgePenalty: "group",
    CustomAttribute: "group",
    DataRule: "requirement",
    PenaltyDataRule: "penalty",
}


class Changes:
    """Rows of the history of one model, each with the one before it."""

    def __init__(self, source: QuerySet[Any], keys: Collection[int]) -> None:
        history = source.model
        self.model: Any = history.instance_type
        # Of the object as a whole: what is shown may be a part of its history.
        before = history._default_manager.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        newest_before = before.order_by("-history_id").values("history_id")[:1]
        rows = history._default_manager.filter(pk__in=keys).select_related("history_user")
        self.rows: list[Any] = list(rows.annotate(previous=Subquery(newest_before)))
        self.previous = history._default_manager.in_bulk([row.previous for row in self.rows if row.previous])
        self.parent = _PARENTS.get(self.model, "")
        self.chosen = self._read_chosen()

    def _read_chosen(self) -> dict[tuple[int, str], set[int]]:
        chosen: dict[tuple[int, str], set[int]] = {}
        keys = [*self.previous, *(row.pk for row in self.rows)]
        for field in self._many():
            kept = self.model.history_of.m2m_models[field]._default_manager.filter(history__in=keys)
            for row, target in kept.values_list("history", f"{field.m2m_reverse_field_name()}_id"):
                chosen.setdefault((row, field.name), set()).add(target)
        return chosen

    def _many(self) -> list[Any]:
        fields: list[Any] = self.model.history_of.get_m2m_fields_from_model(self.model)
        return fields

    def ask(self, names: Names) -> None:
        """Say whose names are needed."""
        names.ask(self.model, (row.id for row in self.rows))
        for field in self._fields():
            if field.remote_field:
                for row in [*self.rows, *self.previous.values()]:
                    names.ask(field.related_model, self._keys(row, field))
        if self.parent:
            field = self.model._meta.get_field(self.parent)
            names.ask(field.related_model, (getattr(row, field.attname) for row in self.rows))

    def entries(self, names: Names) -> Iterable[tuple[int, Entry]]:
        """The entries, each with the primary key of its row."""
        for row in self.rows:
            parent = self.model._meta.get_field(self.parent) if self.parent else None
            key = getattr(row, parent.attname) if parent else None
            yield (
                row.pk,
                Entry(
                    when=row.history_date,
                    action=row.history_type,
                    model=self.model,
                    pk=row.id,
                    name=str(row.history_object),
                    exists=names.exists(self.model, row.id),
                    parent=(parent.related_model, key) if parent and key is not None else None,
                    belongs_to=names.of(parent.related_model, key) if parent else "",
                    user=row.history_user,
                    reason=gettext(row.history_change_reason) if row.history_change_reason else "",
                    differences=self._differences(row, names),
                ),
            )

    def _differences(self, row: Any, names: Names) -> list[Difference]:
        old = row if row.history_type == DELETED else self.previous.get(row.previous)
        new = None if row.history_type == DELETED else row
        found = []
        for field in self._fields():
            before, after = self._text(old, field, names), self._text(new, field, names)
            if before != after:
                found.append(Difference(str(field.verbose_name), before, after))
        return found

    def _fields(self) -> list[Any]:
        tracked = self.model.history_of.tracked
        own = [field for field in self.model._meta.fields if field.name in tracked and field.name != self.parent]
        return own + self._many()

    def _keys(self, row: Any, field: Any) -> Collection[int]:
        if isinstance(field, ManyToManyField):
            if row.history_type == DELETED:
                # By then, what had been chosen was gone already.
                row = self.previous.get(row.previous, row)
            return self.chosen.get((row.pk, field.name), set())
        key = getattr(row, field.attname)
        return set() if key is None else {key}

    def _text(self, row: Any, field: Any, names: Names) -> str:
        if row is None:
            return ""
        if field.remote_field:
            return ", ".join(sorted(names.of(field.related_model, key) for key in self._keys(row, field)))
        value = getattr(row, field.attname)
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        return str(dict(field.flatchoices).get(value, "" if value is None else value))


class Syncs:
    """Rows of what syncs did."""

    def __init__(self, source: QuerySet[Any], keys: Collection[int]) -> None:
        self.rows = list(source.model._default_manager.filter(pk__in=keys).select_related("sync_run__user"))

    def ask(self, names: Names) -> None:
        """Say whose names are needed."""
        names.ask(AccredibleGroup, (row.group_id for row in self.rows))

    def entries(self, names: Names) -> Iterable[tuple[int, Entry]]:
        """The entries, each with the primary key of its row."""
        for row in self.rows:
            yield (
                row.pk,
                Entry(
                    when=row.sync_run.started_at,
                    action=row.action,
                    model=AccredibleGroup,
                    pk=row.group_id,
                    name=row.name,
                    exists=names.exists(AccredibleGroup, row.group_id),
                    user=row.sync_run.user,
                    differences=[
                        Difference(field_label(field["field"]), _plain(field["old"]), _plain(field["new"]))
                        for field in row.fields
                    ],
                    run=row.sync_run,
                ),
            )


def field_label(name: str) -> str:
    """What people call a field of a group."""
    known = {field.name: field for field in AccredibleGroup._meta.fields}
    return str(known[name].verbose_name) if name in known else name


def _plain(value: object) -> str:
    return "" if value is None else str(value)


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
