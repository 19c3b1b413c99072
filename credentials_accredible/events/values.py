"""Values of events in the one form that rules compare, texts read as such values, and values as JSON.

A fact is a bool, a Decimal, a datetime in UTC, a str, a tuple of these, or None where the event says nothing. Keys and
UUIDs are their text, a date is its midnight in UTC, a time without a zone is in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import attr
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from opaque_keys import OpaqueKey

Fact: TypeAlias = bool | Decimal | datetime | str | tuple[Any, ...] | None

# The words that Open edX documents for boolean values. Any letter case is accepted, so that TRUE means what it says.
TRUE_WORDS = ("true", "yes", "+")
FALSE_WORDS = ("false", "no", "-")

SEQUENCES = (list, tuple, set, frozenset)

_LONGEST_NUMBER = 255
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].+)?", re.ASCII)

# Of what is kept as JSON.
_LONGEST_TEXT = 10_000
_MOST_VALUES = 5_000
# MariaDB takes 32 levels for JSON.
_DEEPEST = 20
_LARGEST_NUMBER = 2**53


class Kind(TextChoices):
    """What a path leads to."""

    BOOLEAN = "boolean", _("true or false")
    INTEGER = "integer", _("whole number")
    NUMBER = "number", _("number")
    TEXT = "text", _("text")
    DATETIME = "datetime", _("date and time")
    DATE = "date", _("date")
    COURSE_KEY = "course_key", _("course key")
    CCX_KEY = "ccx_key", _("CCX course key")
    USAGE_KEY = "usage_key", _("usage key")
    KEY = "key", _("key")
    LIST = "list", _("list")


_EXAMPLES = {
    Kind.BOOLEAN: "true",
    Kind.INTEGER: "1",
    Kind.NUMBER: "0.83",
    Kind.TEXT: "example",
    Kind.DATETIME: "2030-01-31T12:00:00Z",
    Kind.DATE: "2030-01-31",
    Kind.COURSE_KEY: "course-v1:edX+DemoX+Demo_Course",
    Kind.CCX_KEY: "ccx-v1:edX+DemoX+Demo_Course+ccx@1",
    Kind.USAGE_KEY: "block-v1:edX+DemoX+Demo_Course+type@problem+block@example",
    Kind.KEY: "lib:edX:example",
    Kind.LIST: "example",
}


def example(kind: Kind) -> str:
    """A text that can be read as that kind."""
    return _EXAMPLES[kind]


def fact(value: object, kind: Kind | None = None) -> Fact:
    """``value`` as a fact, None where it is none; text is read as ``kind`` where it can be. Never raises."""
    try:
        if isinstance(value, SEQUENCES):
            # Not lists within lists: nothing compares them, and they could contain themselves.
            return tuple(_scalar(item, None) for item in value) if kind in (Kind.LIST, None) else None
        return _scalar(value, kind)
    except Exception:  # whatever an object of a payload does when it is looked at
        return None


def read(kind: Kind, text: str) -> Fact:
    """The fact that ``text`` stands for at a path of that kind; ValueError where it stands for none."""
    found = fact(text, kind)
    if kind in _READERS and isinstance(found, str):
        raise ValueError(gettext("%(text)s cannot be read as %(kind)s") % {"text": repr(text), "kind": kind.value})
    return found


def boolean(text: str) -> bool | None:
    """True or False for one of the documented words, else None."""
    word = text.strip().lower()
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None


def number(text: str) -> Decimal | None:
    """The number that ``text`` is, exactly; None for any other text, "NaN" and "Infinity" included."""
    text = text.strip()
    return Decimal(text) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else None


def instant(text: str) -> datetime | None:
    """The time that ``text`` is in ISO 8601, in UTC; None for any other text. No zone: UTC. No time: midnight."""
    text = text.strip()
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def jsonable(value: object) -> Any:
    """``value`` as JSON: objects of the events' data classes become dicts, keys, UUIDs and times their text.

    What is none of these is named by its class. Long texts are cut, and very large values are kept in part.
    """
    return _Writer().write(value, 0)


def text(value: str, longest: int = _LONGEST_TEXT) -> str:
    """``value`` without what some database refuses: NUL, and halves of characters; cut to ``longest`` characters."""
    return value[:longest].replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_READERS = {
    Kind.BOOLEAN: boolean,
    Kind.INTEGER: number,
    Kind.NUMBER: number,
    Kind.DATETIME: instant,
    Kind.DATE: instant,
}


def _scalar(value: object, kind: Kind | None) -> Fact:
    found: Fact = None
    if isinstance(value, bool):
        found = value
    elif isinstance(value, int | float | Decimal):
        # By way of its text, a float is the number people see: 0.83, not the binary fraction beside it.
        exact = Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)
        found = None if exact.is_nan() else exact
    elif isinstance(value, datetime):
        found = _in_utc(value)
    elif isinstance(value, date):
        found = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        text = str.__str__(value)
        understood = _READERS[kind](text) if kind in _READERS else None
        found = text if understood is None else understood
    elif isinstance(value, OpaqueKey | UUID):
        found = str(value)
    return found


def _in_utc(value: datetime) -> datetime:
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(UTC)


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
        if isinstance(value, SEQUENCES):
            return [self.write(item, depth + 1) for item in self._some(value)]
        return _json_scalar(value)

    def _some(self, values: Any) -> list[Any]:
        return [value for value, _left in zip(values, range(max(self._left, 0)), strict=False)]


def _json_scalar(value: object) -> Any:
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
