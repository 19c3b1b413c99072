"""Numbers from outside that no column can hold: on every page they are told, or mean nothing, and nothing fails."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from credentials_accredible.models import GroupSnapshot
from tests import factories
from tests.admin.doors import ACTIONS, DOORS, OBJECT, PREFIX, Door, address, routes
from tests.admin.forms import GROUPS, text

pytestmark = pytest.mark.django_db

# Where the database does not take such a number, so do the pages not.
TOLD = {200, 400, 403, 405}
PLUGIN = "/admin/credentials_accredible/"
HUGE = "9" * 40
# What is chosen by a primary key, in forms and in filters.
_KEYS = re.compile(r".*(?:-id|-group|-requirement|-penalty|group|site|config|api_config|requirements|user)|join-\d+")


class _Fields(HTMLParser):
    """What the form of a page would send."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("name")
        if tag in {"input", "select", "textarea"} and name:
            self.names.add(name)


def names_on(page: str) -> list[str]:
    """The fields of a page whose values are primary keys."""
    found = _Fields()
    found.feed(page)
    return sorted(name for name in found.names if _KEYS.fullmatch(name))


def listed() -> list[str]:
    models = (model._meta for model in site._registry)
    return [str(model.model_name) for model in models if model.app_label == "credentials_accredible"]


@pytest.mark.parametrize("model", listed())
def test_filters_and_pages_of_lists(admin_client: Client, objects: dict[str, Any], model: str) -> None:
    page = text(admin_client.get(f"{PLUGIN}{model}/"))
    offered = {name for query in re.findall(r'href="\?([^"]*)"', page) for name in re.findall(r"(\w+)=", query)}

    for name in sorted(offered | {"p", "e", "q", "o", "id", "pk", "id__exact", "all"}):
        response = admin_client.get(f"{PLUGIN}{model}/", {name: HUGE}, follow=True)
        assert response.status_code in TOLD, name


@pytest.mark.parametrize("model", listed())
def test_addresses_of_objects(admin_client: Client, model: str) -> None:
    pages = [name for route, name in routes() if OBJECT in route and (name or "").startswith(f"{PREFIX}{model}_")]
    for page in pages:
        for method in (admin_client.get, admin_client.post):
            response = method(reverse(f"admin:{page}", args=[HUGE]), follow=True)
            assert response.status_code in {200, 403, 404, 405}, page


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_objects_of_actions(admin_client: Client, objects: dict[str, Any], action: Any) -> None:
    data = {"action": action.name, "_selected_action": [HUGE, objects[action.model]]}
    response = admin_client.post(f"{PLUGIN}{action.model}/", data, follow=True)
    assert response.status_code in TOLD


@pytest.mark.parametrize("door", [door for door in DOORS if (door.method, door.status) == ("get", 200)], ids=str)
def test_keys_in_forms(admin_client: Client, objects: dict[str, Any], door: Door) -> None:
    if () in door.needs or door.name.endswith("_export"):
        return
    path = address(door, objects)
    for name in names_on(text(admin_client.get(path))):
        response = admin_client.post(path, {name: HUGE}, follow=True)
        assert response.status_code in TOLD, name


@pytest.mark.parametrize("prefix", ["requirements", "penalties", "custom_attributes"])
def test_keys_of_rows_on_a_groups_page(admin_client: Client, emulator: Any, prefix: str) -> None:
    group = factories.configure(factories.make_group())
    page = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))
    sent = dict.fromkeys(names_on(page), HUGE)
    sent |= dict(re.findall(r'name="([\w-]+_FORMS)" value="(\d+)"', page))

    response = admin_client.post(f"{GROUPS}{group.pk}/change/", {**sent, f"{prefix}-0-id": HUGE})

    assert response.status_code in TOLD


def test_the_configuration_that_snapshots_are_restored_to(admin_client: Client, objects: dict[str, Any]) -> None:
    sent = {"action": "restore_groups", "_selected_action": GroupSnapshot.objects.get().pk, "config": HUGE}
    for confirmed in ({}, {"confirmed": "yes"}):
        assert admin_client.post(f"{PLUGIN}groupsnapshot/", {**sent, **confirmed}, follow=True).status_code == 200


def test_the_group_of_a_badge_that_is_awarded(admin_client: Client) -> None:
    sent = {"group": HUGE, "learners": "ada", "reason": "x"}
    page = text(admin_client.post(f"{PLUGIN}accrediblebadge/award/", sent))
    assert "Choose an active group." in page


def test_what_completions_are_asked(admin_client: Client) -> None:
    query = {"app_label": "credentials_accredible", "model_name": "badgerequirement", "field_name": "group"}
    for more in ({"term": HUGE}, {"term": "x", "page": HUGE}):
        assert admin_client.get("/admin/autocomplete/", {**query, **more}).status_code in {200, 404}
