"""What can be next on the way of a badge to Accredible."""

from __future__ import annotations

from enum import Enum


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
