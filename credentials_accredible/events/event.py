"""An event as processing takes it: what it says, when, and about whom."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from credentials_accredible.badges.learners import Identity, identity_in
from credentials_accredible.events.catalogue import flatten
from credentials_accredible.events.values import Fact, member, plain, text

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_SKEW = timedelta(days=1)
_LONGEST_ID = 64


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
            learner=identity_in(payload),
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
    return {"event": plain(payload), "learner": asdict(identity_in(payload))}


def _moment(time: object) -> datetime:
    now = timezone.now()
    with contextlib.suppress(Exception):  # whatever a time zone does when it is asked
        if isinstance(time, datetime) and time.tzinfo is not None and _OLDEST <= time <= now + _SKEW:
            return time.astimezone(UTC)
    return now
