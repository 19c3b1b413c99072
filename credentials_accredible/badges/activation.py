"""Whether learners can earn a group at all."""

from __future__ import annotations

from collections.abc import Iterable

from credentials_accredible import conf
from credentials_accredible.badges.matching import Rule
from credentials_accredible.badges.validation import Requirement, group_problems
from credentials_accredible.models import AccredibleGroup, BadgeRequirement


def as_data(requirement: BadgeRequirement, rules: Iterable[Rule]) -> Requirement:
    """A requirement of the database as validation takes it, with the rules it has or is to have."""
    return Requirement(
        event_type=requirement.event_type,
        rules=list(rules),
        any_event=requirement.any_event,
        description=str(requirement) if requirement.pk else requirement.description,
        blend=requirement.blend,
    )


def activation_problems(group: AccredibleGroup) -> list[str]:
    """Why nobody could ever earn the badge of ``group`` as it is stored, a sentence each; empty where they could."""
    stored = group.requirements.prefetch_related("rules")
    return group_problems([as_data(requirement, requirement.rules.all()) for requirement in stored], conf.event_types())
