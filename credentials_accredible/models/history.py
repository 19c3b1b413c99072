"""Who changed what is configured, and when: a row of history for every change.

``History`` keeps it as rows are saved and deleted. Bulk statements send no signals: ``noting``, ``note_created`` and
``delete`` keep it for them.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple

import crum
from django.apps import apps
from django.db import models
from django.db.models.signals import pre_save
from django.utils import timezone
from django.utils.translation import gettext_noop
from simple_history.models import HistoricalRecords

from credentials_accredible.database import batches, insert_selected, text_bytes
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.secrets import Secret

CREATED, CHANGED, DELETED = "+", "~", "-"

KEY_CHANGED = gettext_noop("The API key was changed.")
AS_FOUND = gettext_noop("As it was before the first change on record.")

_REASON_LENGTH = 255
# Rows of one statement.
_BATCH = 100
# Where an object keeps what was stored of it, from just before it is saved until just after.
_STORED = "_history_stored"


class _Occasion(NamedTuple):
    """What changes are made for, and by whom where no request says so; whether they are in the history already."""

    reason: str | None = None
    user: Any = None
    noted: bool = False


_NO_OCCASION = _Occasion()
_occasion: ContextVar[_Occasion] = ContextVar("credentials_accredible_history", default=_NO_OCCASION)


@contextmanager
def because(reason: str, *, user: Any = None) -> Iterator[None]:
    """Give every change within this ``reason``, 255 characters at most, and ``user`` where there is no request."""
    with _on(_Occasion(reason[:_REASON_LENGTH], user)):
        yield


class History(HistoricalRecords):  # type: ignore[misc]  # simple_history has no types
    """The history of a model: of the fields that are named here, and of no others.

    A change of ``tracked`` or ``chosen`` (many to many) is kept, saving anything else is not. ``labels`` go with it, to
    tell what it was about once the object is gone. Of ``masked`` it says that it was changed, and nothing else.
    """

    # Settings of the host would decide about an index, and no setting may reach a migration.
    _date_indexing = False

    def __init__(
        self, tracked: Collection[str], *, labels: Collection[str] = (), chosen: Collection[Any] = (), masked: str = ""
    ) -> None:
        super().__init__(
            bases=(HistoryRow,),
            m2m_bases=(HistoryChoice,),
            m2m_fields=chosen,
            history_id_field=models.BigAutoField(),
            history_change_reason_field=models.CharField(max_length=_REASON_LENGTH, null=True),
            get_user=lambda **_kwargs: _acting_user(),
        )
        self.tracked = tracked
        self.labels = labels
        self.masked = masked

    def finalize(self, sender: type[models.Model], **kwargs: Any) -> None:
        """Set up the history of ``sender``, once Django has prepared that class."""
        super().finalize(sender, **kwargs)
        if sender is self.cls:
            sender.history_of = self
            pre_save.connect(self.pre_save, sender=sender, weak=False)

    def fields_included(self, model: type[models.Model]) -> list[Any]:
        """The fields that history holds; of a table between two others, all."""
        if model._meta.auto_created:
            return list(model._meta.fields)
        named = {*self.tracked, *self.labels}
        return [field for field in model._meta.fields if field.primary_key or field.name in named]

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        """History is shown with what it is about, so it needs no permissions of its own."""
        return {**super().get_meta_options(model), "default_permissions": ()}

    def get_meta_options_m2m(self, through_model: type[models.Model]) -> dict[str, Any]:
        return {**super().get_meta_options_m2m(through_model), "default_permissions": ()}

    def pre_save(self, instance: Any, raw: bool, update_fields: Collection[str] | None, **_kwargs: Any) -> None:
        """Look at what is stored, where saving ``instance`` can change something of it."""
        instance.__dict__.pop(_STORED, None)
        if raw:
            # A fixture brings its own history; what has been chosen is set on the same object, after this.
            instance.skip_history_when_saving = True
        if raw or instance._state.adding or instance.pk is None:
            return
        names = {*self.tracked, self.masked} - {""}
        if update_fields is not None and names.isdisjoint(update_fields):
            stored: Mapping[str, Any] | None = {}
        else:
            fields = [*_attnames(self.fields_included(type(instance))), *filter(None, [self.masked])]
            stored = type(instance)._default_manager.filter(pk=instance.pk).values(*fields).first()
        instance.__dict__[_STORED] = (stored, update_fields)

    def post_save(self, instance: Any, created: bool, using: str | None = None, **kwargs: Any) -> None:
        """Keep the change that saving has made, if it has made one."""
        stored, written = instance.__dict__.pop(_STORED, (None, None))
        if hasattr(instance, "skip_history_when_saving"):
            # Older versions keep what is created all the same.
            return
        if created or stored is None:
            super().post_save(instance, created, using=using, **kwargs)
            return
        changed = self._changed(instance, stored, written)
        if not changed:
            return
        if not _history(instance).filter(**{instance._meta.pk.name: instance.pk}).exists():
            _history(instance).bulk_create([_as_found(type(instance), stored, instance.created)])
        saved = copy.copy(instance)
        for name, value in stored.items():
            if name not in changed and name != self.masked:
                setattr(saved, name, value)
        reasons = [_occasion.get().reason, KEY_CHANGED if self.masked in changed else ""]
        saved._change_reason = " ".join(filter(None, reasons)) or None
        super().post_save(saved, created, using=using, **kwargs)

    def m2m_changed(self, instance: Any, action: str, attr: str, pk_set: Any, reverse: bool, **kwargs: Any) -> None:
        """Keep a change of what was chosen, on the side that has chosen it."""
        if action != "post_clear" and not pk_set:
            return
        objs = [instance] if not reverse else self.cls._default_manager.filter(pk__in=pk_set or ())
        for obj in objs:
            super().m2m_changed(obj, action, attr, pk_set, False, **kwargs)

    def get_change_reason_for_object(self, instance: Any, history_type: str, using: str | None) -> str | None:
        """The object's own reason, or that of the block it is changed in."""
        return super().get_change_reason_for_object(instance, history_type, using) or _occasion.get().reason

    def post_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        if not _occasion.get().noted:
            super().post_delete(instance, using=using, **kwargs)

    def chosen_models(self, model: type[models.Model]) -> list[Any]:
        """The tables of what was chosen."""
        return [self.m2m_models[field] for field in self.get_m2m_fields_from_model(model)]

    def _changed(self, instance: Any, stored: Mapping[str, Any], written: Collection[str] | None) -> set[str]:
        changed = set()
        for field in type(instance)._meta.fields:
            if field.attname not in stored or (written is not None and field.name not in written):
                continue
            before, now = stored[field.attname], getattr(instance, field.attname)
            if field.name == self.masked:
                if _is_other(before, Secret.of(now)):
                    changed.add(field.name)
            elif field.name in self.tracked and field.to_python(now) != before:
                changed.add(field.attname)
        return changed


