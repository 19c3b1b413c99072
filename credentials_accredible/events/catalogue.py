"""Which event types there are, and which paths lead into the data of each.

A path leads from the event's data class to a value, as ``course.course_key``. An event type whose payload is a single
object, as every one of openedx-events is, has its paths start inside that object, which is how the documentation of
Open edX badges writes them. Where a payload has several members, a path starts with the member's name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attr
from ccx_keys.locator import CCXLocator
from django.utils.translation import gettext
from opaque_keys import OpaqueKey
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx_events.learning.data import UserData
from openedx_events.tooling import OpenEdxPublicSignal, load_all_signals

from credentials_accredible import conf
from credentials_accredible.events.values import SEQUENCES, Kind
from credentials_accredible.exceptions import ConfigurationError

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


class KeyPath(NamedTuple):
    """A place in the data of an event type, and what kind of value stands there."""

    path: str
    kind: Kind

    @property
    def label(self) -> str:
        return f"{self.path} ({self.kind.label})"


def is_known_event_type(event_type: str) -> bool:
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
    return [keypath for names, keypath in leaves(event_type) if not f".{'.'.join(names)}".endswith(endings)]


def ignored_keypaths() -> list[str]:
    """The setting ``IGNORED_KEYPATHS``; ConfigurationError where it is no list of paths."""
    written = conf.get("IGNORED_KEYPATHS")
    if not isinstance(written, SEQUENCES) or not all(isinstance(item, str) for item in written):
        raise ConfigurationError(
            gettext("%(setting)s['IGNORED_KEYPATHS'] must be a list of key paths.") % {"setting": conf.SETTING}
        )
    return list(written)


def offered_event_types() -> list[str]:
    """The configured event types, without those that nobody knows here."""
    return [event_type for event_type in conf.event_types() if is_known_event_type(event_type)]


def leaves(event_type: str) -> tuple[tuple[tuple[str, ...], KeyPath], ...]:
    """Every path of that event type, ignored or not, each with the names that lead to it from the payload."""
    return _leaves(_signal(event_type))


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
    attribute of an event's class, and would follow that mark without end.
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
