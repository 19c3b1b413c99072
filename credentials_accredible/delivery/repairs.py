"""How a badge and its credential can differ, and how each difference is repaired. No request is sent from here.

A repair writes down what is so at Accredible, or has the delivery do there what was decided here. A badge that was
changed since it was compared is left alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Self
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import host
from credentials_accredible.choices import BadgeAction, BadgeState, BadgeStatus, Difference
from credentials_accredible.client import Credential
from credentials_accredible.database import in_transaction
from credentials_accredible.delivery import outbox
from credentials_accredible.delivery.actions import accepted
from credentials_accredible.delivery.claims import Claim, Result, lease_end
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.models.badge_facts import is_left_alone

# Repaired by writing down here what is so at Accredible: nothing is sent, and nothing there changes.
RECORDED = frozenset({Difference.PUBLISHED, Difference.UNRECORDED, Difference.REVOKED})
# Repaired by having what was decided here done at Accredible, by the delivery or, of doubles, by ``doubles``: only
# where somebody names them.
DELIVERED = frozenset(
    {Difference.MISSING, Difference.EXPIRED, Difference.VALID, Difference.UNPUBLISHED, Difference.DOUBLE}
)
# Worth knowing; nothing is wrong with the badge.
REMARKS = frozenset({Difference.RECIPIENT, Difference.ENDED})

_ISSUED = {BadgeState.ACCEPTED, BadgeState.UNPUBLISHED, BadgeState.NO_RESPONSE}


def is_in_flight(badge: AccredibleBadge) -> bool:
    """Whether a sender has the badge, or the next one will do something about it that is not done yet."""
    return bool(badge.claim) or (badge.next_attempt_at is not None and badge.next_step.is_urgent)


def is_valid(credential: Credential, today: date) -> bool:
    """Whether learners can show it: published, and its last day is not over."""
    return credential.published and not _is_expired(credential, today)


def difference(badge: AccredibleBadge, credential: Credential | None, today: date) -> Difference | None:
    """How ``badge``, which is not in flight, and its ``credential`` differ; None where they agree.

    ``credential`` None: there is none at Accredible.
    """
    if is_left_alone(badge):
        return None
    if badge.status == BadgeStatus.REVOKED:
        return _of_revoked(badge, credential, today)
    if credential is None:
        return Difference.MISSING if badge.external_id or badge.state in _ISSUED else None
    if not _is_expired(credential, today):
        return _of_unexpired(badge, credential)
    # Without a last day it can have run out by itself, unless it was revoked from here.
    if badge.valid_until > today if badge.valid_until else badge.expired_on:
        return Difference.EXPIRED
    return _of_unexpired(badge, credential) or (None if badge.valid_until else Difference.ENDED)


def has_other_recipient(badge: AccredibleBadge, credential: Credential) -> bool:
    """Whether Accredible tells another address than the learner has here."""
    # Nobody knows the address of a learner who has left.
    there, here = credential.recipient_email, host.email_address(badge.user) if badge.user else ""
    return bool(there and here) and there.lower() != here.lower()


@dataclass(frozen=True, slots=True)
class BadgeVersion:
    """A badge as it was when it was compared."""

    pk: int
    status: str
    state: str
    external_id: str
    modified: datetime

    @classmethod
    def of(cls, badge: AccredibleBadge) -> Self:
        return cls(badge.pk, badge.status, badge.state, badge.external_id, badge.modified)


def take(compared: BadgeVersion) -> Claim | None:
    """Claim the badge; None where it is not any more as it was when it was compared."""
    claim = Claim(uuid4().hex, [AccredibleBadge(pk=compared.pk)])
    taken = AccredibleBadge.objects.filter(claim="", **asdict(compared)).claim(claim.token, lease_end())
    return claim if taken else None


@in_transaction
def repair(kind: Difference, compared: BadgeVersion, credential: Credential | None) -> bool:
    """Repair what was found of a badge; whether it still was like that, so that it was repaired."""
    claim = take(compared)
    if claim is None:
        return False
    claim.write_down({badge: _result(kind, credential) for badge in claim.badges})
    if kind == Difference.UNPUBLISHED:
        # Otherwise it would wait for its turn among those that Accredible did not publish.
        outbox.retry(AccredibleBadge.objects.filter(pk=compared.pk), None)
    return True


def _of_revoked(badge: AccredibleBadge, credential: Credential | None, today: date) -> Difference | None:
    if credential and is_valid(credential, today):
        return Difference.VALID
    return None if badge.state in {BadgeState.EXPIRED, BadgeState.CREATED} else Difference.REVOKED


def _of_unexpired(badge: AccredibleBadge, credential: Credential) -> Difference | None:
    if badge.state == BadgeState.ACCEPTED and not credential.published:
        return Difference.UNPUBLISHED
    if badge.state == BadgeState.UNPUBLISHED and credential.published:
        return Difference.PUBLISHED
    recorded = badge.state in {BadgeState.ACCEPTED, BadgeState.UNPUBLISHED} and badge.external_id == credential.id
    return None if recorded else Difference.UNRECORDED


def _is_expired(credential: Credential, today: date) -> bool:
    return credential.expired_on is not None and credential.expired_on <= today


def _result(kind: Difference, credential: Credential | None) -> Result:
    detail = _("Reconciled: %(label)s.") % {"label": kind.label}
    if kind == Difference.REVOKED:
        expired_on = (credential and credential.expired_on) or timezone.localdate()
        return Result(BadgeAction.SEARCH, partial(AccredibleBadge.expire, on=expired_on), detail=detail)
    if credential is None:
        return Result(BadgeAction.SEARCH, AccredibleBadge.mark_absent, detail=detail)
    if kind == Difference.EXPIRED and credential.expired_on:
        # With status "awarded", what follows from this is that it is reinstated.
        expire = partial(
            AccredibleBadge.expire, on=credential.expired_on, external_id=credential.id, url=credential.url
        )
        return Result(BadgeAction.SEARCH, expire, detail=detail)
    adopted = accepted(BadgeAction.ADOPT, credential)
    return Result(BadgeAction.ADOPT, adopted.transition, detail=f"{detail} {adopted.detail}".strip())