class HistoryRow(models.Model):
    """What something that is configured was like after a change of it.

    .. pii: Links a member of staff to what they did.
    .. pii_types: id
    .. pii_retirement: retained
    """

    class Meta:
        abstract = True


class HistoryChoice(models.Model):
    """One of the requirements that a penalty took back after a change of it.

    .. no_pii: Configuration.
    """

    class Meta:
        abstract = True


@contextmanager
def noting(rows: models.QuerySet[Any]) -> Iterator[None]:
    """Keep what an ``update()`` of ``rows`` within the block changes. Wants a transaction around it."""
    model = rows.model
    pk = model._meta.pk.name
    before = {values[pk]: values for values in _values(rows)}
    yield
    after = {values[pk]: values for values in _values(model._default_manager.filter(pk__in=before))}
    tracked = _attnames(model._meta.get_field(name) for name in model.history_of.tracked)
    changed = [key for key, now in after.items() if any(now[name] != before[key][name] for name in tracked)]
    known = set(model.history.filter(**{f"{pk}__in": changed}).values_list(pk, flat=True))
    found = dict(model._default_manager.filter(pk__in=set(changed) - known).values_list("pk", "created"))
    model.history.bulk_create([_as_found(model, before[key], created) for key, created in found.items()])
    _keep(model, CHANGED, (after[key] for key in changed))


def note_created(rows: models.QuerySet[Any]) -> None:
    """Keep that ``rows`` are new, and what they have chosen, after a ``bulk_create()`` of them."""
    model = rows.model
    pk = model._meta.pk.name
    stored = list(_values(rows))
    _keep(model, CREATED, stored)
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
    names = _attnames(rows.model.history_of.fields_included(rows.model))
    held = {name: models.F(name) for name in names}
    insert_selected(rows.model.history.model, rows.order_by("pk"), **held, **_circumstances(DELETED))
    if referred:
        with _on(_occasion.get()._replace(noted=True)):
            rows.delete()
    else:
        rows.order_by()._raw_delete(rows.db)


def older_than(moment: datetime) -> list[models.QuerySet[Any]]:
    """The history before ``moment``, a queryset for each model, and first what was chosen then."""
    tracked: Any = [
        model for model in apps.get_app_config("credentials_accredible").get_models() if hasattr(model, "history_of")
    ]
    chosen = [kept for model in tracked for kept in model.history_of.chosen_models(model)]
    return [
        *(kept._default_manager.filter(history__history_date__lt=moment) for kept in chosen),
        *(model.history.filter(history_date__lt=moment) for model in tracked),
    ]


def _acting_user() -> Any:
    """Who is at work: the user of the request, where there is one; else who is named by ``because``."""
    user = crum.get_current_user()
    return user if user is not None and user.is_authenticated else _occasion.get().user


@contextmanager
def _on(this: _Occasion) -> Iterator[None]:
    token = _occasion.set(this)
    try:
        yield
    finally:
        _occasion.reset(token)


def _as_found(model: Any, stored: Mapping[str, Any], created: Any) -> Any:
    held = {name: stored[name] for name in _attnames(model.history_of.fields_included(model))}
    return model.history.model(history_type=CREATED, history_date=created, history_change_reason=AS_FOUND, **held)


def _keep(model: Any, history_type: str, values: Iterable[Mapping[str, Any]]) -> None:
    for batch in batches(_entries(model, history_type, values), _BATCH, text_bytes):
        model.history.bulk_create(batch)


def _entries(model: Any, history_type: str, values: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    circumstances = _circumstances(history_type)
    for each in values:
        yield model.history.model(**circumstances, **each)


def _circumstances(history_type: str) -> dict[str, Any]:
    user = _acting_user()
    return {
        "history_type": history_type,
        "history_date": timezone.now(),
        "history_user_id": user.pk if user else None,
        "history_change_reason": _occasion.get().reason,
    }


def _values(rows: models.QuerySet[Any]) -> Iterable[dict[str, Any]]:
    return rows.order_by("pk").values(*_attnames(rows.model.history_of.fields_included(rows.model)))


def _attnames(fields: Iterable[Any]) -> list[str]:
    return [field.attname for field in fields]


def _history(instance: Any) -> Any:
    return type(instance).history


def _is_other(before: Secret, now: Secret) -> bool:
    """Whether ``now`` is another key, and not the same one encrypted again; so it is where nobody can tell."""
    if before.encrypted() == now.encrypted():
        return False
    try:
        return before != now
    except ConfigurationError:  # what could open the former key may be gone
        return True
