"""The service's own tables: which there are, and what they can hold of a text.

Many installations on MySQL have them in utf8mb3 or latin1. What they hold is asked only where ``host.may_hold_less``.
Strict servers refuse such a text (1366), others cut it, and none compares it with a column that cannot hold it (1267).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import connections, router
from django.db.models import Model

# Where the server's name for a character set is not Python's, or says more than Python's does. None: all but what
# takes four bytes in UTF-8.
_EVERYTHING = "utf-8"
_CODECS = {
    "utf8mb4": _EVERYTHING, "utf8mb3": None, "utf8": None, "ucs2": None, "latin1": "cp1252", "binary": _EVERYTHING,
}  # fmt: skip
_LAST_OF_THREE_BYTES = 0xFFFF


def installed_model(label: str, name: str) -> Any:
    """That model of the service's app of that label; None where it has none."""
    try:
        return apps.get_model(label, name)
    except LookupError:
        return None


def held(field: Any, text: str) -> str:
    """``text`` without the characters that the column of ``field`` cannot hold."""
    if text.isascii():
        return text
    codec = _codec_of(field)
    if codec is None:
        kept = "".join(character for character in text if ord(character) <= _LAST_OF_THREE_BYTES)
    else:
        kept = text.encode(codec, "ignore").decode(codec)
    # What stood between two characters that go stands alone now.
    return kept if kept == text else " ".join(kept.split())


def holds(field: Any, text: str) -> bool:
    """Whether the column of ``field`` can hold ``text``, and be compared with it."""
    return held(field, text) == text


def holds_everything(field: Any) -> bool:
    """Whether the column of ``field`` can hold any text."""
    return _codec_of(field) == _EVERYTHING


def lookups_that_hold(model: type[Model], lookups: Iterable[str], text: str) -> list[str]:
    """Those of ``lookups``, paths of fields as searches have them, whose columns can be compared with ``text``."""
    return [lookup for lookup in lookups if holds(_field(model, lookup.lstrip("^=@")), text)]


def _field(model: type[Model], path: str) -> Any:
    field: Any = model._meta.pk
    for name in path.split("__"):
        field = model._meta.get_field(name)
        if field.related_model is None:
            break  # what follows is within the field, as of JSON
        model = field.related_model
    return field


def _codec_of(field: Any) -> str | None:
    return _codec(router.db_for_write(field.model), field.model._meta.db_table, field.column)


@lru_cache(maxsize=64)
def _codec(alias: str, table: str, column: str) -> str | None:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT character_set_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = %s AND column_name = %s",
            [table, column],
        )
        row = cursor.fetchone()
    name = (row and row[0]) or "utf8mb4"
    if name in _CODECS:
        return _CODECS[name]
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "ascii"
