"""What somebody has who used the built-in integration, in the embedded host's stand-in of its tables."""

from __future__ import annotations

from itertools import count
from typing import Any

from demo.builtin.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    DataRule,
    Fulfillment,
    PenaltyDataRule,
)
from tests.builtin import make_builtin_config, make_builtin_group
from tests.conftest import KEY
from tests.factories import COURSE, PASSING

_numbers = count(1)


def account(name: str = "Academy", key: str = KEY) -> AccredibleAPIConfig:
    """An API configuration."""
    return make_builtin_config(name=name, api_key=key)


def group(config: AccredibleAPIConfig, **values: Any) -> AccredibleGroup:
    """An active group."""
    number = next(_numbers)
    return make_builtin_group(api_config=config, **{"pk": 700_000 + number, "name": f"Badge {number}", **values})


def requirement(owner: AccredibleGroup, blend: str | None = "A", *, course: str = COURSE) -> BadgeRequirement:
    """A requirement that a passed course fulfils; with no ``course``, one without data rules."""
    made = BadgeRequirement.objects.create(template=owner, event_type=PASSING, blend=blend, description=None)
    if course:
        DataRule.objects.create(requirement=made, data_path="course.course_key", operator="eq", value=course)
        DataRule.objects.create(requirement=made, data_path="is_passing", operator="eq", value="Yes")
    return made


def penalty(owner: AccredibleGroup, *requirements: BadgeRequirement) -> BadgePenalty:
    """A penalty for a course that is no longer passed."""
    made = BadgePenalty.objects.create(template=owner, event_type=PASSING)
    made.requirements.set(requirements)
    PenaltyDataRule.objects.create(penalty=made, data_path="is_passing", operator="eq", value="false")
    return made


def progress(owner: AccredibleGroup, username: str, *fulfilled: BadgeRequirement) -> BadgeProgress:
    """A learner on the way to the badge."""
    made = BadgeProgress.objects.create(username=username, template=owner)
    for item in fulfilled:
        Fulfillment.objects.create(progress=made, requirement=item, blend=item.blend)
    return made


def badge(owner: AccredibleGroup, username: str, **values: Any) -> AccredibleBadge:
    """A badge, issued at Accredible unless ``values`` say otherwise."""
    defaults = {"credential_id": owner.pk, "state": "accepted", "external_id": 10_000_000 + next(_numbers)}
    return AccredibleBadge.objects.create(username=username, **{**defaults, **values})
