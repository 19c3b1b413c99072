"""Badges whose API configuration was deleted: nobody can send them until a person has them joined to another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_delete
from django.utils import timezone

from credentials_accredible.choices import BadgeProblem, BadgeState
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup

REASON = (
    "Its API configuration was deleted, so that nobody can send it. Add a configuration for the same account, sync its "
    "groups, and retry the delivery."
)


def watch() -> None:
    """Give up the badges of a configuration as soon as it is deleted."""
    post_delete.connect(_deleted, AccredibleAPIConfig, dispatch_uid="credentials_accredible.orphans")


def give_up() -> int:
    """Have badges that wait for a configuration that is gone end in an error that says so; returns how many.

    Those that a sender has at this moment are left to it, until its lease is over.
    """
    now = timezone.now()
    waiting = AccredibleBadge.objects.filter(api_config=None, next_attempt_at__isnull=False)
    return waiting.filter(Q(claim="") | Q(next_attempt_at__lte=now)).update(**given_up(), claim="", modified=now)


def given_up() -> dict[str, Any]:
    """The values of a badge that nobody can send."""
    return {
        "state": BadgeState.ERROR,
        "problem": BadgeProblem.ORPHANED,
        "last_error": REASON,
        "next_attempt_at": None,
        "due_since": None,
    }


def adopt(badges: Collection[AccredibleBadge]) -> list[AccredibleBadge]:
    """Join ``badges`` without a configuration to the one that has their group now; returns those that found one.

    That is the one group with their group's number at Accredible and its name. Numbers are unique within an
    environment only: where there are two such groups, or the learner has another badge of it, a badge stays as it is.
    Wants a transaction around it that has locked the badges.
    """
    groups = _groups_of(badges)
    adopted = []
    for badge in badges:
        found = groups[badge.accredible_group_id, badge.group_name]
        if len(found) != 1:
            continue
        [group] = found
        others = AccredibleBadge.objects.filter(
            user=badge.user_id, api_config=group.api_config_id, accredible_group_id=group.accredible_id
        )
        if others.exists():
            continue
        badge.group, badge.api_config_id = group, group.api_config_id
        badge.save(update_fields=["group", "api_config", "modified"])
        adopted.append(badge)
    return adopted


def _groups_of(badges: Collection[AccredibleBadge]) -> dict[tuple[int, str], list[AccredibleGroup]]:
    numbers = {badge.accredible_group_id for badge in badges}
    found: dict[tuple[int, str], list[AccredibleGroup]] = defaultdict(list)
    for group in AccredibleGroup.objects.filter(accredible_id__in=numbers):
        found[group.accredible_id, group.name].append(group)
    return found


def _deleted(**_kwargs: Any) -> None:
    give_up()
