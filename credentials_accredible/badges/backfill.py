"""Badges for learners who have qualified before a group was active, or before the plugin was there.

What the service has kept of passed courses and of certificates is turned into the events that it stands for, with their
own times. These take the way of all events: they are matched, and they give nothing that a newer penalty has taken.
Learner by learner; one who has everything already costs no more than being looked at, so that it can be stopped at any
moment and begun again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from credentials_accredible import broker, conf, host
from credentials_accredible.badges import learners
from credentials_accredible.badges.decision import Decision, Fulfilled, decide, time_of
from credentials_accredible.badges.kept_events import CERTIFIED, PASSED, event_of, identity_of
from credentials_accredible.badges.processing import process
from credentials_accredible.database import pages
from credentials_accredible.events.event import Event
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.host.records import (
    count_without_account,
    course_records,
    has_course_records,
    learners_with_course_records,
)
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    EarlyPenalty,
    Fulfillment,
    RetiredLearner,
)
from credentials_accredible.rules.certainty import weigh
from credentials_accredible.rules.index import Criterion, GroupMatch, by_group, criteria_of, letter_of

log = logging.getLogger(__name__)

# Learners that are looked at with one set of queries.
_AT_ONCE = 500

_Criteria = Mapping[str, list[Criterion]]


@dataclass
class Backfill:
    """What a backfill of one group has done, or would do, in figures.

    ``learners`` were looked at, ``records`` of theirs, passed courses and certificates, were read. ``gaining`` is how
    many learners get ``fulfilments``, ``badges`` how many get the badge by it. ``held_back``: learners of whom a newer
    penalty keeps something out. ``uncertain``: learners of whom nobody can tell, because rules ask for ``missing``,
    paths that the service does not keep. ``failed``: learners whose account is not clear. ``not_kept``: event types of
    requirements of which the service keeps nothing. ``without_account``: records whose learner has no account here,
    None where these were not counted. ``complete``: everybody was looked at.
    """

    learners: int = 0
    records: int = 0
    gaining: int = 0
    fulfilments: int = 0
    badges: int = 0
    held_back: int = 0
    uncertain: int = 0
    failed: int = 0
    missing: set[str] = field(default_factory=set)
    not_kept: set[str] = field(default_factory=set)
    without_account: int | None = None
    complete: bool = False


def can_backfill() -> bool:
    """Whether the service keeps anything that could be filled in from."""
    return has_course_records()


def backfill(
    group: AccredibleGroup,
    *,
    dry_run: bool,
    since: datetime | None = None,
    limit: int | None = None,
    most: int | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Backfill:
    """Give learners what they have qualified for in ``group``, by what the service knows; ``dry_run`` counts it.

    ``since``: by records of that time or later. ``limit``: ends once so many learners have gained something; ``most``:
    once about so many were looked at. ``go_on`` is asked now and then. Each learner is a transaction of their own, or
    some; what was committed stays, and a second run does the rest. Raises ConfigurationError where the service keeps no
    such records, or the group is inactive and this is no dry run; and errors of the database.
    """
    if not can_backfill():
        raise ConfigurationError(
            _("The service keeps neither grades nor certificates here: there is nothing to fill in.")
        )
    if not (dry_run or AccredibleGroup.objects.filter(pk=group.pk, is_active=True).exists()):
        raise ConfigurationError(_("“%s” is inactive, so nobody can earn it. Activate it first.") % group.name)
    criteria = criteria_of(group.pk, active=False)
    asked = {event_type for event_type, items in criteria.items() if any(item.letter for item in items)}
    done = Backfill(not_kept=asked - {PASSED, CERTIFIED})
    if most is None:
        done.without_account = count_without_account()
    for page in pages(learners_with_course_records(), _AT_ONCE):
        if not go_on() or (most is not None and done.learners >= most):
            return done
        for plan in _plans(group, criteria, page, since, done):
            if limit is not None and done.gaining >= limit:
                return done
            _carry_out(plan, group, done, dry_run=dry_run)
    done.complete = True
    log.info(
        "backfilled group=%s dry_run=%s learners=%d fulfilments=%d badges=%d",
        group.pk,
        dry_run,
        done.learners,
        done.fulfilments,
        done.badges,
    )
    return done


def start_backfill(group: AccredibleGroup) -> bool:
    """Have a worker do it; whether there is one to be asked."""
    return conf.broker_url() is not None and broker.publish(broker.BACKFILL, group.pk)


def continue_backfill(group_id: int, *, go_on: Callable[[], bool]) -> None:
    """Do it in a worker. One that has to stop leaves the rest to another."""
    group = AccredibleGroup.objects.filter(pk=group_id, is_active=True).first()
    if group is not None and can_backfill() and not backfill(group, dry_run=False, go_on=go_on).complete:
        broker.publish(broker.BACKFILL, group_id)


@dataclass
class _Standing:
    """Where a learner stands in the group, and after each event where they would stand."""

    user: Any
    fulfilled: dict[int, Fulfilled] = field(default_factory=dict)
    resets: dict[int, datetime] = field(default_factory=dict)
    has_badge: bool = False

    def after(self, found: GroupMatch, at: datetime) -> Decision:
        """What an event changes; it is changed here."""
        decision = decide(
            fulfilled=self.fulfilled, resets=self.resets, fulfils=found.fulfils, penalised=found.penalised, at=at
        )
        for pk in decision.taken:
            del self.fulfilled[pk]
        for pk in decision.gained | decision.renewed:
            self.fulfilled[pk] = Fulfilled(found.fulfils[pk], at)
        self.resets |= decision.resets
        return decision


@dataclass
class _Plan:
    """What there is to be done for one learner: events in their order, how many fulfilments, and whether a badge."""

    events: list[Event]
    gains: int = 0
    earns: bool = False


def _plans(
    group: AccredibleGroup, criteria: _Criteria, users: list[Any], since: datetime | None, done: Backfill
) -> Iterator[_Plan]:
    """Plans for those of ``users`` for whom there is something to do. Counts what was seen of all of them."""
    events: dict[int, list[tuple[Event, GroupMatch]]] = defaultdict(list)
    standings = _standings(group, users)
    uncertain: dict[int, set[int]] = defaultdict(set)
    seen = set()
    for record in course_records(users):
        if record.user not in standings or (since and record.time < since):
            continue
        done.records += 1
        seen.add(record.user)
        event = event_of(record, standings[record.user].user)
        weighed = weigh(criteria.get(event.type, ()), event.facts)
        uncertain[record.user] |= weighed.uncertain
        done.missing |= weighed.missing
        if found := by_group(event, weighed.met).get(group.pk):
            events[record.user].append((event, found))
    done.learners += len(seen)
    letters = {item.letter for items in criteria.values() for item in items if item.letter}
    for pk in sorted(seen):
        yield from _plan(standings[pk], events[pk], letters, uncertain[pk], done)


def _plan(
    standing: _Standing,
    events: list[tuple[Event, GroupMatch]],
    letters: set[str],
    uncertain: set[int],
    done: Backfill,
) -> Iterator[_Plan]:
    # What takes something back comes first: no badge is awarded only to be revoked.
    events.sort(key=lambda item: (not item[1].penalised, item[0].time))
    plan = _Plan([])
    gained: set[int] = set()
    wanted: set[int] = set()
    for event, found in events:
        decision = standing.after(found, event.time)
        # What only became newer is left alone: the event itself has said more.
        if decision.gained or decision.taken or decision.resets:
            plan.events.append(event)
            gained = (gained - decision.taken) | decision.gained
        wanted |= found.fulfils.keys()
    done.held_back += bool(wanted - standing.fulfilled.keys())
    done.uncertain += bool(uncertain - standing.fulfilled.keys())
    plan.gains = len(gained)
    fulfilled = {item.letter for item in standing.fulfilled.values()}
    plan.earns = bool(gained) and bool(letters) and letters <= fulfilled and not standing.has_badge
    if plan.events:
        yield plan


def _carry_out(plan: _Plan, group: AccredibleGroup, done: Backfill, *, dry_run: bool) -> None:
    gains, earns = plan.gains, plan.earns
    if not dry_run:
        try:
            gains = sum(process(event, lambda event: _matches(event, group.pk)) for event in plan.events)
        except learners.LearnerUnknown:
            done.failed += 1
            return
        earns = earns and gains > 0
    done.gaining += bool(gains)
    done.fulfilments += gains
    done.badges += earns


def _matches(event: Event, group: int) -> dict[int, GroupMatch]:
    """What the event means for the group by now."""
    return by_group(event, weigh(criteria_of(group, active=True).get(event.type, ()), event.facts).met)


def _standings(group: AccredibleGroup, users: list[Any]) -> dict[int, _Standing]:
    """Where each of ``users`` stands, by primary key; not those who have left."""
    found = {user.pk: _Standing(user) for user in users if not host.has_left(user.get_username())}
    ids = [number for user in users if (number := getattr(user, "lms_user_id", None))]
    retired = RetiredLearner.objects.filter(Q(account__in=list(found)) | Q(lms_user_id__in=ids))
    left = set(retired.values_list("account", "lms_user_id"))
    accounts, numbers = {account for account, _number in left}, {number for _account, number in left if number}
    for user in users:
        if user.pk in accounts or getattr(user, "lms_user_id", None) in numbers:
            found.pop(user.pk, None)
    _read_early_penalties(group, found)
    progress = BadgeProgress.objects.filter(group=group, user__in=list(found))
    fulfilled = Fulfillment.objects.filter(progress__in=progress).values_list(
        "progress__user", "requirement", "requirement__blend", "context"
    )
    begun = {pk for pk, *_rest in fulfilled}
    for pk, requirement, blend, context in fulfilled:
        found[pk].fulfilled[requirement] = Fulfilled(letter_of(requirement, blend), time_of(context))
    for pk, resets in progress.values_list("user", "resets"):
        if resets or pk in begun:
            found[pk].resets = {int(key): datetime.fromisoformat(time) for key, time in resets.items()}
    same_id = Q(api_config=group.api_config_id, accredible_group_id=group.accredible_id)
    badges = AccredibleBadge.objects.filter(same_id | Q(group=group), user__in=list(found))
    for pk in badges.values_list("user", flat=True):
        found[pk].has_badge = True
    return found


def _read_early_penalties(group: AccredibleGroup, standings: Mapping[int, _Standing]) -> None:
    """Give learners the penalties that came before there was progress."""
    owners: dict[str, list[_Standing]] = defaultdict(list)
    for standing in standings.values():
        for key in learners.keys(identity_of(standing.user), standing.user):
            owners[key].append(standing)
    kept = EarlyPenalty.objects.filter(requirement__group=group, learner__in=list(owners))
    for key, requirement, time in kept.order_by("time").values_list("learner", "requirement", "time"):
        for standing in owners[key]:
            standing.resets[requirement] = time


def backfill_notes(done: Backfill) -> Iterable[str]:
    """What is to be known of a backfill beside its main figures, a sentence each."""
    if done.held_back:
        yield _("Learners of whom a newer penalty keeps something out: %d.") % done.held_back
    if done.uncertain:
        text = _(
            "Learners of whom nobody can tell: %(count)d. The rules ask for what the service does not keep: %(paths)s."
        )
        yield text % {"count": done.uncertain, "paths": ", ".join(sorted(done.missing))}
    if done.not_kept:
        text = _(
            "Requirements about these events are fulfilled by events alone, because the service keeps nothing of "
            "them: %s."
        )
        yield text % ", ".join(sorted(done.not_kept))
    if done.failed:
        yield _("Learners left out, because several accounts may be meant: %d.") % done.failed
    if done.without_account:
        yield _("Grades and certificates of user names that have no account in the service: %d.") % done.without_account
