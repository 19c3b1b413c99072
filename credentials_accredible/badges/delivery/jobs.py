"""What is left to be done about a badge; computed from its row alone."""

from __future__ import annotations

from enum import Enum

from credentials_accredible.choices import BadgeState, BadgeStatus
from credentials_accredible.models import AccredibleBadge


class Job(Enum):
    """The next step towards what was decided."""

    NOTHING = "nothing"
    ISSUE = "issue"  # nothing of it can be at Accredible
    SEARCH = "search"  # it may be at Accredible: look by our own id, adopt it or go on
    PUBLISH = "publish"  # it is at Accredible, but not visible
    EXPIRE = "expire"  # it is at Accredible, and was revoked here
    REINSTATE = "reinstate"  # it was revoked at Accredible, and awarded here again


def job_of(badge: AccredibleBadge) -> Job:
    """What is to be done next. A revoked badge of which nothing was ever sent has nothing left to be done."""
    if badge.status == BadgeStatus.REVOKED:
        if badge.state == BadgeState.EXPIRED:
            return Job.NOTHING
        return Job.EXPIRE if badge.external_id else _unless_certain(badge, Job.NOTHING)
    if badge.state == BadgeState.ACCEPTED:
        return Job.NOTHING
    if badge.external_id:
        # The day stays until it is reinstated, also where that was refused and the state is ``error``.
        was_revoked = badge.state == BadgeState.EXPIRED or badge.expired_on is not None
        return Job.REINSTATE if was_revoked else Job.PUBLISH
    return _unless_certain(badge, Job.ISSUE)


def is_urgent(job: Job) -> bool:
    """Whether it is to be done at once; what is not published is looked at now and then."""
    return job not in {Job.NOTHING, Job.PUBLISH}


def _unless_certain(badge: AccredibleBadge, job: Job) -> Job:
    # ``created`` and ``expired`` without a credential say for certain that there is none.
    return job if badge.state in {BadgeState.CREATED, BadgeState.EXPIRED} else Job.SEARCH
