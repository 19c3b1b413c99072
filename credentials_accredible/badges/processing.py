"""From an event to fulfilments and badges: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from credentials_accredible import database
from credentials_accredible.badges import awarding, learners
from credentials_accredible.badges.decision import Decision, Held, decide, time_of
from credentials_accredible.database import alias, retried
from credentials_accredible.events.event import Event
from credentials_accredible.models import AccredibleGroup, BadgeProgress, Fulfillment
from credentials_accredible.rules import index
from credentials_accredible.rules.confirmation import Meaning, confirm, letter_of


@dataclass
class Standing:
    """A learner's progress in one group, as it is behind the lock."""

    progress: BadgeProgress
    held: dict[int, Held] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)

    def after(self, event: Event, meaning: Meaning) -> Decision:
        """What ``event`` changes of it."""
        return decide(
            held=self.held,
            resets={int(pk): datetime.fromisoformat(time) for pk, time in self.progress.resets.items()},
            fulfils=meaning.fulfils,
            penalised=meaning.penalised,
            at=event.time,
        )


def lock(user: Any, event: Event, *, open_for: Collection[int], groups: Collection[int]) -> list[Standing]:
    """Lock the user's progress in ``groups``, and begin one where there is none yet and ``open_for`` has the group."""
    if open_for:
        _open(user, event, open_for)
    if not set(groups) <= set(open_for):
        # Written as it is: this is for the lock.
        database.lock(BadgeProgress.objects.filter(user=user, group__in=groups))
    return _read(user, groups)


def write(event: Event, changes: Iterable[tuple[Standing, Decision, Meaning]]) -> None:
    """Write what was decided: a statement for each kind of change there is."""
    now = timezone.now()
    taken: list[int] = []
    gained: list[Fulfillment] = []
    renewed: list[Fulfillment] = []
    touched: list[BadgeProgress] = []
    for standing, decision, meaning in changes:
        taken += [standing.rows[pk] for pk in decision.taken]
        gained += [_fulfillment(standing, event, meaning, pk) for pk in decision.gained]
        renewed += [
            _fulfillment(standing, event, meaning, pk, row=standing.rows[pk], modified=now) for pk in decision.renewed
        ]
        if _touch(standing.progress, decision, event, now):
            touched.append(standing.progress)
    if taken:
        Fulfillment.objects.filter(pk__in=taken).delete()
    Fulfillment.objects.bulk_create(gained)
    Fulfillment.objects.bulk_update(renewed, ["context", "modified"])
    BadgeProgress.objects.bulk_update(touched, ["resets", "last_event_at", "modified"])


def _open(user: Any, event: Event, groups: Collection[int]) -> None:
    rows = [BadgeProgress(user=user, group_id=group, last_event_at=event.time) for group in sorted(groups)]
    # An insert that takes over the row that is there locks either; to ignore the conflict would lock nothing.
    features = connections[alias()].features
    unique = ["user", "group"] if features.supports_update_conflicts_with_target else None
    BadgeProgress.objects.bulk_create(rows, update_conflicts=True, update_fields=["user"], unique_fields=unique)


def _read(user: Any, groups: Collection[int]) -> list[Standing]:
    found: dict[int, Standing] = {}
    rows = BadgeProgress.objects.filter(user=user, group__in=groups).order_by("group")
    for pk, group, resets, last_event_at, row, requirement, blend, context in rows.values_list(
        "pk",
        "group_id",
        "resets",
        "last_event_at",
        "fulfillments__pk",
        "fulfillments__requirement_id",
        "fulfillments__requirement__blend",
        "fulfillments__context",
    ):
        progress = BadgeProgress(pk=pk, user=user, group_id=group, resets=resets, last_event_at=last_event_at)
        standing = found.setdefault(pk, Standing(progress))
        if row is not None:
            standing.held[requirement] = Held(letter_of(requirement, blend), time_of(context))
            standing.rows[requirement] = row
    return list(found.values())


def _fulfillment(
    standing: Standing, event: Event, meaning: Meaning, requirement: int, *, row: int | None = None, **values: Any
) -> Fulfillment:
    context = {"event_id": event.id, "time": event.time.isoformat(), "facts": meaning.facts[requirement]}
    return Fulfillment(pk=row, progress=standing.progress, requirement_id=requirement, context=context, **values)


def _touch(progress: BadgeProgress, decision: Decision, event: Event, now: datetime) -> bool:
    """Put what changes into the row of the progress; whether anything does."""
    progress.resets |= {str(pk): time.isoformat() for pk, time in decision.resets.items()}
    newer = progress.last_event_at is None or progress.last_event_at < event.time
    if newer and decision:
        progress.last_event_at = event.time
    progress.modified = now
    return bool(decision.resets) or (newer and bool(decision))


@dataclass(frozen=True)
class Processed:
    """What an event has changed: requirements fulfilled and taken back, badges awarded and revoked."""

    fulfilled: int = 0
    taken_back: int = 0
    awarded: int = 0
    revoked: int = 0


@retried
def process(event: Event) -> Processed:
    """Take ``event`` into account for every active group that it concerns, in one transaction.

    Raises LearnerUnknown where the event concerns a group, but nobody knows whom it is about.
    """
    selected = index.select(event.type, event.facts)
    meanings = confirm(event, selected) if selected else {}
    if not meanings:
        return Processed()
    gives = any(meaning.gives for meaning in meanings.values())
    user = learners.get_or_create(event.learner) if gives else learners.find(event.learner)
    if user is None:
        return Processed()
    learners.follow(user, event.learner, event.time)
    with transaction.atomic():
        return _take_into_account(event, user, meanings)


def _take_into_account(event: Event, user: Any, meanings: Mapping[int, Meaning]) -> Processed:
    opened = [group for group, meaning in meanings.items() if meaning.gives]
    changes = [
        (found, found.after(event, meanings[found.progress.group_id]), meanings[found.progress.group_id])
        for found in lock(user, event, open_for=opened, groups=list(meanings))
    ]
    write(event, changes)
    gaining = [found.progress.pk for found, decision, _meaning in changes if decision.gained]
    losing = [found.progress.group_id for found, decision, _meaning in changes if decision.letters_lost]
    earned_on = timezone.localdate(event.time)
    return Processed(
        fulfilled=sum(len(decision.gained) for _found, decision, _meaning in changes),
        taken_back=sum(len(decision.taken) for _found, decision, _meaning in changes),
        awarded=awarding.award(BadgeProgress.objects.filter(pk__in=gaining), earned_on) if gaining else 0,
        revoked=awarding.revoke(user, AccredibleGroup.objects.filter(pk__in=losing)) if losing else 0,
    )
