"""From an event to fulfilments and badges: all of it, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import inf
from time import monotonic
from typing import Any, TypeAlias

from django.db import connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import conf, database
from credentials_accredible.badges import awarding, failed_events, learners, leaving, spool
from credentials_accredible.badges.decision import Decision, Fulfilled, decide, time_of
from credentials_accredible.badges.learners import Leaver
from credentials_accredible.database_errors import is_away
from credentials_accredible.events.event import Event, Identity, as_json
from credentials_accredible.exceptions import Overtaken
from credentials_accredible.models import AccredibleGroup, BadgeProgress, EarlyPenalty, FailedEvent, Fulfillment
from credentials_accredible.rules.index import GroupMatch, letter_of, match

# What an event means for each group that it concerns, by the group's primary key.
Matching: TypeAlias = Callable[[Event], Mapping[int, GroupMatch]]

# Seconds for locks, beyond which somebody else had them.
_WAITED = 0.05


def receive_event(event_type: str, payload: Mapping[str, Any], metadata: Any = None, *, can_wait: bool = False) -> None:
    """Process an event for every active group that it concerns; ``payload`` is the keyword arguments of its signal.

    ``metadata`` gives its id and its time, as EventsMetadata of openedx-events does. Raises nothing: an event that
    cannot be processed is logged and kept as a FailedEvent, and where the database is away, on disk. ``can_wait``:
    nobody waits for the caller, as in the consumer of the event bus; it waits for the database then.
    """
    event = Event.of(event_type, payload, metadata)
    can_wait = can_wait and not connections[database.alias()].in_atomic_block
    try:
        _process_or_keep(event, lambda: as_json(payload))
    except Exception as error:
        _put_aside(event, as_json(payload), error, can_wait=can_wait)
    else:
        if can_wait and conf.event_spool().exists():
            _work_off_spool()


def _process_or_keep(event: Event, stored: Callable[[], dict[str, Any]]) -> None:
    try:
        process(event)
    except Exception as error:  # whatever it is, the bus does not bring the event back
        if is_away(error):
            raise
        failed_events.keep(event, stored(), error)


def _put_aside(event: Event, stored: dict[str, Any], error: Exception, *, can_wait: bool) -> None:
    """Put the event on disk first, then wait: it outlives this process. What is on no disk waits without an end."""
    on_disk = spool.put(event, stored, error)
    if can_wait and on_disk:
        _work_off_spool()
    elif can_wait and is_away(error):
        try:
            database.patiently(partial(_process_or_keep, event, lambda: stored), patience=inf)
        except Exception as last:
            spool.lost(event, last)
    elif not on_disk:
        spool.lost(event, error)


def _work_off_spool() -> None:
    try:
        database.patiently(work_off_spool)
    except Exception as error:  # they stay where they are
        spool.wait_on(error)


def work_off_spool() -> int:
    """Process the events that wait on this machine's disk, the oldest first; returns how many there were.

    Those that fail are kept as FailedEvents. Twice is fine. Raises what says that the database is away.
    """
    count = 0
    for path in spool.waiting():
        found = spool.read(path)
        if found is None:
            continue
        event, stored = found
        try:
            _process_or_keep(event, lambda stored=stored: stored)  # type: ignore[misc]
        except Exception as error:
            if is_away(error):
                raise
            spool.wait_on(error)
            continue
        spool.remove(path)
        count += 1
    return count


def process_failed_event(failed: FailedEvent) -> bool:
    """Process a kept event again; whether that succeeded. ``failed.error`` says why it did not.

    Once it has succeeded, what the event said is forgotten, and to do it again changes nothing.
    """
    if failed.resolved_at is not None:
        return True
    try:
        process(Event.from_json(failed.event_type, failed.payload, event_id=failed.event_id, time=failed.event_time))
    except Exception as error:
        failed_events.failed_again(failed, error)
        return False
    failed_events.resolve(failed)
    return True


@database.retried
def process(event: Event, matching: Matching = match) -> int:
    """Take ``event`` into account for every active group that it concerns, in one transaction.

    ``matching`` says which ones it concerns, and how. Returns how many requirements it has fulfilled; none where the
    learner has left. Raises LearnerUnknown where the event concerns a group, but nobody knows whom it is about.
    """
    matches = matching(event)
    if not matches:
        return 0
    gives = any(found.gives for found in matches.values())
    user = learners.find(event.learner)
    if learners.has_left(event.learner, user):
        return 0
    if user is None and gives:
        user = learners.create(event.learner)
    early = _keep_early_penalties(user, event, matches)
    if early and learners.has_left(event.learner, user):
        # Retired meanwhile: of what is kept after their data was erased, nobody else would know.
        EarlyPenalty.objects.filter(learner__in=learners.keys(event.learner, user)).delete()
        return 0
    if user is None:
        # An older event may have come in at the same moment, and not have seen what was just kept.
        user = learners.find(event.learner) if early else None
    if user is None:
        return 0
    if early:
        _wait_for_beginners(user, early)
    learners.follow(user, event.learner, event.time)
    # Before the transaction, whose snapshot must not be older than its first lock.
    known = dict(BadgeProgress.objects.filter(user=user, group__in=matches).values_list("group_id", "pk"))
    with transaction.atomic():
        changes = [
            (progress, progress.after(event)) for progress in _lock_progress(user, event, matching, matches, known)
        ]
        if learners.has_left(event.learner, user):
            transaction.set_rollback(True)
            return 0
        # And behind the commit: who is retired after that finds what is written here. Before badges are sent.
        transaction.on_commit(partial(_part_if_left, event.learner, user))
        _write(event, changes)
        gaining = [progress.row.pk for progress, decision in changes if decision.gained]
        losing = [progress.row.group_id for progress, decision in changes if decision.letters_lost]
        if gaining:
            awarding.award(BadgeProgress.objects.filter(pk__in=gaining), timezone.localdate(event.time))
        if losing:
            awarding.revoke(user, AccredibleGroup.objects.filter(pk__in=losing))
        return sum(len(decision.gained) for _progress, decision in changes)


def _part_if_left(identity: Identity, user: Any) -> None:
    row = learners.retired(identity.lms_user_id, user)
    if row is not None:
        leaving.part(Leaver(frozenset({user.get_username()}), identity.lms_user_id, user), row, user=None)


def _keep_early_penalties(user: Any, event: Event, matches: Mapping[int, GroupMatch]) -> list[int]:
    """Keep the penalties of groups in which the learner has no progress, and the event begins none; returns these.

    Committed before the progress is looked at: a transaction that begins it meanwhile sees them, or is seen.
    """
    penalties = {group: found.penalised for group, found in matches.items() if not found.gives}
    if penalties and user is not None:
        for group in BadgeProgress.objects.filter(user=user, group__in=penalties).values_list("group", flat=True):
            del penalties[group]
    if penalties:
        EarlyPenalty.objects.keep(learners.keys(event.learner, user)[0], set().union(*penalties.values()), event.time)
    return sorted(penalties)


def _wait_for_beginners(user: Any, groups: Iterable[int]) -> None:
    """Wait for transactions that are about to begin the user's progress in ``groups``.

    What they have inserted cannot be seen or locked before their commit. An insert of the same waits for it; here it is
    undone.
    """
    with transaction.atomic():
        rows = [BadgeProgress(user=user, group_id=group) for group in groups]
        BadgeProgress.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.set_rollback(True)


@dataclass
class _GroupProgress:
    """A learner's progress in one group, as it is behind the lock, and what the event matches there."""

    row: BadgeProgress
    match: GroupMatch
    fulfilled: dict[int, Fulfilled] = field(default_factory=dict)
    # The rows of what is fulfilled.
    fulfillments: dict[int, int] = field(default_factory=dict)
    took_over: bool = False

    def after(self, event: Event) -> Decision:
        """What the event changes of it."""
        return decide(
            fulfilled=self.fulfilled,
            resets={int(pk): datetime.fromisoformat(time) for pk, time in self.row.resets.items()},
            fulfils=self.match.fulfils,
            penalised=self.match.penalised,
            at=event.time,
        )

    def take_over(self, early: Mapping[int, datetime]) -> None:
        """Take penalties from before there was progress, unsaved: their times, by requirement."""
        self.row.resets |= {str(pk): time.isoformat() for pk, time in early.items()}
        self.row.last_event_at = max([*early.values(), *filter(None, [self.row.last_event_at])])
        self.took_over = True

    def fulfillment(self, event: Event, requirement: int, **values: Any) -> Fulfillment:
        """A row that says that the event fulfils the requirement, unsaved."""
        context = {"event_id": event.id, "time": event.time.isoformat(), "facts": self.match.facts[requirement]}
        return Fulfillment(progress=self.row, requirement_id=requirement, context=context, **values)

    def touch(self, decision: Decision, event: Event, now: datetime) -> bool:
        """Put what changes into the row of the progress, unsaved; whether anything does."""
        self.row.resets |= {str(pk): time.isoformat() for pk, time in decision.resets.items()}
        newer = bool(decision) and (self.row.last_event_at is None or self.row.last_event_at < event.time)
        if newer:
            self.row.last_event_at = event.time
        self.row.modified = now
        return newer or self.took_over or bool(decision.resets)


