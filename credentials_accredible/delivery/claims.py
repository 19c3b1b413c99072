"""Which sender has which badges, and what it writes down of them, with a line in each badge's log.

A badge is claimed by one statement, kept by a lease, and taken over from the dead. A claim is committed before anything
is sent and holds no lock, so that no transaction is open while Accredible is asked. Where the database can, rows that
another sender is about to claim are skipped; elsewhere the statement itself decides: its condition is looked at again
under the lock of each row.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import connections, transaction

from credentials_accredible import conf, database
from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState, BadgeStatus
from credentials_accredible.database import alias, in_transaction, lock, retried
from credentials_accredible.delivery import policy
from credentials_accredible.delivery.policy import AdoptedByAnother, StillUnderWay, Verdict
from credentials_accredible.host import LEARNER_TEXT
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeLogEntry
from credentials_accredible.models.badge import BadgeQuerySet
from credentials_accredible.models.badge_facts import Step

log = logging.getLogger(__name__)

# As often others may be quicker, where a database cannot skip what they are claiming.
_RIVALS = 20
# The columns that one try can change.
_OF_A_TRY = [
    "state", "external_id", "url", "expired_on", "valid_until", "failures", "due_since", "next_attempt_at", "claim",
    "delivered_at", "problem", "last_error", "refused_recipient", "retired_learner_id", "modified",
]  # fmt: skip
_PROBLEMS = {Verdict.RECIPIENT: BadgeProblem.RECIPIENT, Verdict.DUPLICATE: BadgeProblem.TAKEN}


@dataclass(frozen=True)
class Result:
    """What one try has brought for one badge.

    ``transition`` is what follows of it for the badge: a method of AccredibleBadge, together with its arguments. None:
    nothing was learned. ``error`` None: it succeeded, and ``detail`` is what else there is to say.
    """

    action: BadgeAction
    transition: Callable[[AccredibleBadge], None] | None = None
    error: Exception | None = None
    detail: str = ""


Results = dict[AccredibleBadge, Result]


def lease_end() -> datetime:
    """When a claim that is made or kept now is over."""
    return database.now() + timedelta(seconds=conf.delivery_lease())


class Claim:
    """The badges that one sender has taken on, under a ``token`` of their own.

    What it notes of them is tried again where the connection is lost: others would wait for the end of its lease.
    """

    def __init__(self, token: str, badges: list[AccredibleBadge]) -> None:
        self.token = token
        self.badges = badges
        self._sent: set[int] = set()

    @retried
    def keep(self, badges: Collection[AccredibleBadge]) -> int:
        """Begin the lease of these ``badges`` again; returns how many of them no other sender has taken over."""
        return self._rows(badges).claim(self.token, lease_end())

    @retried
    def mark_sent(self, badges: Collection[AccredibleBadge]) -> list[AccredibleBadge]:
        """Note of ``badges`` that their issuing is about to be sent; returns those for which it still may be.

        One that was revoked meanwhile, or that another sender has taken over, may not.
        """
        self._rows(badges).mark_sent(lease_end())
        sent = self._rows(badges).filter(state=BadgeState.NO_RESPONSE, status=BadgeStatus.AWARDED, at_accredible="")
        marked = set(sent.values_list("pk", flat=True))
        self._sent |= marked
        return [badge for badge in badges if badge.pk in marked]

    @retried
    def mark_expiring(self, badge: AccredibleBadge, *, on: date, valid_until: date | None) -> bool:
        """Note that its expiry is about to be sent, and its last day until now; False where another sender has it."""
        return bool(self._rows([badge]).mark_expiring(on, valid_until)) and bool(self.keep([badge]))

    @retried
    def mark_tried(self, badges: Collection[AccredibleBadge]) -> None:
        self._rows(badges).mark_tried()

    @retried
    def mark_changing(self, badge: AccredibleBadge, *, shows: bool) -> None:
        """Note that the credential is about to be shown, or else revoked: until that is answered, it can follow."""
        self._rows([badge]).mark_changing(shows=shows)

    @retried
    def mark_answered(self, badge: AccredibleBadge) -> None:
        """Note that this was answered. What was not before, as ``badge`` says, which was read before, still is not."""
        before = {name: getattr(badge, name) for name in ("showing_sent_at", "revoking_sent_at")}
        self._rows([badge]).update(**before)

    def write_down(self, results: Mapping[AccredibleBadge, Result]) -> None:
        """Write ``results`` into the badges that are still claimed, and let go of these.

        A badge that another sender has taken over is left to that one. A decision that was changed while the request
        was under way is seen here, and is due at once.
        """
        by_pk = {badge.pk: result for badge, result in results.items()}
        adopting = {badge.api_config_id for badge, result in results.items() if badge.api_config_id and _adopts(result)}
        for badge, result in _write_down(self.token, by_pk, adopting) if by_pk else []:
            _tell(badge, result)

    @retried
    def release(self, badges: Collection[AccredibleBadge]) -> None:
        """Leave ``badges`` to the next sender: at once, or after the lease where something was sent.

        A request that was interrupted can still be at work at Accredible, where a search would not show it yet.
        """
        self._rows([badge for badge in badges if badge.pk not in self._sent]).release()

    def _rows(self, badges: Collection[AccredibleBadge]) -> BadgeQuerySet:
        return AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in badges], claim=self.token)


def claim(config_id: int, size: int, only: Collection[UUID] | None = None) -> Claim:
    """Take on up to ``size`` badges of the configuration that are due, the longest waiting first.

    ``only``: none but those with these UUIDs.
    """
    for _ in range(_RIVALS):
        claimed = _claim(config_id, size, only)
        if claimed is not None:
            return claimed
    return Claim("", [])


def others_at_work(config_id: int) -> bool:
    """Whether a sender is sending badges of the configuration: one that is alive begins its lease again each time.

    One that has died keeps nothing but what it claimed.
    """
    _name, longest = conf.longest_request()
    kept_until = lease_end() - timedelta(seconds=longest)
    claimed = AccredibleBadge.objects.filter(api_config=config_id, next_attempt_at__gt=kept_until)
    return claimed.exclude(claim="").exists()


@retried
def _claim(config_id: int, size: int, only: Collection[UUID] | None) -> Claim | None:
    """None where there are some, and another sender was quicker with all of them."""
    token = uuid4().hex
    if size < 1:
        return Claim(token, [])
    due = AccredibleBadge.objects.filter(api_config=config_id).due()
    if only is not None:
        due = due.filter(uuid__in=only)
    # Asked for each time: what others have is not taken over by a wrong clock.
    database.now(exactly=True)
    skips = connections[alias()].features.has_select_for_update_skip_locked
    waiting = due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:size]
    # Where nothing is skipped, the transaction begins with a write: see ``database.lock``.
    chosen = [] if skips else list(waiting)
    with transaction.atomic():
        if skips:
            chosen = list(waiting.select_for_update(skip_locked=True))
        due.filter(pk__in=chosen).claim(token, lease_end())
        # Here, so that nothing is claimed by a sender that does not know of it.
        claimed = AccredibleBadge.objects.filter(pk__in=chosen, claim=token)
        claimed = claimed.select_related(f"user__{LEARNER_TEXT}", "group")
        badges = list(claimed.order_by("pk"))
    return Claim(token, badges) if badges or not chosen else None


@in_transaction
def _write_down(
    token: str, by_pk: Mapping[int, Result], adopting: Collection[int]
) -> list[tuple[AccredibleBadge, Result]]:
    """``adopting``: the configurations for which credentials are adopted; of these, one after the other is written."""
    now = database.now()
    # Writes first, see ``lock``.
    if adopting:
        lock(AccredibleAPIConfig.objects.filter(pk__in=adopting))
    claimed = AccredibleBadge.objects.filter(pk__in=by_pk, claim=token)
    claimed.update(modified=now)
    badges = list(claimed.select_related("user"))
    adopted: set[str] = set()
    written = [(badge, _unless_taken(badge, by_pk[badge.pk], adopted)) for badge in badges]
    for badge, result in written:
        _apply(badge, result, now)
    if badges:
        _save(badges)
    BadgeLogEntry.objects.bulk_create(_entry(badge, result) for badge, result in written)
    return written


def _adopts(result: Result) -> bool:
    return result.action == BadgeAction.ADOPT and result.error is None


def _unless_taken(badge: AccredibleBadge, result: Result, adopted: set[str]) -> Result:
    """``result``; an error to try again after, where another badge has adopted the same credential since it was found.

    ``adopted``: the credentials that badges written down with it adopt; this one's is added.
    """
    if not _adopts(result) or result.transition is None:
        return result
    trial = copy.copy(badge)
    result.transition(trial)
    others = AccredibleBadge.objects.exclude(pk=badge.pk).filter(environment=badge.environment)
    if trial.external_id in adopted or others.filter(external_id=trial.external_id).exists():
        return Result(BadgeAction.ADOPT, AccredibleBadge.mark_absent, AdoptedByAnother())
    adopted.add(trial.external_id)
    return result


def _save(badges: Sequence[AccredibleBadge]) -> None:
    """Save what a try has changed; what is the same in all of them, as ``modified``, as one value."""
    values = {name: [getattr(badge, name) for badge in badges] for name in _OF_A_TRY}
    same = {name: found[0] for name, found in values.items() if all(value == found[0] for value in found)}
    AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in badges]).update(**same)
    if len(same) < len(_OF_A_TRY):
        AccredibleBadge.objects.bulk_update(badges, [name for name in _OF_A_TRY if name not in same])


def _apply(badge: AccredibleBadge, result: Result, now: datetime) -> None:
    if result.transition:
        result.transition(badge)
    if result.error is None:
        _succeeded(badge, result, now)
    else:
        _failed(badge, result.error, now)
    badge.let_go(now)


def _succeeded(badge: AccredibleBadge, result: Result, now: datetime) -> None:
    badge.succeed(result.detail)
    if badge.next_step is Step.NOTHING:
        badge.finish(now)
    elif badge.next_step.is_urgent:
        badge.proceed(now)
    else:
        badge.postpone(now + timedelta(seconds=conf.number("UNPUBLISHED_RECHECK", least=1)))


def _failed(badge: AccredibleBadge, error: Exception, now: datetime) -> None:
    verdict = policy.verdict(error)
    badge.fail(error)
    if badge.next_step is Step.NOTHING and not badge.is_unread:  # revoked meanwhile, and certainly nothing there
        badge.finish(now)
    elif verdict is Verdict.PAUSE:
        badge.postpone(now)
    elif isinstance(error, StillUnderWay):
        badge.postpone(error.look_again_at)
    elif policy.was_kept_back(error):
        badge.postpone(now + timedelta(seconds=getattr(error, "retry_after", None) or 0))
    elif verdict is Verdict.AGAIN:
        due_since = badge.count_failure(now)
        if policy.is_hopeless(badge.failures, (now - due_since) / timedelta(days=1)):
            badge.give_up(BadgeProblem.EXHAUSTED)
        else:
            badge.postpone(now + timedelta(seconds=policy.delay(badge.failures)))
    else:
        badge.give_up(_PROBLEMS.get(verdict, BadgeProblem.REFUSED))


def _entry(badge: AccredibleBadge, result: Result) -> BadgeLogEntry:
    detail = str(result.error) if result.error else result.detail
    if result.error and badge.at_accredible:
        # It can quote the learner, who has left: the badge tells it until it is done.
        detail = ""
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
