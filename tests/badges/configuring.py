"""Groups as staff configure them, in few words."""

from __future__ import annotations

from typing import Any

from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement, DataRule, PenaltyDataRule
from tests.factories import PASSING, make_group

RuleText = tuple[str, str, str]

PASSES = ("is_passing", "eq", "true")
FAILS = ("is_passing", "eq", "false")


def in_course(course: str, *rules: RuleText) -> list[RuleText]:
    """The rules, and that it is about this course."""
    return [*rules, ("course.course_key", "eq", course)]


def active_group(name: str = "Badge", **values: Any) -> AccredibleGroup:
    """A group that learners can earn."""
    return make_group(name=name, is_active=True, **values)


def require(
    group: AccredibleGroup, *rules: RuleText, event_type: str = PASSING, blend: str = "", any_event: bool = False
) -> BadgeRequirement:
    """A requirement with these rules."""
    requirement = BadgeRequirement.objects.create(group=group, event_type=event_type, blend=blend, any_event=any_event)
    for path, operator, value in rules:
        DataRule.objects.create(requirement=requirement, data_path=path, operator=operator, value=value)
    return requirement


def penalise(
    group: AccredibleGroup, *rules: RuleText, takes: list[BadgeRequirement], event_type: str = PASSING
) -> BadgePenalty:
    """A penalty with these rules."""
    penalty = BadgePenalty.objects.create(group=group, event_type=event_type)
    penalty.requirements.set(takes)
    for path, operator, value in rules:
        PenaltyDataRule.objects.create(penalty=penalty, data_path=path, operator=operator, value=value)
    return penalty
