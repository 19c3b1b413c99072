"""What became of an object and of what is under it: entries of several tables as one sequence, the newest first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import ManyToManyField, Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.models import (
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

# The fields by which rows of a model belong to another one. They never change, so they are shown beside what did.
_PARENTS: dict[Any, str] = {
    BadgeRequirement: "group",
    BadgePenalty: "group",
    CustomAttribute: "group",
    DataRule: "requirement",
    PenaltyDataRule: "penalty",
}
# What a page about a model tells of beside it.
PARTS: dict[Any, tuple[Any, ...]] = {
    AccredibleGroup: (BadgeRequirement, DataRule, BadgePenalty, PenaltyDataRule, CustomAttribute),
    BadgeRequirement: (DataRule,),
    BadgePenalty: (PenaltyDataRule,),
}


class FieldChange(NamedTuple):
    label: str
    old: str
    new: str


class Entry(NamedTuple):
    """One change of one object.

    ``pk`` is its primary key, ``exists`` whether it still does; ``belongs_to`` is the name of what it belongs to.
    ``action`` is "+", "~" or "-", or what a sync did. ``run`` is that sync, if it was one.
    """

    when: datetime
    action: str
    model: type[Model]
    pk: int | None
    name: str
    exists: bool
    belongs_to: str = ""
    user: Any = None
    reason: str = ""
    differences: Sequence[FieldChange] = ()
    run: SyncRun | None = None


def of(model: Any, pk: int, visible: Callable[[Any], bool]) -> Timeline:
    """What became of the object of ``model`` with that primary key, and of what is under it; it may be gone.

    Only of those models that ``visible`` says yes to. A group that was removed and came back is one group.
    """
    if model is AccredibleGroup:
        return _of_group(pk, visible)
    sources = {model: model.history.filter(id=pk)}
    for part in PARTS.get(model, ()):
        sources[part] = part.history.filter(**{_PARENTS[part]: pk})
    return Timeline(source for each, source in sources.items() if visible(each))


def of_all(model: Any, visible: Callable[[Any], bool]) -> Timeline:
    """What became of all objects of ``model``, and of what is under them; as above."""
    return Timeline(each.history.all() for each in (model, *PARTS.get(model, ())) if visible(each))


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
        names = Names()
        read: list[tuple[int, _HistoryRows | _SyncRows]] = []
        for number, source in enumerate(self._sources):
            keys = [key for _when, place, key in wanted if place == number]
            if keys:
                rows = _SyncRows(keys) if source.model is SyncChange else _HistoryRows(source.model, keys)
                rows.ask(names)
                read.append((number, rows))
        names.answer()
        entries = {(number, key): entry for number, rows in read for key, entry in rows.entries(names)}
        return [entries[number, key] for _when, number, key in wanted if (number, key) in entries]

    def _keys(self, number: int, stop: int) -> list[tuple[datetime, int, int]]:
        source = self._sources[number]
        when = "sync_run__started_at" if source.model is SyncChange else "history_date"
        rows = source.order_by(f"-{when}", "-pk").values_list(when, "pk")
        return [(moment, number, key) for moment, key in rows[:stop]]


class Names:
    """What objects are called, those that are gone included; asked for all at once."""

    def __init__(self) -> None:
        self._asked: dict[Any, set[int]] = {}
        self._live: dict[Any, dict[int, str]] = {}
        self._gone: dict[Any, dict[int, str]] = {}

    def ask(self, model: Any, keys: Iterable[int | None]) -> None:
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
        return key in self._live.get(model, {})

    def of(self, model: Any, key: int | None) -> str:
        if key is None:
            return ""
        return self._live.get(model, {}).get(key) or self._gone.get(model, {}).get(key) or f"{key}"


class _SyncRows:
    def __init__(self, keys: Collection[int]) -> None:
        self._rows = list(SyncChange.objects.filter(pk__in=keys).select_related("sync_run__user"))

    def ask(self, names: Names) -> None:
        names.ask(AccredibleGroup, (row.group_id for row in self._rows))

    def entries(self, names: Names) -> Iterable[tuple[int, Entry]]:
        for row in self._rows:
            entry = Entry(
                when=row.sync_run.started_at,
                action=row.action,
                model=AccredibleGroup,
                pk=row.group_id,
                name=row.name,
                exists=names.exists(AccredibleGroup, row.group_id),
                user=row.sync_run.user,
                differences=[
                    FieldChange(api.field_label(field["field"]), _or_nothing(field["old"]), _or_nothing(field["new"]))
                    for field in row.fields
                ],
                run=row.sync_run,
            )
            yield row.pk, entry


class _HistoryRows:
    """Rows of the history of one model, each with the one before it.

    ``diff_against`` of the rows themselves would ask the database once for each row and each reference.
    """

    def __init__(self, history: Any, keys: Collection[int]) -> None:
        self._model: Any = history.instance_type
        # Of the object as a whole: what is shown may be a part of its history.
        before = history._default_manager.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        newest_before = before.order_by("-history_id").values("history_id")[:1]
        rows = history._default_manager.filter(pk__in=keys).select_related("history_user")
        self._rows: list[Any] = list(rows.annotate(previous=Subquery(newest_before)))
        self._previous = history._default_manager.in_bulk([row.previous for row in self._rows if row.previous])
        parent = _PARENTS.get(self._model)
        self._parent: Any = self._model._meta.get_field(parent) if parent else None
        tracked = self._model.history_of.tracked
        own = [field for field in self._model._meta.fields if field.name in tracked and field.name != parent]
        many: list[Any] = self._model.history_of.get_m2m_fields_from_model(self._model)
        self._fields: list[Any] = [*own, *many]
        self._chosen = self._read_chosen(many)

    def _read_chosen(self, many: list[Any]) -> dict[tuple[int, str], set[int]]:
        chosen: dict[tuple[int, str], set[int]] = {}
        keys = [*self._previous, *(row.pk for row in self._rows)]
        for field in many:
            kept = self._model.history_of.m2m_models[field]._default_manager.filter(history__in=keys)
            for row, target in kept.values_list("history", f"{field.m2m_reverse_field_name()}_id"):
                chosen.setdefault((row, field.name), set()).add(target)
        return chosen

    def ask(self, names: Names) -> None:
        names.ask(self._model, (row.id for row in self._rows))
        for field in self._fields:
            if field.remote_field:
                for row in [*self._rows, *self._previous.values()]:
                    names.ask(field.related_model, self._keys(row, field))
        if self._parent:
            names.ask(self._parent.related_model, (getattr(row, self._parent.attname) for row in self._rows))

    def entries(self, names: Names) -> Iterable[tuple[int, Entry]]:
        for row in self._rows:
            parent = self._parent
            entry = Entry(
                when=row.history_date,
                action=row.history_type,
                model=self._model,
                pk=row.id,
                name=str(row.history_object),
                exists=names.exists(self._model, row.id),
                belongs_to=names.of(parent.related_model, getattr(row, parent.attname)) if parent else "",
                user=row.history_user,
                reason=gettext(row.history_change_reason) if row.history_change_reason else "",
                differences=self._differences(row, names),
            )
            yield row.pk, entry

    def _differences(self, row: Any, names: Names) -> list[FieldChange]:
        old = row if row.history_type == DELETED else self._previous.get(row.previous)
        new = None if row.history_type == DELETED else row
        changes = (
            FieldChange(str(field.verbose_name), self._text(old, field, names), self._text(new, field, names))
            for field in self._fields
        )
        return [change for change in changes if change.old != change.new]

    def _keys(self, row: Any, field: Any) -> Collection[int]:
        if isinstance(field, ManyToManyField):
            if row.history_type == DELETED:
                # By then, what had been chosen was gone already.
                row = self._previous.get(row.previous, row)
            return self._chosen.get((row.pk, field.name), set())
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
        if field.name in {"event_type", "data_path"}:
            return api.event_type_words(value) if field.name == "event_type" else api.path_words(value)
        return str(dict(field.flatchoices).get(value, _or_nothing(value)))


def _or_nothing(value: object) -> str:
    return "" if value is None else str(value)
