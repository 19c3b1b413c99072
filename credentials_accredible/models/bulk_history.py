"""The history of bulk statements, kept in bulk: what issues them calls this, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from credentials_accredible.models.history import (
    CHANGED,
    CREATED,
    DELETED,
    acting_user,
    as_found,
    attnames,
    occasion,
    on,
)

_APP = "credentials_accredible"

# Rows of one statement.
_BATCH = 100


@contextmanager
def noting(rows: models.QuerySet[Any]) -> Iterator[None]:
    """Keep what an ``update()`` of ``rows`` within the block changes. Wants a transaction around it."""
    model = rows.model
    pk = model._meta.pk.name
    before = {values[pk]: values for values in _values(rows)}
    yield
    after = {values[pk]: values for values in _values(model._default_manager.filter(pk__in=before))}
    tracked = attnames(model._meta.get_field(name) for name in model.history_of.tracked)
    changed = [key for key, now in after.items() if any(now[name] != before[key][name] for name in tracked)]
    known = set(model.history.filter(**{f"{pk}__in": changed}).values_list(pk, flat=True))
    found = dict(model._default_manager.filter(pk__in=set(changed) - known).values_list("pk", "created"))
    model.history.bulk_create([as_found(model, before[key], created) for key, created in found.items()])
    model.history.bulk_create(_entries(model, CHANGED, (after[key] for key in changed)), batch_size=_BATCH)


def note_created(rows: models.QuerySet[Any]) -> None:
    """Keep that ``rows`` are new, and what they have chosen, after a ``bulk_create()`` of them."""
    model = rows.model
    pk = model._meta.pk.name
    stored = list(_values(rows))
    model.history.bulk_create(_entries(model, CREATED, stored), batch_size=_BATCH)
    keys = [values[pk] for values in stored]
    for field in model.history_of.get_m2m_fields_from_model(model):
        # MySQL does not say which keys the rows of a bulk statement got.
        made = dict(model.history.filter(**{f"{pk}__in": keys}, history_type=CREATED).values_list(pk, "history_id"))
        own = f"{field.m2m_field_name()}_id"
        chosen = field.remote_field.through._default_manager.filter(**{f"{own}__in": keys}).values()
        kept = model.history_of.m2m_models[field]
        kept._default_manager.bulk_create(
            (kept(history_id=made[values[own]], **values) for values in chosen), batch_size=_BATCH
        )


def delete(rows: models.QuerySet[Any], *, referred: bool = False) -> None:
    """Delete ``rows`` and keep what they were: in one statement, past signals and what refers to them.

    With ``referred``, Django looks after what refers to them.
    """
    rows.model.history.bulk_create(_entries(rows.model, DELETED, _values(rows)), batch_size=_BATCH)
    if referred:
        with on(occasion.get()._replace(noted=True)):
            rows.delete()
    else:
        rows.order_by()._raw_delete(rows.db)


def older_than(moment: datetime) -> list[models.QuerySet[Any]]:
    """The history before ``moment``, a queryset for each model, and first what was chosen then."""
    tracked: Any = [model for model in apps.get_app_config(_APP).get_models() if hasattr(model, "history_of")]
    chosen = [kept for model in tracked for kept in model.history_of.chosen_models(model)]
    return [
        *(kept._default_manager.filter(history__history_date__lt=moment) for kept in chosen),
        *(model.history.filter(history_date__lt=moment) for model in tracked),
    ]


def _entries(model: Any, history_type: str, values: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    row, user, reason, now = model.history.model, acting_user(), occasion.get().reason or None, timezone.now()
    for each in values:
        yield row(
            history_type=history_type,
            history_date=now,
            history_user=user,
            history_change_reason=reason,
            **each,
        )


def _values(rows: models.QuerySet[Any]) -> Iterable[dict[str, Any]]:
    return rows.order_by("pk").values(*attnames(rows.model.history_of.fields_included(rows.model)))
