"""An event as processing takes it: what it says, when, and about whom."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from credentials_accredible.events.catalogue import flatten, user_data
from credentials_accredible.events.values import Fact, member, plain, text

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_SKEW = timedelta(days=1)
_LONGEST_ID = 64
_LARGEST_USER_ID = 2**31 - 1
_LONGEST_EMAIL = 254
_LONGEST_NAME = 255


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
        pii = member(data, "pii")
        return cls(
            username=_text(member(pii, "username")),
            email=_email(_text(member(pii, "email"))),
            name=_text(member(pii, "name")),
            lms_user_id=_id(member(data, "id")),
            is_active=member(data, "is_active") is not False,
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
        event_id = member(metadata, "id")
        return cls(
            type=event_type,
            id=text(str(event_id), _LONGEST_ID) if issubclass(type(event_id), str | UUID) else "",
            time=_moment(member(metadata, "time")),
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


def as_json(payload: object) -> dict[str, Any]:
    """A payload in a form that can be stored, read by people, and processed again. Never raises."""
    return {"event": plain(payload), "learner": asdict(Identity.of(payload))}


def _moment(time: object) -> datetime:
    now = timezone.now()
    with contextlib.suppress(Exception):  # whatever a time zone does when it is asked
        if isinstance(time, datetime) and time.tzinfo is not None and _OLDEST <= time <= now + _SKEW:
            return time.astimezone(UTC)
    return now


def _text(value: object) -> str:
    return text(str.__str__(value), _LONGEST_NAME).strip() if issubclass(type(value), str) else ""


def _email(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError:
        return ""
    return value if len(value) <= _LONGEST_EMAIL else ""


def _id(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= _LARGEST_USER_ID else None
