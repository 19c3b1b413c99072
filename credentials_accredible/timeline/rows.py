"""Turns rows of history, and of what syncs did, into entries: all that a page shows of one table at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import ManyToManyField, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
)
from credentials_accredible.models.history import DELETED
from credentials_accredible.timeline.entry import Difference, Entry, Names

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
