"""Links earned badges to a group: to one that came back, or that is at Accredible under another id now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from credentials_accredible.choices import BadgeProblem, BadgeStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup

_BATCH = 500


def unlinked(config: AccredibleAPIConfig, numbers: Collection[int]) -> QuerySet[AccredibleBadge]:
    """The badges of a configuration that were earned in groups of these Accredible ids and belong to no group."""
    return AccredibleBadge.objects.filter(api_config=config, accredible_group_id__in=numbers, group=None)


def link_all(group: AccredibleGroup, badges: QuerySet[AccredibleBadge]) -> int:
    """Link all of ``badges``, which belong to no group, to ``group``; returns how many. As ``link``."""
    done = 0
    while keys := list(badges.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        link(group, keys)
        done += len(keys)
    return done


def move_waiting(group: AccredibleGroup) -> None:
    """Have the badges of ``group`` that are not at Accredible yet made in the group as it is there now."""
    waiting = AccredibleBadge.objects.filter(group=group, external_id="", status=BadgeStatus.AWARDED)
    rows = waiting.exclude(accredible_group_id=group.accredible_id).order_by("pk")
    done = 0
    while keys := list(rows.filter(pk__gt=done).values_list("pk", flat=True)[:_BATCH]):
        link(group, keys)
        done = keys[-1]


def link(group: AccredibleGroup, badges: Sequence[int]) -> None:
    """Make the badges with these primary keys, a few hundred, badges of ``group``. Wants a transaction around it.

    One whose configuration is gone becomes one of the group's configuration, and what could not be sent for that reason
    is due again. One that is to be made at Accredible yet
    is made in the group as it is there now. Neither holds where the learner has a badge of that place already: then
    only the link is made, and that is enough for the learner not to be given another one.
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
    found_home.update(api_config=group.api_config)
    now = timezone.now()
    found_home.filter(problem=BadgeProblem.ORPHANED).update(
        problem=BadgeProblem.NONE, next_attempt_at=now, due_since=now, failures=0, last_error=""
    )
    # One that a sender has taken on stays: it may be made at this moment.
    AccredibleBadge.objects.filter(pk__in=moving, claim="", external_id="").update(
        accredible_group_id=group.accredible_id, group_name=group.name
    )


def _taken(group: AccredibleGroup, users: set[int]) -> set[tuple[int, int]]:
    """Which (learner, group id) have a badge of the group's configuration."""
    badges = AccredibleBadge.objects.filter(api_config=group.api_config_id, user__in=users)
    return set(badges.values_list("user_id", "accredible_group_id"))
