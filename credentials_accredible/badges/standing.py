"""How far a learner has come in a group, as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from credentials_accredible.badges import learners
from credentials_accredible.badges.custom_attributes import KeptFacts, kept_facts
from credentials_accredible.badges.decision import Fulfilled, time_of
from credentials_accredible.choices import BadgeStatus
from credentials_accredible.events.event import Identity
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, EarlyPenalty
from credentials_accredible.rules.index import letter_of


@dataclass(frozen=True)
class Standing:
    """By primary keys of requirements: what is fulfilled, what the events said that did it, the times of penalties.

    ``badge`` is its status, empty where there never was one. ``has_left``: no event of theirs counts any more.
    """

    fulfilled: Mapping[int, Fulfilled] = field(default_factory=dict)
    facts: Mapping[int, KeptFacts] = field(default_factory=dict)
    resets: Mapping[int, datetime] = field(default_factory=dict)
    badge: str = ""
    has_left: bool = False


# Of somebody who has done nothing yet.
NOWHERE = Standing()


def standing_of(user: Any, group: AccredibleGroup) -> Standing:
    """Where ``user`` stands in ``group``: a few queries."""
    identity = Identity(username=user.get_username(), lms_user_id=getattr(user, "lms_user_id", None))
    progress = BadgeProgress.objects.filter(user=user, group=group).first()
    fulfilled: dict[int, Fulfilled] = {}
    facts: dict[int, KeptFacts] = {}
    for row in progress.fulfillments.select_related("requirement") if progress else ():
        pk, requirement = row.requirement_id, row.requirement
        fulfilled[pk] = Fulfilled(letter_of(pk, requirement.blend), time_of(row.context))
        if kept := kept_facts(requirement.event_type, row.context):
            facts[pk] = kept
    resets = {int(pk): datetime.fromisoformat(time) for pk, time in progress.resets.items()} if progress else {}
    if not fulfilled and not resets:
        # As when the progress begins.
        early = EarlyPenalty.objects.filter(learner__in=learners.keys(identity, user), requirement__group=group)
        resets = dict(early.order_by("time").values_list("requirement_id", "time"))
    return Standing(fulfilled, facts, resets, _badge(user, group), learners.has_left(identity, user))


def _badge(user: Any, group: AccredibleGroup) -> str:
    """A badge of the group counts whatever id it had at Accredible, and one of its present id whatever its group."""
    same_id = Q(api_config=group.api_config_id, accredible_group_id=group.accredible_id)
    found = set(AccredibleBadge.objects.filter(same_id | Q(group=group), user=user).values_list("status", flat=True))
    return BadgeStatus.AWARDED if BadgeStatus.AWARDED in found else next(iter(found), "")
