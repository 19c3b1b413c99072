"""One change, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from credentials_accredible.models import SyncRun


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
