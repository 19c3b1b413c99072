"""What a learner who leaves has here: progress and badges, which are erased, and parted from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from credentials_accredible.badges import learners
from credentials_accredible.badges.learners import Leaver
from credentials_accredible.choices import AtAccredible, BadgeAction, BadgeState
from credentials_accredible.database import in_transaction, lock, lock_keys
from credentials_accredible.delivery.engines import hand_over, retry_badges
from credentials_accredible.events.event import Identity
from credentials_accredible.models import (
    AccredibleBadge,
    BadgeLogEntry,
    BadgeProgress,
    EarlyPenalty,
    Fulfillment,
    LearnerText,
    RetiredLearner,
)

# Each is more than the ones before.
_CHOICES = list(AtAccredible)


@dataclass(frozen=True)
class Parted:
    """How many rows of each kind were erased; ``badges``: parted from their learner, or now to be revoked after all."""

    progress: int
    fulfilments: int
    early_penalties: int
    badges: int


def part(leaver: Leaver, learner: RetiredLearner, *, user: Any) -> Parted:
    """Erase the progress of somebody who leaves, and part them from their badges, as ``learner`` says.

    ``learner`` is committed before: what an event has brought that does not see it behind its commit is seen here.
    ``user`` is who does it, as each badge's log says; what it said before is erased.
    """
    # Before the transaction, whose snapshot must not be older than its locks.
    known = (
        list(BadgeProgress.objects.filter(user=leaver.account).values_list("pk", flat=True)) if leaver.account else []
    )
    parted = _part(leaver, learner, known, user)
    _try_again(learner, user)
    return parted


def lock_learner(account: Any) -> None:
    """Wait for events of a learner that are being processed, and keep others away, for the transaction.

    Wanted before the account is deleted: Django looks first what goes with it, and what came later would stand in the
    way.
    """
    _lock(account, list(BadgeProgress.objects.filter(user=account).values_list("pk", flat=True)))


def _lock(account: Any, known: list[int]) -> None:
    """Lock the account, and before it the progress of these primary keys, as events do."""
    lock_keys(BadgeProgress, known)
    # Who has begun progress for them, or given them a badge, is waited for, where the database locks what is
    # referred to.
    list(get_user_model()._default_manager.select_for_update().filter(pk=account.pk).values_list("pk"))


@in_transaction
def _part(leaver: Leaver, learner: RetiredLearner, known: list[int], user: Any) -> Parted:
    lock(RetiredLearner.objects.filter(pk=learner.pk))
    account = leaver.account
    if account is not None:
        _lock(account, known)
        LearnerText.objects.filter(user=account).delete()
    progress = BadgeProgress.objects.filter(user=account, user__isnull=False)
    fulfilments, _ = Fulfillment.objects.filter(progress__in=list(progress.values_list("pk", flat=True))).delete()
    erased, _ = progress.delete()
    early, _ = EarlyPenalty.objects.filter(learner__in=_keys(leaver)).delete()
    return Parted(erased, fulfilments, early, _part_from_badges(account, learner, user))


def _part_from_badges(account: Any, learner: RetiredLearner, user: Any) -> int:
    choice = AtAccredible(learner.at_accredible)
    less = _CHOICES[: _CHOICES.index(choice)]
    theirs = Q(retired_learner=learner, at_accredible__in=less)
    if account is not None:
        theirs |= Q(user=account)
    found = AccredibleBadge.objects.filter(theirs)
    lock(found)
    keys = list(found.order_by("pk").values_list("pk", flat=True))
    badges = AccredibleBadge.objects.filter(pk__in=keys)
    BadgeLogEntry.objects.filter(badge__in=keys).exclude(detail="").update(detail="")
    badges.retire(learner, choice)
    # What is certainly nowhere has no learner at all from here on.
    badges.nowhere().filter(claim="").update(retired_learner=None)
    BadgeLogEntry.objects.bulk_create(
        BadgeLogEntry(badge_id=key, action=BadgeAction.RETIRE, succeeded=True, detail=str(choice.label), user=user)
        for key in keys
    )
    AccredibleBadge.objects.give_up_orphans()
    hand_over(badges.filter(next_attempt_at__isnull=False))
    return len(keys)


def _try_again(learner: RetiredLearner, user: Any) -> None:
    failed = learner.badges.filter(state=BadgeState.ERROR, next_attempt_at=None)
    retry_badges(AccredibleBadge.objects.filter(pk__in=list(failed.values_list("pk", flat=True))), user=user)


def _keys(leaver: Leaver) -> list[str]:
    said = [Identity(username=name, lms_user_id=leaver.lms_user_id) for name in leaver.names]
    return [key for identity in said for key in learners.keys(identity, leaver.account)]
