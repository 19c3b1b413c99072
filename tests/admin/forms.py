"""What browsers send of the admin's forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credentials_accredible.models import AccredibleGroup
from tests.factories import PASSING

GROUPS = "/admin/credentials_accredible/accrediblegroup/"
REQUIREMENTS = "/admin/credentials_accredible/badgerequirement/"
PENALTIES = "/admin/credentials_accredible/badgepenalty/"


def page_of(group: AccredibleGroup) -> str:
    """The address of a group's page."""
    return f"{GROUPS}{group.pk}/change/"


def formset(prefix: str, *rows: dict[str, Any], stored: int = 0) -> dict[str, Any]:
    """What a browser sends of an inline."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": stored,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(rows):
        data.update({f"{prefix}-{number}-{name}": value for name, value in row.items()})
    return data


def cards(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of requirements or penalties on a group's page; ``rules`` of a row are its data rules."""
    data = formset(prefix, *rows, stored=sum(bool(row.get("id")) for row in rows))
    for number in range(len(rows)):
        rules = data.pop(f"{prefix}-{number}-rules", ())
        stored = sum(bool(rule.get("id")) for rule in rules)
        data.update(formset(f"{prefix}-{number}-rules", *rules, stored=stored))
    return data


def group_form(
    group: AccredibleGroup, *requirements: dict[str, Any], penalties: Sequence[dict[str, Any]] = (), **values: Any
) -> dict[str, Any]:
    """What a browser sends of a group's page."""
    data = {
        "site": "",
        **cards("requirements", *requirements),
        **cards("penalties", *penalties),
        **formset("custom_attributes"),
        **values,
    }
    return {name: value for name, value in data.items() if value is not None}


def requirement_form(*rules: dict[str, Any], stored: int = 0, **values: Any) -> dict[str, Any]:
    """What a browser sends of a requirement's page."""
    return {"event_type": PASSING, "description": "", "blend": "", **formset("rules", *rules, stored=stored), **values}


def rule(path: str, value: str, operator: str = "eq", **more: Any) -> dict[str, Any]:
    """A row of the data rules."""
    return {"data_path": path, "operator": operator, "value": value, **more}


def card(*rules: dict[str, Any], event_type: str = PASSING, **values: Any) -> dict[str, Any]:
    """What a browser sends of a requirement or a penalty."""
    return {"event_type": event_type, "description": "", "blend": "", "rules": rules, **values}


def stored(row: Any, *rules: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What a browser sends of a requirement or a penalty that is there."""
    return card(*rules, id=row.pk, group=row.group_id, event_type=row.event_type, **values)


def stored_rule(row: Any, **values: Any) -> dict[str, Any]:
    """The same of a data rule."""
    sent = rule(row.data_path, row.value, row.operator, id=row.pk)
    return {**sent, **values}


def text(response: Any) -> str:
    """The page."""
    return str(response.content.decode())
