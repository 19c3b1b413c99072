"""What an event changes in a learner's progress in one group. Pure: no database.

Events can come late, twice, and in any order, so what counts is when they happened. For each requirement, the newest
event decides: one that fulfils it gives it, one that a penalty matches takes it back. At the same time, and where one
event does both, the penalty wins, and keeps out whatever is older than itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Older than any event: a fulfilment without a time was not made by one.
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def time_of(context: Any) -> datetime:
    """When the event happened that a fulfilment's context tells of."""
    try:
        return datetime.fromisoformat(context["time"])
    except (KeyError, TypeError, ValueError):  # restored or made by hand
        return LONG_AGO


@dataclass(frozen=True)
class Fulfilled:
    """A fulfilled requirement: its letter, and when the newest event that fulfils it happened."""

    letter: str
    time: datetime


@dataclass(frozen=True)
class Decision:
    """Primary keys of requirements: newly fulfilled, fulfilled again by a newer event, taken back.

    ``resets`` are the times of the latest penalties, where these change. ``letters_lost`` are letters that were
    fulfilled before the event and are not after it.
    """

    gained: frozenset[int]
    renewed: frozenset[int]
    taken: frozenset[int]
    resets: Mapping[int, datetime]
    letters_lost: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.gained or self.renewed or self.taken or self.resets)


def decide(
    *,
    fulfilled: Mapping[int, Fulfilled],
    resets: Mapping[int, datetime],
    fulfils: Mapping[int, str],
    penalised: Collection[int],
    at: datetime,
) -> Decision:
    """What an event of the time ``at`` changes.

    ``fulfilled`` and ``resets`` are what is so far, ``fulfils`` maps the requirements that the event fulfils to their
    letters, and ``penalised`` are those that its penalties are about.
    """
    taken = {pk for pk in penalised if pk in fulfilled and fulfilled[pk].time <= at}
    kept_out = {pk for pk in penalised if pk not in fulfilled and resets.get(pk, LONG_AGO) < at}
    given = {pk: letter for pk, letter in fulfils.items() if pk not in penalised}
    gained = {pk for pk in given if pk not in fulfilled and at > resets.get(pk, LONG_AGO)}
    renewed = {pk for pk in given if pk in fulfilled and fulfilled[pk].time < at}
    after = {fulfilled[pk].letter for pk in fulfilled if pk not in taken} | {given[pk] for pk in gained}
    return Decision(
        gained=frozenset(gained),
        renewed=frozenset(renewed),
        taken=frozenset(taken),
        resets=dict.fromkeys(taken | kept_out, at),
        letters_lost=frozenset({item.letter for item in fulfilled.values()} - after),
    )
