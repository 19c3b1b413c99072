"""Who gets in where: every address and every action of the admin, for everybody who could knock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.core import serializers
from django.db import transaction
from django.test import Client
from django.utils import timezone

from credentials_accredible.choices import ChangeAction, RunStatus, RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, GroupSnapshot, SyncChange, SyncRun
from tests import factories
from tests.admin.doors import ACTIONS, DEEDS, DOORS, OBJECT, PREFIX, Action, Door, address, routes
from tests.pages_of_docs import table

pytestmark = pytest.mark.django_db

APP = "credentials_accredible"
LOGIN = "/admin/login/"
PLUGIN = "/admin/credentials_accredible/"


def staff_with(*permissions: str) -> Client:
    """A member of staff with these permissions, logged in."""
    client = Client()
    client.force_login(factories.make_staff(*permissions))
    return client


def staff_without(*permissions: str) -> Client:
    """A member of staff with every permission of the plugin but these, logged in."""
    every = Permission.objects.filter(content_type__app_label="credentials_accredible")
    return staff_with(*every.exclude(codename__in=permissions).values_list("codename", flat=True))


def knock(client: Client, door: Door, objects: dict[str, Any]) -> Any:
    """What comes of it."""
    return getattr(client, door.method)(address(door, objects), door.data)


def everything() -> str:
    """All rows of the plugin as they are, but the log of the admin and of the wall clock."""
    rows = [row for model in apps.get_app_config("credentials_accredible").get_models() for row in model.objects.all()]
    return serializers.serialize("json", [row for row in rows if not isinstance(row, SyncRun)])


@contextmanager
def undone() -> Iterator[None]:
    """What is changed within is as before afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class TestTheTable:
    def test_it_has_every_address(self) -> None:
        named = {name for _route, name in routes() if name}
        unnamed = {route for route, name in routes() if not name}

        assert {f"{PREFIX}{door.name}" for door in DOORS} == named
        assert all(route.lstrip("^").startswith("badges/") or route.endswith(OBJECT) for route in unnamed), unnamed

    def test_it_has_every_action(self, admin_client: Client, objects: dict[str, Any]) -> None:
        offered = set()
        for model in objects:
            form = admin_client.get(f"{PLUGIN}{model}/").context["action_form"]
            offered |= {(model, name) for name, _label in form.fields["action"].choices if name} if form else set()

        assert {(action.model, action.name) for action in ACTIONS} == offered

    def test_it_has_every_model(self, objects: dict[str, Any]) -> None:
        registered = {model._meta.model_name for model in site._registry if model._meta.app_label == APP}

        assert registered == objects.keys()


class TestAddresses:
    def test_anonymous_callers_and_learners_get_nothing(self, objects: dict[str, Any]) -> None:
        learner = Client()
        learner.force_login(factories.make_user())
        before = everything()

        got = {
            (who, str(door)): (response.status_code, response.content, response.headers["Location"].partition("?")[0])
            for who, client in (("anonymous", Client()), ("learner", learner))
            for door in DOORS
            for response in [knock(client, door, objects)]
        }

        assert got == dict.fromkeys(got, (302, b"", LOGIN))
        assert everything() == before

    def test_staff_without_permissions_are_refused(self, objects: dict[str, Any]) -> None:
        before, client = everything(), staff_with()

        got = {str(door): knock(client, door, objects).status_code for door in DOORS}

        assert got == dict.fromkeys(got, 403)
        assert everything() == before

    def test_they_are_not_told_whether_something_is_there(self, objects: dict[str, Any]) -> None:
        client, nothing = staff_with(), dict.fromkeys(objects, 999_999)

        got = {str(door): knock(client, door, {**nothing, "syncrun": objects["syncrun"]}).status_code for door in DOORS}

        assert got == dict.fromkeys(got, 403)

    def test_staff_with_every_permission_but_the_right_one_are_refused(self, objects: dict[str, Any]) -> None:
        before = everything()

        got = {
            (str(door), alternatives): knock(staff_without(*alternatives), door, objects).status_code
            for door in DOORS
            for alternatives in door.needs
        }

        assert got == dict.fromkeys(got, 403)
        assert everything() == before

    def test_staff_with_the_right_permission_and_no_other_get_in(self, objects: dict[str, Any]) -> None:
        doors = [door for door in DOORS if () not in door.needs]

        got = {}
        for door in doors:
            client = staff_with(*(alternatives[0] for alternatives in door.needs))
            with undone():
                got[str(door)] = knock(client, door, objects).status_code

        assert got == {str(door): door.status for door in doors}

    def test_what_nobody_does_is_refused_to_superusers(self, admin_client: Client, objects: dict[str, Any]) -> None:
        got = {str(door): knock(admin_client, door, objects).status_code for door in DOORS if () in door.needs}

        assert got == dict.fromkeys(got, 403)


