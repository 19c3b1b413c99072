"""What Open edX events say: the paths into an event type's data, and payloads turned into facts.

A path leads from the event's data class to a value, as ``course.course_key``. An event type whose payload is a single
object, as every one of openedx-events is, has its paths start inside that object, which is how the documentation of
Open edX badges writes them. Where a payload has several members, a path starts with the member's name.

Fact: a value in the one form that rules compare: bool, Decimal, datetime in UTC, str, a tuple of these, or None where
the event says nothing. Keys and UUIDs are their text, a date is its midnight in UTC, a time without a zone is in UTC.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin
from uuid import UUID

import attr
from ccx_keys.locator import CCXLocator
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from opaque_keys import OpaqueKey
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx_events.learning.data import UserData
from openedx_events.tooling import OpenEdxPublicSignal, load_all_signals

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError

Fact: TypeAlias = bool | Decimal | datetime | str | tuple[Any, ...] | None

# The words that Open edX documents for boolean values. Any letter case is accepted, so that TRUE means what it says.
TRUE_WORDS = ("true", "yes", "+")
FALSE_WORDS = ("false", "no", "-")

_LONGEST_NUMBER = 255
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].+)?", re.ASCII)
_MOST_NODES = 1000
_SEQUENCES = (list, tuple, set, frozenset)


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


# The first that fits: a bool is an int, a datetime a date, a CCX key a course key.
_KINDS = (
    (bool, Kind.BOOLEAN),
    (int, Kind.INTEGER),
    ((float, Decimal), Kind.NUMBER),
    (datetime, Kind.DATETIME),
    (date, Kind.DATE),
    (CCXLocator, Kind.CCX_KEY),
    (CourseKey, Kind.COURSE_KEY),
    (UsageKey, Kind.USAGE_KEY),
    (OpaqueKey, Kind.KEY),
    ((str, UUID), Kind.TEXT),
)

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


@dataclass(frozen=True)
class KeyPath:
    """A place in the data of an event type, and what kind of value stands there."""

    path: str
    kind: Kind

    @property
    def label(self) -> str:
        """The path and its kind, for people."""
        return f"{self.path} ({self.kind.label})"


def is_known(event_type: str) -> bool:
    """Whether a signal of that type is defined, here or by openedx-events."""
    return _signal(event_type) is not None


def carries_user(event_type: str) -> bool:
    """Whether events of that type say which learner they are about: UserData anywhere, except inside a list."""
    return any(isinstance(found, type) and issubclass(found, UserData) for _, found in _nodes_of(_signal(event_type)))


def keypaths(event_type: str, ignored: Collection[str] | None = None) -> list[KeyPath]:
    """The paths of that event type that rules can compare, in the order of its data classes.

    Dicts and lists of objects are not among them, nor is what ``ignored`` ends with (None: the setting); the name of
    the payload's member counts there, so that ``user.id`` also means an event that is nothing but a user. An
    unknown type has no paths. ConfigurationError where the setting is no list.
    """
    endings = tuple(f".{entry}" for entry in (ignored_keypaths() if ignored is None else ignored))
    leaves = _leaves(_signal(event_type))
    return [keypath for names, keypath in leaves if not f".{'.'.join(names)}".endswith(endings)]


def ignored_keypaths() -> list[str]:
    """The setting ``IGNORED_KEYPATHS``; ConfigurationError where it is no list of paths."""
    written = conf.get("IGNORED_KEYPATHS")
    if not isinstance(written, _SEQUENCES) or not all(isinstance(item, str) for item in written):
        raise ConfigurationError(f"{conf.SETTING}['IGNORED_KEYPATHS'] must be a list of key paths.")
    return list(written)


def sample(event_type: str) -> dict[str, str]:
    """An example text for every path that is offered for that event type, readable as the path's kind."""
    return {keypath.path: _EXAMPLES[keypath.kind] for keypath in keypaths(event_type)}


def example(kind: Kind) -> str:
    """A text that can be read as that kind."""
    return _EXAMPLES[kind]


def flatten(event_type: str, payload: object) -> dict[str, Fact]:
    """The facts of a payload (the signal's keyword arguments), one for each path of its event type, ignored or not.

    What the payload lacks, or holds in a form that is no fact, is None. Members may be objects of the event's data
    classes or mappings of the same shape, as they come from JSON. Never raises.
    """
    facts = {}
    for names, keypath in _leaves(_signal(event_type)):
        found = payload
        for name in names:
            found = _member(found, name)
        facts[keypath.path] = fact(found, keypath.kind)
    return facts


