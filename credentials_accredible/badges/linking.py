"""Links earned badges to a group: to one that came back, or that is at Accredible under another id now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet

from credentials_accredible.choices import BadgeProblem, BadgeStatus
from credentials_accredible.database import batches
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup


def unlinked(config: AccredibleAPIConfig, numbers: Collection[int]) -> QuerySet[AccredibleBadge]:
    """The badges of a configuration that were earned in groups of these Accredible ids and belong to no group."""
    return AccredibleBadge.objects.filter(api_config=config, accredible_group_id__in=numbers, group=None)


def link_all(group: AccredibleGroup, badges: QuerySet[AccredibleBadge]) -> int:
    """Link all of ``badges`` to ``group``, as ``link`` does; returns how many."""
    keys = list(badges.order_by("pk").values_list("pk", flat=True))
    for batch in batches(keys):
        link(group, batch)
    return len(keys)


def move_waiting(group: AccredibleGroup) -> None:
    """Have the badges of ``group`` that are not at Accredible yet made in the group as it is there now."""
    waiting = AccredibleBadge.objects.filter(group=group, external_id="", status=BadgeStatus.AWARDED)
    link_all(group, waiting.exclude(accredible_group_id=group.accredible_id))


def link(group: AccredibleGroup, badges: Sequence[int]) -> None:
    """Make the badges with these primary keys, a few hundred, badges of ``group``. Wants a transaction around it.

    One whose configuration is gone becomes one of the group's configuration, and what could not be sent for that reason
    is due again. One that is still to be made at Accredible is made in the group as it is there now. Where the learner
    has a badge of that place already, only the link is made: enough for the learner not to be given another one.
    """
    rows: Any = AccredibleBadge.objects.filter(pk__in=badges)
    homeless, elsewhere = [], []
    for pk, user, config, number, external_id, status in rows.values_list(
        "pk", "user_id", "api_config_id", "accredible_group_id", "external_id", "status"
    ):
        if config is None:
            homeless.append((pk, user, number))
        elif number != group.accredible_id and not external_id and status == BadgeStatus.AWARDED:
            elsewhere.append((pk, user))
    taken = _taken(group, {user for _pk, user, _number in homeless} | {user for _pk, user in elsewhere})
    free = [pk for pk, user, number in homeless if (user, number) not in taken]
    moving = [pk for pk, user in elsewhere if (user, group.accredible_id) not in taken]
    rows.update(group=group)
    found_home = AccredibleBadge.objects.filter(pk__in=free)
    found_home.update(api_config=group.api_config, environment=group.api_config.environment)
    found_home.filter(problem=BadgeProblem.ORPHANED).make_due(last_error="")
    # One that a sender has taken on stays: it may be made at this moment.
    AccredibleBadge.objects.filter(pk__in=moving, claim="", external_id="").update(
        accredible_group_id=group.accredible_id, group_name=group.name
    )


def _taken(group: AccredibleGroup, users: set[int]) -> set[tuple[int, int]]:
    """Which (learner, group id) have a badge of the group's configuration."""
    badges = AccredibleBadge.objects.filter(api_config=group.api_config_id, user__in=users)
    return set(badges.values_list("user_id", "accredible_group_id"))