class TestActions:
    def run(self, client: Client, action: Action, objects: dict[str, Any]) -> Any:
        chosen = {"_selected_action": [objects[action.model]], "action": action.name}
        return client.post(f"{PLUGIN}{action.model}/", {**chosen, "post": "yes", "reason": "why", "confirmed": "yes"})

    def test_anonymous_callers_run_none(self, objects: dict[str, Any]) -> None:
        before = everything()

        got = {str(action): self.run(Client(), action, objects).headers["Location"] for action in ACTIONS}

        assert all(address.startswith(LOGIN) for address in got.values())
        assert everything() == before

    def test_who_may_do_all_the_rest_is_not_offered_it_and_cannot_run_it(self, objects: dict[str, Any]) -> None:
        before = everything()

        for action in ACTIONS:
            client = staff_without(action.needs)
            assert f'value="{action.name}"' not in client.get(f"{PLUGIN}{action.model}/").content.decode(), action
            assert self.run(client, action, objects).status_code in {200, 302}, action

        assert everything() == before

    def test_who_sees_the_list_and_has_its_permission_is_offered_it(self, objects: dict[str, Any]) -> None:
        for action in ACTIONS:
            page = staff_with(f"view_{action.model}", action.needs).get(f"{PLUGIN}{action.model}/")
            assert f'value="{action.name}"' in page.content.decode(), action


ROLES = {role: re.findall(r"``(\w+)``", names) for role, _who, names in table("operations.rst", "Role")}


class TestRoles:
    """What the documentation says of each role, tried with the permissions that it names."""

    def test_the_table_has_every_door_and_every_action_once(self) -> None:
        doors = [str(door) for door in DOORS if () not in door.needs]
        listed = [name for names in DEEDS.values() for name in names]

        assert sorted(listed) == sorted([*doors, *map(str, ACTIONS)])

    @pytest.mark.parametrize("column", range(len(ROLES)), ids=ROLES)
    def test_a_role_opens_what_the_table_says_and_nothing_else(self, column: int, objects: dict[str, Any]) -> None:
        said = {deed: {"yes": True, "no": False}[cells[column]] for deed, *cells in table("operations.rst", "Deed")}
        expected = {name: said[deed] for deed, names in DEEDS.items() for name in names}
        client = staff_with(*list(ROLES.values())[column])

        got = {}
        for door in DOORS:
            with undone():
                got[str(door)] = knock(client, door, objects).status_code != 403
        for action in ACTIONS:
            page = client.get(f"{PLUGIN}{action.model}/").content.decode()
            got[str(action)] = f'value="{action.name}"' in page

        assert got == {**{str(door): False for door in DOORS}, **expected}


