"""How a badge and its credential differ, and what can be done about it; computed from the two alone."""

from __future__ import annotations

from datetime import date

from credentials_accredible.badges.delivery.jobs import is_urgent, job_of
from credentials_accredible.choices import BadgeState, BadgeStatus, Difference
from credentials_accredible.client import Credential
from credentials_accredible.models import AccredibleBadge

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
