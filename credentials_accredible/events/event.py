"""An event as processing takes it: what it says, when, and about whom."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attr
from django.utils import timezone
from openedx_events.learning.data import UserData

from credentials_accredible import host
from credentials_accredible.events.catalogue import ignored_keypaths, leaves
from credentials_accredible.events.values import Fact, fact, jsonable, text

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_SKEW = timedelta(days=1)
_LONGEST_ID = 64
_LARGEST_USER_ID = 2**31 - 1
_LONGEST_EMAIL = 254
_LONGEST_NAME = 255
_LONGEST_FACT = 255
_MOST_NODES = 1000


@dataclass(frozen=True)
class Identity:
    """What an event says of its learner; what it does not say, or not in a usable form, is empty.

    Its fields are what a FailedEvent keeps of the learner.
    """

    username: str = ""
    email: str = ""
    name: str = ""
    lms_user_id: int | None = None
    is_active: bool = True

    @classmethod
    def of(cls, payload: object) -> Identity:
        """The learner of a payload, the signal's keyword arguments; empty where it holds no UserData. Never raises."""
        data = user_data(payload)
        pii = _attribute(data, "pii")
        return cls(
            username=_text(_attribute(pii, "username")),
            email=_email(_text(_attribute(pii, "email"))),
            name=_text(_attribute(pii, "name")),
            lms_user_id=_id(_attribute(data, "id")),
            is_active=_attribute(data, "is_active") is not False,
        )


@dataclass(frozen=True)
class Event:
    """One event. ``time`` is when it happened; ``learner`` is empty where the event names nobody."""

    type: str
    id: str
    time: datetime
    facts: Mapping[str, Fact]
    learner: Identity

    @classmethod
    def of(cls, event_type: str, payload: object, metadata: object = None) -> Event:
        """The event of a payload, the keyword arguments of its signal, and its EventsMetadata. Never raises.

        Without a time that can be right, it happens now: a clock that runs ahead would otherwise outdo whatever
        comes after.
        """
        event_id = _attribute(metadata, "id")
        return cls(
            type=event_type,
            id=text(str(event_id), _LONGEST_ID) if issubclass(type(event_id), str | UUID) else "",
            time=_moment(_attribute(metadata, "time")),
            facts=flatten(event_type, payload),
            learner=Identity.of(payload),
        )

    @classmethod
    def from_json(cls, event_type: str, stored: Mapping[str, Any], *, event_id: str, time: datetime) -> Event:
        """The event that ``as_json`` has stored."""
        return cls(
            type=event_type,
            id=event_id,
            time=time,
            facts=flatten(event_type, stored.get("event")),
            learner=Identity(**stored.get("learner", {})),
        )


def flatten(event_type: str, payload: object) -> dict[str, Fact]:
    """The facts of a payload (the signal's keyword arguments), one for each path of its event type, ignored or not.

    What the payload lacks, or holds in a form that is no fact, is None. Members may be objects of the event's data
    classes or mappings of the same shape, as they come from JSON. Never raises.
    """
    facts = {}
    for names, keypath in leaves(event_type):
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


def storable_facts(facts: Mapping[str, Fact], paths: Collection[str]) -> dict[str, Any]:
    """The facts at ``paths`` as a fulfilment keeps them: as JSON, without what says who the learner is."""
    personal = tuple(f".{ending}" for ending in ignored_keypaths())
    found = {path: jsonable(facts.get(path)) for path in sorted(paths) if not f".{path}".endswith(personal)}
    return {path: value[:_LONGEST_FACT] if isinstance(value, str) else value for path, value in found.items()}


def as_json(payload: object) -> dict[str, Any]:
    """A payload in a form that can be stored, read by people, and processed again. Never raises."""
    return {"event": jsonable(payload), "learner": asdict(Identity.of(payload))}


def _attribute(holder: object, name: str) -> object:
    try:
        return getattr(holder, name, None)
    except Exception:  # a property that raises
        return None


def _member(holder: object, name: str) -> object:
    try:
        if isinstance(holder, Mapping):
            return holder.get(name)
    except Exception:  # a mapping that raises
        return None
    return _attribute(holder, name) if attr.has(type(holder)) else None


def _members(holder: object) -> list[object]:
    try:
        if isinstance(holder, Mapping):
            return list(holder.values())
        kind: Any = type(holder)
        return [_member(holder, field.name) for field in attr.fields(kind)] if attr.has(kind) else []
    except Exception:  # a mapping that raises
        return []


def _moment(time: object) -> datetime:
    now = timezone.now()
    with contextlib.suppress(Exception):  # whatever a time zone does when it is asked
        if isinstance(time, datetime) and time.tzinfo is not None and _OLDEST <= time <= now + _SKEW:
            return time.astimezone(UTC)
    return now


def _text(value: object) -> str:
    return text(str.__str__(value), _LONGEST_NAME).strip() if issubclass(type(value), str) else ""


def _email(value: str) -> str:
    return value if len(value) <= _LONGEST_EMAIL and host.is_email_address(value) else ""


def _id(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= _LARGEST_USER_ID else None