class TestLinks:
    """What leads on from a page, for those who have just what it takes to open that page."""

    @pytest.fixture
    def linked(self, objects: dict[str, Any], account: Any) -> dict[str, Any]:
        """The objects, with everything that pages could lead to."""
        run = SyncRun.objects.get(pk=objects["syncrun"])
        snapshot = GroupSnapshot.objects.get()
        GroupSnapshot.objects.update(sync_run=run, restored_to=objects["accrediblegroup"], restored_at=timezone.now())
        SyncChange.objects.update(group=objects["accrediblegroup"])
        changes = {"sync_run": run, "name": "Removed", "accredible_id": snapshot.accredible_id}
        SyncChange.objects.create(action=ChangeAction.REMOVED, **changes)
        AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now())
        failed = {"trigger": RunTrigger.SCHEDULE, "status": RunStatus.FAILED, "error": "refused"}
        now = timezone.now()
        SyncRun.objects.create(
            api_config=run.api_config, config_name="Main", started_at=now, heartbeat_at=now, **failed
        )
        return objects

    def shut(self, client: Client, page: Any) -> list[str]:
        """The links of ``page`` that lead this client to a refusal, but those that Django makes of foreign keys."""
        if page.streaming:  # a file, which leads nowhere
            return []
        html = re.sub(r'<div class="readonly">.*?</div>', "", page.content.decode(), flags=re.DOTALL)
        links = {unescape(to) for to in re.findall(rf'<a\b[^>]*href="({PLUGIN}[^"]*)"', html)}
        return sorted(to for to in links if client.get(to).status_code not in {200, 302})

    def test_no_page_leads_to_a_door_that_is_shut(self, linked: dict[str, Any]) -> None:
        doors = [door for door in DOORS if () not in door.needs and (door.method, door.status) == ("get", 200)]

        for door in doors:
            needed = [alternatives[0] for alternatives in door.needs]
            if door.name.endswith("_delete"):  # Django's own page leads back to the object
                needed.append(f"view_{door.name.partition('_')[0]}")
            client = staff_with(*needed)
            assert self.shut(client, knock(client, door, linked)) == [], door

    @pytest.mark.parametrize("name", ["sync_groups", "restore_groups", "delete_selected", "revoke_badges"])
    def test_neither_does_a_page_that_asks_first(self, linked: dict[str, Any], name: str) -> None:
        GroupSnapshot.objects.update(restored_at=None)
        for action in (action for action in ACTIONS if action.name == name):
            client = staff_with(f"view_{action.model}", action.needs)
            chosen = {"_selected_action": [linked[action.model]], "action": action.name}
            page = client.post(f"{PLUGIN}{action.model}/", chosen)
            assert page.status_code == 200, action
            assert self.shut(client, page) == [], action

    def test_who_may_see_it_all_is_led_on(self, linked: dict[str, Any], admin_client: Client) -> None:
        for model, page in (("accredibleapiconfig", "accrediblegroup"), ("syncchange", "groupsnapshot")):
            link = f"{PLUGIN}{model}/{linked[model]}/change/"
            SyncChange.objects.update(accredible_id=GroupSnapshot.objects.get().accredible_id)
            assert f'href="{PLUGIN}{page}/' in admin_client.get(link).content.decode()


class TestOthers:
    @pytest.mark.parametrize(
        "model",
        [
            "accredibleapiconfig",
            "accrediblegroup",
            "accrediblebadge",
            "badgerequirement",
            "badgepenalty",
            "badgeprogress",
        ],
    )
    def test_the_documented_addresses_lead_to_doors_that_ask(self, model: str, objects: dict[str, Any]) -> None:
        for rest in ("", "add/", f"{objects[model]}/change/", f"{objects[model]}/delete/"):
            anonymous = Client().get(f"/admin/badges/{model}/{rest}", follow=True)
            staff = staff_with().get(f"/admin/badges/{model}/{rest}", follow=True)

            assert anonymous.redirect_chain[-1][0].startswith(LOGIN)
            assert staff.status_code == 403

    def test_an_address_without_its_page_leads_to_a_door_that_asks(self, objects: dict[str, Any]) -> None:
        for model, pk in objects.items():
            assert Client().get(f"{PLUGIN}{model}/{pk}/", follow=True).redirect_chain[-1][0].startswith(LOGIN)
            assert staff_with().get(f"{PLUGIN}{model}/{pk}/", follow=True).status_code == 403

    def test_the_index_of_the_plugin_shows_nothing_to_who_may_nothing(self) -> None:
        assert Client().get(PLUGIN).status_code == 302
        assert staff_with().get(PLUGIN).status_code == 404

    def test_groups_are_completed_for_who_may_see_them(self, objects: dict[str, Any]) -> None:
        address = "/admin/autocomplete/?app_label=credentials_accredible&model_name=badgerequirement&field_name=group"

        assert Client().get(address).status_code == 302
        assert staff_without("view_accrediblegroup", "change_accrediblegroup").get(address).status_code == 403
        assert staff_with("view_accrediblegroup").get(address).status_code == 200
