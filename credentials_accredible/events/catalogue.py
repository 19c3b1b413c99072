"""What Open edX events say: the paths into an event type's data, and payloads turned into facts.

A path leads from the event's data class to a value, as ``course.course_key``. An event type whose payload is a single
object, as every one of openedx-events is, has its paths start inside that object, which is how the documentation of
Open edX badges writes them. Where a payload has several members, a path starts with the member's name.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attr
from ccx_keys.locator import CCXLocator
from opaque_keys import OpaqueKey
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx_events.learning.data import UserData
from openedx_events.tooling import OpenEdxPublicSignal, load_all_signals

from credentials_accredible import conf
from credentials_accredible.events.values import SEQUENCES, Fact, Kind, example, fact
from credentials_accredible.exceptions import ConfigurationError

_MOST_NODES = 1000


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
    if not isinstance(written, SEQUENCES) or not all(isinstance(item, str) for item in written):
        raise ConfigurationError(f"{conf.SETTING}['IGNORED_KEYPATHS'] must be a list of key paths.")
    return list(written)


def sample(event_type: str) -> dict[str, str]:
    """An example text for every path that is offered for that event type, readable as the path's kind."""
    return {keypath.path: example(keypath.kind) for keypath in keypaths(event_type)}


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
            hints = _hints(found)
            for field in attr.fields(found):
                yield from _nodes(hints.get(field.name, field.type), (*names, field.name), (*above, found))


def _hints(declared: type) -> dict[str, Any]:
    """The types of a class's fields, those that are written as texts among them.

    Not by ``attr.resolve_types``: it leaves a mark on the class, which others share. The host's own badges follow every
    attribute of an event's class, and would follow that mark for ever.
    """
    try:
        return get_type_hints(declared, include_extras=True)
    except Exception:
        # Texts that name what cannot be imported stay texts, and are nothing that rules can compare.
        return {}


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
    if (get_origin(declared) or declared) in SEQUENCES:
        items = [item for argument in get_args(declared) if argument is not ... for item in _alternatives(argument)]
        return Kind.LIST if all(_kind(item) not in (None, Kind.LIST) for item in items) else None
    if not isinstance(declared, type):
        return None
    return next((kind for classes, kind in _KINDS if issubclass(declared, classes)), None)


def _common(one: Kind, other: Kind) -> Kind:
    if one == other:
        return one
    return Kind.NUMBER if {one, other} == {Kind.INTEGER, Kind.NUMBER} else Kind.TEXT