def _lock_progress(
    user: Any, event: Event, matching: Matching, matches: Mapping[int, GroupMatch], known: Mapping[int, int]
) -> list[_GroupProgress]:
    """Lock the user's progress in the groups of ``matches``, and begin one where there is none and the event gives.

    ``known``: primary keys by group, as they were before the transaction.
    """
    # First the rows that are there, before anything else is locked or referred to: see ``lock_groups``.
    begun = monotonic()
    database.lock_keys(BadgeProgress, known.values())
    opened = sorted(group for group, found in matches.items() if found.gives and group not in known)
    if opened:
        rows = [BadgeProgress(user=user, group_id=group, last_event_at=event.time) for group in opened]
        database.insert_or_lock(rows, unique=["user", "group"])
    if others := matches.keys() - known.keys() - set(opened):
        database.lock(BadgeProgress.objects.filter(user=user, group__in=others))
    if monotonic() - begun > _WAITED:
        # Perhaps for somebody who has changed the rules: what the event meets is what they have left.
        matches = _as_they_are_now(matching(event), matches, set(opened))
    found = _read_progress(user, matches)
    _take_over_early_penalties(user, event, found)
    return found


def _as_they_are_now(
    now: Mapping[int, GroupMatch], matches: Mapping[int, GroupMatch], opened: Collection[int]
) -> Mapping[int, GroupMatch]:
    """What the event means by ``now``, for groups in which progress is locked; Overtaken where it is not enough.

    ``opened`` are those in which progress was just begun, which is undone where there is no reason for it any more.
    """
    if now.keys() <= matches.keys() and all(group in now and now[group].gives for group in opened):
        return now
    raise Overtaken(
        _("The rules were changed while the event waited, and it means something else by now. Process it again.")
    )


