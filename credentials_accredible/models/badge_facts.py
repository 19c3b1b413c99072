"""What follows from the columns of a badge: what is to be done next, and whom Accredible is told of."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Any

from django.db.models import Q

from credentials_accredible import host
from credentials_accredible.choices import AtAccredible, BadgeState, BadgeStatus

# Awarded to learners who have left: what there is of them at Accredible stays as it is.
LEFT_ALONE = Q(at_accredible=AtAccredible.KEEP, status=BadgeStatus.AWARDED)


class Step(Enum):
    """What can be next on the way to what was decided."""

    NOTHING = "nothing"
    ISSUE = "issue"  # nothing of it can be at Accredible
    SEARCH = "search"  # it may be at Accredible: look by our own id, adopt it or go on
    PUBLISH = "publish"  # it is at Accredible, but not visible
    EXPIRE = "expire"  # it is at Accredible, and was revoked here
    REINSTATE = "reinstate"  # it was revoked at Accredible, and awarded here again

    @property
    def is_urgent(self) -> bool:
        """Whether it is to be done at once; what is not published is looked at now and then."""
        return self not in {Step.NOTHING, Step.PUBLISH}


def next_step(badge: Any) -> Step:
    """What is to be done next. A revoked badge of which nothing was ever sent has nothing left to be done."""
    if is_left_alone(badge):
        return Step.NOTHING
    if badge.status == BadgeStatus.REVOKED:
        if badge.state == BadgeState.EXPIRED or is_nowhere(badge):
            return Step.NOTHING
        return Step.EXPIRE if badge.external_id else Step.SEARCH
    if badge.state == BadgeState.ACCEPTED:
        return Step.NOTHING
    if badge.external_id:
        # The day stays until it is reinstated, also where that was refused and the state is ``error``.
        was_revoked = badge.state == BadgeState.EXPIRED or badge.expired_on is not None
        return Step.REINSTATE if was_revoked else Step.PUBLISH
    return Step.ISSUE if is_nowhere(badge) else Step.SEARCH


def is_left_alone(badge: Any) -> bool:
    """Whether it is one of ``LEFT_ALONE``."""
    return badge.at_accredible == AtAccredible.KEEP and badge.status == BadgeStatus.AWARDED


def is_unread(badge: Any) -> bool:
    """Whether another integration has issued it, and Accredible was not asked about it yet."""
    # Of a learner who has left, no address is kept.
    known = badge.url or badge.at_accredible
    return badge.state == BadgeState.ACCEPTED and bool(badge.external_id) and not known


def is_nowhere(badge: Any) -> bool:
    """Whether it is certain that no credential is at Accredible: ``created`` and ``expired`` without one say so."""
    return not badge.external_id and badge.state in {BadgeState.CREATED, BadgeState.EXPIRED}


def recipient_name(user: Any) -> str:
    """The learner's name, as Accredible is told."""
    return host.full_name(user).strip() or str(user.get_username())


def recipient_fingerprint(user: Any) -> str:
    """A digest of what Accredible is told of the learner: another one after the record was corrected."""
    return hashlib.sha256(f"{recipient_name(user)}\n{host.email_address(user)}".encode()).hexdigest()