def user_data(payload: object) -> UserData | None:
    """The UserData in a payload that is nearest to the top, the first of several in the order of the data classes.

    An exam attempt is about its student, then, not about who requested it. Never raises.
    """
    waiting = deque([payload])
    for _turn in range(_MOST_NODES):
        if not waiting:
            break
        found = waiting.popleft()
        if issubclass(type(found), UserData):  # isinstance would ask the object, which may raise
            return found
        waiting.extend(_members(found))
    return None


def fact(value: object, kind: Kind | None = None) -> Fact:
    """``value`` as a fact, None where it is none; text is read as ``kind`` where it can be. Never raises."""
    try:
        if isinstance(value, _SEQUENCES):
            # Not lists within lists: nothing compares them, and they could contain themselves.
            return tuple(_scalar(item, None) for item in value) if kind in (Kind.LIST, None) else None
        return _scalar(value, kind)
    except Exception:  # whatever an object of a payload does when it is looked at
        return None


def read(kind: Kind, text: str) -> Fact:
    """The fact that ``text`` stands for at a path of that kind; ValueError where it stands for none."""
    found = fact(text, kind)
    if kind in _READERS and isinstance(found, str):
        raise ValueError(f"{text!r} cannot be read as {kind.value}")
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


def _member(holder: object, name: str) -> object:
    try:
        if isinstance(holder, Mapping):
            return holder.get(name)
        return getattr(holder, name, None) if attr.has(type(holder)) else None
    except Exception:  # a property, or a mapping, that raises
        return None


def _members(holder: object) -> list[object]:
    try:
        if isinstance(holder, Mapping):
            return list(holder.values())
        kind: Any = type(holder)
        return [_member(holder, field.name) for field in attr.fields(kind)] if attr.has(kind) else []
    except Exception:  # a mapping that raises
        return []


_load_signals = cache(load_all_signals)


def _signal(event_type: str) -> OpenEdxPublicSignal | None:
    with contextlib.suppress(KeyError):
        return OpenEdxPublicSignal.get_signal_by_type(event_type)
    _load_signals()
    with contextlib.suppress(KeyError):
        return OpenEdxPublicSignal.get_signal_by_type(event_type)
    return None


@lru_cache(maxsize=256)
def _leaves(signal: OpenEdxPublicSignal | None) -> tuple[tuple[tuple[str, ...], KeyPath], ...]:
    """The names to follow from the payload to each comparable value, and the value's path."""
    kinds: dict[tuple[str, ...], Kind] = {}
    for names, found in _nodes_of(signal):
        kind = _kind(found)
        if kind:
            kinds[names] = _common(kinds.get(names, kind), kind)
    single = signal is not None and len(signal.init_data) == 1
    return tuple((names, KeyPath(".".join(names[single:] or names), kind)) for names, kind in kinds.items())


def _nodes_of(signal: OpenEdxPublicSignal | None) -> Iterator[tuple[tuple[str, ...], Any]]:
    if signal is not None:
        for name, declared in signal.init_data.items():
            yield from _nodes(declared, (name,), ())


def _nodes(declared: Any, names: tuple[str, ...], above: tuple[type, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every place in a declared type, depth first; a class that contains itself is entered once on each way down."""
    for found in _alternatives(declared):
        yield names, found
        if isinstance(found, type) and attr.has(found) and found not in above:
            # Annotations that name what cannot be imported stay texts, and are nothing that rules can compare.
            with contextlib.suppress(Exception):
                attr.resolve_types(found)
            for field in attr.fields(found):
                yield from _nodes(field.type, (*names, field.name), (*above, found))


def _alternatives(declared: Any) -> Iterator[Any]:
    origin = get_origin(declared)
    if origin in (Union, UnionType):
        for argument in get_args(declared):
            yield from _alternatives(argument)
    elif origin is Annotated:
        yield from _alternatives(get_args(declared)[0])
    elif declared is not NoneType:
        yield declared


def _kind(declared: Any) -> Kind | None:
    if declared in (None, Any):
        return Kind.TEXT  # declared as nothing in particular; compared as what it turns out to be
    if (get_origin(declared) or declared) in _SEQUENCES:
        items = [item for argument in get_args(declared) if argument is not ... for item in _alternatives(argument)]
        return Kind.LIST if all(_kind(item) not in (None, Kind.LIST) for item in items) else None
    if not isinstance(declared, type):
        return None
    return next((kind for classes, kind in _KINDS if issubclass(declared, classes)), None)


def _common(one: Kind, other: Kind) -> Kind:
    if one == other:
        return one
    return Kind.NUMBER if {one, other} == {Kind.INTEGER, Kind.NUMBER} else Kind.TEXT
