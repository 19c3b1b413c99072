"""What the tests of the page “Try out” share: a group, what a browser sends, and what the page shows."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model

from credentials_accredible.models import AccredibleGroup
from tests.admin.forms import GROUPS
from tests.factories import PASSING

HOSTILE = '<script>alert("x")</script>\u202e{{ 1 }}'


def page_of(group: AccredibleGroup) -> str:
    return f"{GROUPS}{group.pk}/try-out/"


def fields(*events: dict[str, str], event_type: str = PASSING, **more: Any) -> dict[str, Any]:
    """What a browser sends of the fields; an event is what it says, by path."""
    data: dict[str, Any] = {}
    for number, event in enumerate(events, start=1):
        data[f"events-{number}-type"] = event_type
        data |= {f"events-{number}-says-{path}": value for path, value in event.items()}
    return data | more


def passes(course: str, passing: str = "true") -> dict[str, str]:
    return {"is_passing": passing, "course.course_key": course}


def as_json(*events: dict[str, Any], event_type: str = PASSING) -> dict[str, str]:
    """What a browser sends of the JSON, written into an empty page."""
    return {"json": json.dumps([{"event_type": event_type, "event": event} for event in events])}


def shown(response: Any) -> list[dict[str, str]]:
    """What the fields of each event say."""
    return [
        {name.removeprefix("says-"): row.form[name].value() for name in row.form.fields if name != "type"}
        for row in rows_of(response)
    ]


def json_of(response: Any) -> str:
    return str(response.context["json_form"]["json"].value())


def rows_of(response: Any) -> list[Any]:
    return list(response.context["rows"])


def steps_of(response: Any) -> list[tuple[int, bool, bool]]:
    """After each event: how many parts are fulfilled, and whether the badge is awarded or revoked by it."""
    return [(row.reached, row.step.awards, row.step.revokes) for row in rows_of(response)]


def everything() -> dict[str, list[Any]]:
    """All rows that the plugin and the admin's log have, and all users."""
    models = [*apps.get_app_config("credentials_accredible").get_models(), get_user_model()]
    return {
        model.__name__: sorted(map(str, model._default_manager.values_list()))
        for model in [*models, apps.get_model("admin", "LogEntry")]
    }
