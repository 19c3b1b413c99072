"""From an event to fulfilments and badges: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from credentials_accredible.badges import awarding, index, learners, standing
from credentials_accredible.badges.confirmation import Meaning, confirm
from credentials_accredible.badges.event import Event
from credentials_accredible.badges.retrying import retrying
from credentials_accredible.models import AccredibleGroup, BadgeProgress


@dataclass(frozen=True)
class Processed:
    """What an event has changed: requirements fulfilled and taken back, badges awarded and revoked."""

    fulfilled: int = 0
    taken_back: int = 0
    awarded: int = 0
    revoked: int = 0


def process(event: Event) -> Processed:
    """Take ``event`` into account for every active group that it concerns, in one transaction.

    Database errors that can pass are tried again, see ``retrying``. Raises LearnerUnknown where the event concerns a
    group, but nobody knows whom it is about.
    """
    return retrying(partial(_process, event))


def _process(event: Event) -> Processed:
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
        for found in standing.lock(user, event, open_for=opened, groups=list(meanings))
    ]
    standing.write(event, changes)
    gaining = [found.progress.pk for found, decision, _meaning in changes if decision.gained]
    losing = [found.progress.group_id for found, decision, _meaning in changes if decision.letters_lost]
    earned_on = timezone.localdate(event.time)
    return Processed(
        fulfilled=sum(len(decision.gained) for _found, decision, _meaning in changes),
        taken_back=sum(len(decision.taken) for _found, decision, _meaning in changes),
        awarded=awarding.award(BadgeProgress.objects.filter(pk__in=gaining), earned_on) if gaining else 0,
        revoked=awarding.revoke(user, AccredibleGroup.objects.filter(pk__in=losing)) if losing else 0,
    )
