"""Repairs a badge: writes down what is so at Accredible, or has the delivery do there what was decided here.

A badge that was changed since it was compared is left alone. No request is sent from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Self
from uuid import uuid4

from django.utils import timezone

from credentials_accredible.choices import BadgeAction, BadgeState, BadgeStatus, Difference
from credentials_accredible.client import Credential
from credentials_accredible.database import in_transaction
from credentials_accredible.delivery import outbox
from credentials_accredible.delivery.actions import issued
from credentials_accredible.delivery.results import Result, write_down
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.models.badge import is_urgent, job_of

_NOTHING_THERE = {"external_id": "", "url": "", "expired_on": None, "state": BadgeState.CREATED}


@dataclass(frozen=True, slots=True)
class Compared:
    """A badge as it was when it was compared: what is not like that any more is left alone."""

    pk: int
    status: str
    state: str
    external_id: str
    modified: datetime

    @classmethod
    def of(cls, badge: AccredibleBadge) -> Self:
        """``badge`` as it is now."""
        return cls(badge.pk, badge.status, badge.state, badge.external_id, badge.modified)


@in_transaction
def repair(kind: Difference, compared: Compared, credential: Credential | None) -> bool:
    """Repair what was found of a badge; whether it still was like that, so that it was repaired."""
    token = uuid4().hex
    if not AccredibleBadge.objects.filter(claim="", **asdict(compared)).update(claim=token):
        return False
    write_down(token, {AccredibleBadge(pk=compared.pk): _result(kind, credential)})
    if kind == Difference.UNPUBLISHED:
        # Otherwise it would wait for its turn among those that Accredible did not publish.
        outbox.retry(AccredibleBadge.objects.filter(pk=compared.pk), None)
    return True


def _result(kind: Difference, credential: Credential | None) -> Result:
    detail = f"Reconciled: {kind.label}."
    if kind == Difference.REVOKED:
        expired_on = (credential and credential.expired_on) or timezone.localdate()
        return Result(BadgeAction.SEARCH, {"state": BadgeState.EXPIRED, "expired_on": expired_on}, detail=detail)
    if credential is None:
        return Result(BadgeAction.SEARCH, _NOTHING_THERE, detail=detail)
    adopted = issued(credential, action=BadgeAction.ADOPT)
    # The reply for a single credential has its address; where it has not, the one that is known stays.
    values = {name: value for name, value in adopted.values.items() if value}
    if kind == Difference.EXPIRED:
        # With status "awarded", what follows from this is that it is reinstated.
        values |= {"state": BadgeState.EXPIRED, "expired_on": credential.expired_on}
        return Result(BadgeAction.SEARCH, values, detail=detail)
    return Result(BadgeAction.ADOPT, {**values, "expired_on": None}, detail=f"{detail} {adopted.detail}".strip())


# Repaired by writing down here what is so at Accredible: nothing is sent, and nothing there changes.
RECORDED = frozenset({Difference.PUBLISHED, Difference.UNRECORDED, Difference.REVOKED})
# Repaired by having the delivery do at Accredible what was decided here: only where somebody names them.
DELIVERED = frozenset({Difference.MISSING, Difference.EXPIRED, Difference.VALID, Difference.UNPUBLISHED})
# Worth knowing; nothing is wrong with the badge.
REMARKS = frozenset({Difference.RECIPIENT})

_ISSUED = {BadgeState.ACCEPTED, BadgeState.UNPUBLISHED, BadgeState.NO_RESPONSE}


def is_in_flight(badge: AccredibleBadge) -> bool:
    """Whether a sender has the badge, or the next one will do something about it that is not done yet."""
    return bool(badge.claim) or (badge.next_attempt_at is not None and is_urgent(job_of(badge)))


def is_valid(credential: Credential, today: date) -> bool:
    """Whether learners can show it: published, and its last day is not over."""
    return credential.published and not _is_expired(credential, today)


def difference(badge: AccredibleBadge, credential: Credential | None, today: date) -> Difference | None:
    """How ``badge``, which is not in flight, and its ``credential`` differ; None where they agree.

    ``credential`` None: there is none at Accredible.
    """
    if badge.status == BadgeStatus.REVOKED:
        if credential and is_valid(credential, today):
            return Difference.VALID
        return None if badge.state in {BadgeState.EXPIRED, BadgeState.CREATED} else Difference.REVOKED
    if credential is None:
        return Difference.MISSING if badge.external_id or badge.state in _ISSUED else None
    if _is_expired(credential, today):
        return Difference.EXPIRED
    return _of_unexpired(badge, credential)


def has_other_recipient(badge: AccredibleBadge, credential: Credential) -> bool:
    """Whether Accredible tells another address than the learner has here."""
    there, here = credential.recipient_email, str(badge.user.email)
    return bool(there and here) and there.lower() != here.lower()


def _of_unexpired(badge: AccredibleBadge, credential: Credential) -> Difference | None:
    if badge.state == BadgeState.ACCEPTED and not credential.published:
        return Difference.UNPUBLISHED
    if badge.state == BadgeState.UNPUBLISHED and credential.published:
        return Difference.PUBLISHED
    recorded = badge.state in {BadgeState.ACCEPTED, BadgeState.UNPUBLISHED} and badge.external_id == credential.id
    return None if recorded else Difference.UNRECORDED


def _is_expired(credential: Credential, today: date) -> bool:
    return credential.expired_on is not None and credential.expired_on <= today
