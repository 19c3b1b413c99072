"""All there is under the groups of a configuration, without primary keys, for comparing before and after."""

from __future__ import annotations

from typing import Any

from credentials_accredible.choices import PROVIDER_FIELDS
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, Fulfillment


def picture_of(group: AccredibleGroup) -> dict[str, Any]:
    """The group and what belongs to it; activation, primary keys and times of modification are left out."""
    numbers = {item.pk: number for number, item in enumerate(group.requirements.order_by("pk"))}
    return {
        "group": {
            name: getattr(group, name)
            for name in (*PROVIDER_FIELDS, "uuid", "accredible_id", "created", "synced_at", "site")
        },
        "requirements": [
            (item.event_type, item.description, item.blend, item.any_event, _rules(item))
            for item in group.requirements.order_by("pk")
        ],
        "penalties": [
            (
                item.event_type,
                item.description,
                _rules(item),
                sorted(numbers[chosen.pk] for chosen in item.requirements.all()),
            )
            for item in group.penalties.order_by("pk")
        ],
        "attributes": list(group.custom_attributes.order_by("pk").values_list("name", "source", "value")),
        "progress": {
            row.user_id: {
                "created": row.created,
                "last_event_at": row.last_event_at,
                "resets": {numbers[int(pk)]: time for pk, time in row.resets.items()},
                "fulfilled": {
                    numbers[item.requirement_id]: (item.created, item.context)
                    for item in Fulfillment.objects.filter(progress=row)
                },
            }
            for row in group.progresses.all()
        },
        "badges": sorted(badge_values(badge) for badge in group.badges.all()),
    }


def badge_values(badge: AccredibleBadge) -> tuple[Any, ...]:
    """What there is to a badge, but for when it was modified."""
    names = (
        "uuid", "user_id", "api_config_id", "accredible_group_id", "group_name", "status", "state", "external_id",
        "url", "attempts", "last_error",
    )  # fmt: skip
    return tuple(str(getattr(badge, name)) for name in names)


def _rules(owner: Any) -> list[tuple[str, str, str]]:
    return list(owner.rules.order_by("pk").values_list("data_path", "operator", "value"))
