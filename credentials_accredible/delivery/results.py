"""What a try has brought, and how it is written down: under the claim, with a line in the badge's log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState
from credentials_accredible.database import in_transaction
from credentials_accredible.delivery import outbox, policy
from credentials_accredible.delivery.policy import Verdict
from credentials_accredible.delivery.recipients import RecipientUnusable, fingerprint
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry
from credentials_accredible.models.badge import Job, is_urgent, job_of

log = logging.getLogger(__name__)

_WRITTEN = [
    "state", "external_id", "url", "expired_on", "failures", "due_since", "next_attempt_at", "claim", "delivered_at",
    "problem", "last_error", "refused_recipient", "modified",
]  # fmt: skip
_PROBLEMS = {Verdict.RECIPIENT: BadgeProblem.RECIPIENT, Verdict.DUPLICATE: BadgeProblem.TAKEN}


@dataclass(frozen=True)
class Result:
    """What one try has brought for one badge.

    ``values`` are those of the badge's row that follow from it. ``error`` None: it succeeded, and ``detail`` is what
    else there is to say.
    """

    action: BadgeAction
    values: Mapping[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    detail: str = ""


def write_down(token: str, results: Mapping[AccredibleBadge, Result]) -> None:
    """Write ``results`` into the badges that are still claimed under ``token``, and let go of these.

    Whoever has taken over a badge finds out for himself what became of it. A decision that was changed while the
    request was under way is seen here, and is due at once.
    """
    by_pk = {badge.pk: result for badge, result in results.items()}
    for badge in _write_down(token, by_pk) if by_pk else []:
        _tell(badge, by_pk[badge.pk])


@in_transaction
def _write_down(token: str, by_pk: Mapping[int, Result]) -> list[AccredibleBadge]:
    now = timezone.now()
    claimed = AccredibleBadge.objects.filter(pk__in=by_pk, claim=token)
    # A write first: it locks the rows, on SQLite the database.
    claimed.update(modified=now)
    badges = list(claimed.select_related("user"))
    for badge in badges:
        _apply(badge, by_pk[badge.pk], now)
    _save(badges)
    BadgeLogEntry.objects.bulk_create(_entry(badge, by_pk[badge.pk]) for badge in badges)
    return badges


def _save(badges: list[AccredibleBadge]) -> None:
    """Save what was written into the badges. What is the same in all of them is one value, and not a case for each."""
    if not badges:
        return
    values = {name: [getattr(badge, name) for badge in badges] for name in _WRITTEN}
    same = {name: found[0] for name, found in values.items() if all(value == found[0] for value in found)}
    if same:
        AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in badges]).update(**same)
    if len(same) < len(_WRITTEN):
        AccredibleBadge.objects.bulk_update(badges, [name for name in _WRITTEN if name not in same])


def _apply(badge: AccredibleBadge, result: Result, now: datetime) -> None:
    for name, value in result.values.items():
        setattr(badge, name, value)
    badge.claim, badge.modified = "", now
    if result.error is None:
        _succeeded(badge, result, now)
    else:
        _failed(badge, result.error, now)
    if badge.api_config_id is None and badge.next_attempt_at is not None:
        for name, value in outbox.given_up().items():
            setattr(badge, name, value)


def _succeeded(badge: AccredibleBadge, result: Result, now: datetime) -> None:
    badge.failures, badge.problem, badge.refused_recipient = 0, BadgeProblem.NONE, ""
    badge.last_error = result.detail if badge.state == BadgeState.UNPUBLISHED else ""
    job = job_of(badge)
    if job is Job.NOTHING:
        badge.delivered_at = now if badge.external_id else badge.delivered_at
        badge.due_since = badge.next_attempt_at = None
    elif is_urgent(job):
        badge.due_since = badge.next_attempt_at = now
    else:
        badge.due_since = None
        badge.next_attempt_at = now + timedelta(seconds=conf.number("UNPUBLISHED_RECHECK", least=1))


def _failed(badge: AccredibleBadge, error: Exception, now: datetime) -> None:
    verdict = Verdict.RECIPIENT if isinstance(error, RecipientUnusable) else policy.verdict(error)
    badge.last_error = str(error)
    job = job_of(badge)
    if job is Job.NOTHING:  # revoked meanwhile, and certainly nothing there
        badge.due_since = badge.next_attempt_at = None
    elif verdict is Verdict.PAUSE:
        badge.next_attempt_at = now
    elif policy.was_kept_back(error):
        badge.next_attempt_at = now + timedelta(seconds=getattr(error, "retry_after", None) or 0)
    elif verdict is Verdict.AGAIN:
        badge.failures += 1
        badge.due_since = badge.due_since or now
        if policy.is_hopeless(badge.failures, (now - badge.due_since) / timedelta(days=1)):
            _give_up(badge, BadgeProblem.EXHAUSTED)
        else:
            badge.next_attempt_at = now + timedelta(seconds=policy.delay(badge.failures))
    else:
        _give_up(badge, _PROBLEMS.get(verdict, BadgeProblem.REFUSED))
        if verdict is Verdict.RECIPIENT:
            badge.refused_recipient = fingerprint(badge.user)


def _give_up(badge: AccredibleBadge, problem: BadgeProblem) -> None:
    badge.state, badge.problem, badge.next_attempt_at, badge.due_since = BadgeState.ERROR, problem, None, None


def _entry(badge: AccredibleBadge, result: Result) -> BadgeLogEntry:
    detail = str(result.error) if result.error else result.detail
    return BadgeLogEntry(badge=badge, action=result.action, succeeded=result.error is None, detail=detail)


def _tell(badge: AccredibleBadge, result: Result) -> None:
    # What Accredible says can quote the learner's address: it stays in the database.
    if result.error is None:
        log.info("badge_delivery badge=%s action=%s state=%s", badge.uuid, result.action, badge.state)
    else:
        log.warning(
            "badge_delivery_failed badge=%s action=%s state=%s error=%s status=%s failures=%s",
            badge.uuid,
            result.action,
            badge.state,
            type(result.error).__name__,
            getattr(result.error, "status", None),
            badge.failures,
        )