def _take_over_early_penalties(user: Any, event: Event, found: Iterable[_GroupProgress]) -> None:
    """Give progress that has just begun what penalties said of it before; it is as empty only then."""
    begun = {item.row.group_id: item for item in found if not item.fulfilled and not item.row.resets}
    if not begun:
        return
    early: dict[int, dict[int, datetime]] = defaultdict(dict)
    kept = EarlyPenalty.objects.filter(learner__in=learners.keys(event.learner, user), requirement__group__in=begun)
    for group, pk, time in kept.order_by("time").values_list("requirement__group", "requirement_id", "time"):
        early[group][pk] = time
    for group, times in early.items():
        begun[group].take_over(times)


def _read_progress(user: Any, matches: Mapping[int, GroupMatch]) -> list[_GroupProgress]:
    found: dict[int, _GroupProgress] = {}
    rows = BadgeProgress.objects.filter(user=user, group__in=matches).order_by("group")
    for pk, group, resets, last_event_at, fulfillment, requirement, blend, context in rows.values_list(
        "pk",
        "group_id",
        "resets",
        "last_event_at",
        "fulfillments__pk",
        "fulfillments__requirement_id",
        "fulfillments__requirement__blend",
        "fulfillments__context",
    ):
        if pk not in found:
            row = BadgeProgress(pk=pk, user=user, group_id=group, resets=resets, last_event_at=last_event_at)
            found[pk] = _GroupProgress(row, matches[group])
        if fulfillment is not None:
            found[pk].fulfilled[requirement] = Fulfilled(letter_of(requirement, blend), time_of(context))
            found[pk].fulfillments[requirement] = fulfillment
    return list(found.values())


def _write(event: Event, changes: Iterable[tuple[_GroupProgress, Decision]]) -> None:
    """Write what was decided: a statement for each kind of change there is."""
    now = timezone.now()
    taken: list[int] = []
    gained: list[Fulfillment] = []
    renewed: list[Fulfillment] = []
    touched: list[BadgeProgress] = []
    for progress, decision in changes:
        rows = progress.fulfillments
        taken += [rows[pk] for pk in decision.taken]
        gained += [progress.fulfillment(event, pk) for pk in decision.gained]
        renewed += [progress.fulfillment(event, pk, pk=rows[pk], modified=now) for pk in decision.renewed]
        if progress.touch(decision, event, now):
            touched.append(progress.row)
    if taken:
        Fulfillment.objects.filter(pk__in=taken).delete()
    Fulfillment.objects.bulk_create(gained)
    Fulfillment.objects.bulk_update(renewed, ["context", "modified"])
    BadgeProgress.objects.bulk_update(touched, ["resets", "last_event_at", "modified"])
