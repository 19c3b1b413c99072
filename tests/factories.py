"""Things to test with, each valid as it comes."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from credentials_accredible.models import (
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

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
COURSE = "course-v1:edX+DemoX+Demo_Course"

_numbers = count(1)


def make_config(name: str = "", *, key: str = "main-key-0001", environment: str = "emulator") -> AccredibleAPIConfig:
    """A configuration with a key."""
    name = name or f"Account {next(_numbers)}"
    return AccredibleAPIConfig.objects.create(name=name, environment=environment, api_key=key)


def make_group(config: AccredibleAPIConfig | None = None, **values: Any) -> AccredibleGroup:
    """An inactive group."""
    number = next(_numbers)
    defaults = {"accredible_id": 900_000 + number, "name": f"Group {number}"}
    return AccredibleGroup.objects.create(api_config=config or make_config(), **{**defaults, **values})


def make_requirement(group: AccredibleGroup, *, rule: bool = True, **values: Any) -> BadgeRequirement:
    """A requirement that a passed course fulfils."""
    requirement = BadgeRequirement.objects.create(group=group, **{"event_type": PASSING, **values})
    if rule:
        DataRule.objects.create(requirement=requirement, data_path="is_passing", operator="eq", value="true")
    return requirement


def make_penalty(group: AccredibleGroup, *requirements: BadgeRequirement, **values: Any) -> BadgePenalty:
    """A penalty for a course that is no longer passed."""
    penalty = BadgePenalty.objects.create(group=group, **{"event_type": PASSING, **values})
    penalty.requirements.set(requirements)
    PenaltyDataRule.objects.create(penalty=penalty, data_path="is_passing", operator="eq", value="false")
    return penalty


def make_user(username: str = "", **values: Any) -> Any:
    """A user of the host."""
    username = username or f"user-{next(_numbers)}"
    return get_user_model().objects.create_user(username, f"{username}@example.com", **values)


def make_staff(*permissions: str, **values: Any) -> Any:
    """A member of staff with these permissions of the plugin, as ``view_accrediblegroup``."""
    user = make_user(is_staff=True, **values)
    found = Permission.objects.filter(codename__in=permissions, content_type__app_label="credentials_accredible")
    assert found.count() == len(permissions), f"not all of {permissions} exist"
    user.user_permissions.set(found)
    return user


def make_progress(group: AccredibleGroup, *fulfilled: BadgeRequirement, user: Any = None) -> BadgeProgress:
    """A learner on the way to the group's badge."""
    progress = BadgeProgress.objects.create(user=user or make_user(), group=group)
    for requirement in fulfilled:
        Fulfillment.objects.create(progress=progress, requirement=requirement)
    return progress


def make_badge(group: AccredibleGroup) -> AccredibleBadge:
    """A badge that a learner has earned."""
    return AccredibleBadge.objects.create(
        user=make_user(),
        group=group,
        api_config=group.api_config,
        environment=group.api_config.environment,
        accredible_group_id=group.accredible_id,
        group_name=group.name,
    )


def configure(group: AccredibleGroup) -> AccredibleGroup:
    """Give the group two requirements, a penalty, a learner in progress and a badge, and activate it."""
    first = make_requirement(group, blend="A")
    make_requirement(group, blend="B")
    make_penalty(group, first)
    make_progress(group, first)
    make_badge(group)
    group.is_active = True
    group.save()
    return group


def configuration_of(config: AccredibleAPIConfig) -> list[dict[str, Any]]:
    """All that staff decided and learners did under the groups of ``config``, for comparing before and after."""
    return [
        {
            "pk": group.pk,
            "uuid": group.uuid,
            "is_active": group.is_active,
            "requirements": [
                (item.pk, item.event_type, item.blend, item.modified, sorted(item.rules.values_list("pk", "value")))
                for item in group.requirements.order_by("pk")
            ],
            "penalties": [
                (
                    item.pk,
                    item.modified,
                    sorted(item.rules.values_list("pk", "value")),
                    sorted(item.requirements.values_list("pk", flat=True)),
                )
                for item in group.penalties.order_by("pk")
            ],
            "progress": sorted(group.progresses.values_list("pk", "fulfillments")),
            "badges": sorted(group.badges.values_list("pk", "group_name")),
        }
        for group in config.groups.order_by("accredible_id")
    ]
