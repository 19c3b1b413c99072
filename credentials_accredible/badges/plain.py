"""What events hold, as JSON that every supported database can keep. Pure, and nothing here raises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import attr
from opaque_keys import OpaqueKey

_LONGEST_TEXT = 10_000
_MOST_VALUES = 5_000
# MariaDB takes 32 levels for JSON.
_DEEPEST = 20
_LARGEST_NUMBER = 2**53


def plain(value: object) -> Any:
    """``value`` as JSON: objects of the events' data classes become dicts, keys, UUIDs and times their text.

    What is none of these is named by its class. Long texts are cut, and very large values are kept in part.
    """
    return _Writer().write(value, 0)


def text(value: str, longest: int = _LONGEST_TEXT) -> str:
    """``value`` without what some database refuses: NUL, and halves of characters; cut to ``longest`` characters."""
    return value[:longest].replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def member(holder: object, name: str) -> object:
    """What ``holder`` has under that name; None where it has nothing, or raises."""
    try:
        return getattr(holder, name, None)
    except Exception:  # whatever an object of a payload does when it is asked
        return None


class _Writer:
    """Counts as it goes, because a payload can be endless."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def write(self, value: object, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            return "…"
        try:
            return self._write(value, depth)
        except Exception:  # whatever an object of a payload does when it is looked at
            return f"<{type(value).__name__}>"

    def _write(self, value: object, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {text(str(name), 255): self.write(value[name], depth + 1) for name in self._some(value)}
        kind: Any = type(value)
        if attr.has(kind):
            names = [field.name for field in attr.fields(kind)]
            return {name: self.write(getattr(value, name, None), depth + 1) for name in names}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.write(item, depth + 1) for item in self._some(value)]
        return _scalar(value)

    def _some(self, values: Any) -> list[Any]:
        return [value for value, _left in zip(values, range(max(self._left, 0)), strict=False)]


def _scalar(value: object) -> Any:
    if value is None or isinstance(value, bool):
        return value
    # JSON has no infinity, and MySQL's own JSON type keeps very large numbers inexactly.
    if isinstance(value, int | float) and abs(value) <= _LARGEST_NUMBER:
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        return text(str.__str__(value))
    if isinstance(value, int | float | Decimal | OpaqueKey | UUID):
        return text(str(value))
    return f"<{type(value).__name__}>"
