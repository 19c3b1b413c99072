"""Every door of the REST API, and who it opens for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import get_resolver
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.rest_api.v1.base import ResourceViewSet
from tests import factories
from tests.rest_api.conftest import ROOT, Caller

pytestmark = pytest.mark.django_db

LABEL = "credentials_accredible"


@dataclass(frozen=True)
class Door:
    """A method and an address, and the permissions that open it; each of them is one of several that would do."""

    name: str
    method: str
    path: str
    needs: tuple[tuple[str, ...], ...]
    body: Any = None

    def knock(self, client: APIClient, world: dict[str, Any]) -> Any:
        """What the door answers to that client."""
        return getattr(client, self.method)(ROOT + self.path.format(**world), self.body, format="json")


CONFIG = ("view_accredibleapiconfig", "change_accredibleapiconfig")
RUN = ("view_syncrun", "change_syncrun")
GROUP = ("view_accrediblegroup", "change_accrediblegroup")
BADGE = ("view_accrediblebadge", "change_accrediblebadge")
SYNC = ("sync_accredibleapiconfig",)
DELIVER = ("deliver_accrediblebadge",)
RETIRED = ("view_retiredlearner",)
RETIRE = ("retire_learner",)

DOORS = [
    Door("configs-list", "get", "configs/", (CONFIG,)),
    Door("configs-detail", "get", "configs/{config}/", (CONFIG,)),
    Door("configs-preview", "post", "configs/{config}/preview/", (CONFIG, SYNC)),
    Door("configs-sync", "post", "configs/{config}/sync/", (CONFIG, SYNC)),
    Door("runs-list", "get", "runs/", (RUN,)),
    Door("runs-detail", "get", "runs/{run}/", (RUN,)),
    Door("runs-changes", "get", "runs/{run}/changes/", (RUN,)),
    Door("groups-list", "get", "groups/", (GROUP,)),
    Door("groups-detail", "get", "groups/{group}/", (GROUP,)),
    Door("badges-list", "get", "badges/", (BADGE,)),
    Door("badges-mine", "get", "badges/mine/", ()),
    Door("badges-detail", "get", "badges/{badge}/", (BADGE,)),
    Door("badges-retry", "post", "badges/{badge}/retry/", (BADGE, DELIVER)),
    Door("retirements-list", "get", "retirements/", (RETIRED,)),
    Door("retirements-list", "post", "retirements/", (RETIRED, RETIRE), {"username": "nobody"}),
    Door("retirements-detail", "get", "retirements/{retirement}/", (RETIRED,)),
]
LOCKED = [door for door in DOORS if door.needs]
each_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
each_locked_door = pytest.mark.parametrize("door", LOCKED, ids=lambda door: door.name)


@pytest.fixture
def world(account: Any) -> dict[str, Any]:
    """One of each, by what addresses call it."""
    config = factories.make_config("A name that nobody should learn")
    group = account.add_group(name="badge", course_name="A name that nobody should learn")
    badge = factories.make_badge(factories.make_group(config, accredible_id=group["id"]))
    AccredibleBadge.objects.update(state="error", last_error="A name that nobody should learn")
    run = api.sync(config).run
    assert run
    retired = api.retire("A name that nobody should learn").learner
    world = {"config": config.pk, "run": run.pk, "group": badge.group.uuid, "badge": badge.uuid}
    return {**world, "retirement": retired.pk}


def everything_but(*left_out: str) -> list[str]:
    """All permissions of the plugin, without these."""
    found = Permission.objects.filter(content_type__app_label=LABEL).values_list("codename", flat=True)
    return [codename for codename in found if codename not in left_out]


def test_the_table_has_every_door() -> None:
    resolver = get_resolver("credentials_accredible.rest_api.v1.urls")
    assert {door.name for door in DOORS} == {pattern.name for pattern in resolver.url_patterns}


@each_locked_door
def test_it_opens_with_its_permissions(caller: Caller, world: dict[str, Any], door: Door) -> None:
    for position in (0, -1):
        client = caller(*(codenames[position] for codenames in door.needs))
        assert door.knock(client, world).status_code == 200


@each_locked_door
def test_it_stays_shut_where_one_of_them_is_missing(caller: Caller, world: dict[str, Any], door: Door) -> None:
    for codenames in door.needs:
        answer = door.knock(caller(*everything_but(*codenames)), world)

        assert answer.status_code == 403
        assert f"{LABEL}.{codenames[0]}" in answer.json()["detail"]
        assert "nobody should learn" not in answer.content.decode()


@each_locked_door
def test_staff_without_permissions_get_403(caller: Caller, world: dict[str, Any], door: Door) -> None:
    assert door.knock(caller(), world).status_code == 403


@each_locked_door
def test_learners_get_403(caller: Caller, world: dict[str, Any], door: Door) -> None:
    assert door.knock(caller(user=factories.make_user()), world).status_code == 403


def test_learners_see_their_own(caller: Caller) -> None:
    assert caller(user=factories.make_user()).get(f"{ROOT}badges/mine/").status_code == 200


@each_door
def test_superusers_come_in_everywhere(superuser: APIClient, world: dict[str, Any], door: Door) -> None:
    assert door.knock(superuser, world).status_code == 200


@each_door
def test_anonymous_callers_get_nothing(anonymous: APIClient, world: dict[str, Any], door: Door) -> None:
    nowhere = {"config": 999, "run": 999, "group": "0" * 32, "badge": "no-such-thing", "retirement": 999}

    answer = door.knock(anonymous, world)

    assert answer.status_code in (401, 403)
    assert list(answer.json()) == ["detail"]
    assert "nobody should learn" not in answer.content.decode()
    # Not even whether something is there.
    assert door.knock(anonymous, nowhere).content == answer.content


@each_door
def test_somebody_who_was_deactivated_gets_nothing(caller: Caller, world: dict[str, Any], door: Door) -> None:
    user = factories.make_user("former", is_superuser=True)
    client = caller(user=user)
    user.is_active = False
    user.save()

    assert door.knock(client, world).status_code in (401, 403)


@each_locked_door
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "head", "post", "get"])
def test_no_other_method_opens_it_either(caller: Caller, world: dict[str, Any], door: Door, method: str) -> None:
    address = ROOT + door.path.format(**world)

    assert getattr(APIClient(), method)(address).status_code in (401, 403)
    assert getattr(caller(), method)(address).status_code == 403


@each_door
def test_other_methods_are_not_there(superuser: APIClient, world: dict[str, Any], door: Door) -> None:
    address = ROOT + door.path.format(**world)
    for method in ("put", "patch", "delete", "options"):
        answer = getattr(superuser, method)(address)
        assert answer.status_code == 405
        assert json.loads(answer.content)["detail"]


@each_locked_door
def test_a_session_alone_does_not_let_another_site_in(world: dict[str, Any], door: Door) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(factories.make_user(is_superuser=True))

    assert door.knock(client, world).status_code == (403 if door.method == "post" else 200)


@each_door
def test_where_the_service_asks_for_tokens_anonymous_callers_get_401(
    world: dict[str, Any], door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DRF reads the host's classes once, when it is imported.
    monkeypatch.setattr(ResourceViewSet, "authentication_classes", [BasicAuthentication, SessionAuthentication])

    answer = door.knock(APIClient(), world)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]


def test_who_the_caller_is_is_left_to_the_host() -> None:
    assert ResourceViewSet.authentication_classes == api_settings.DEFAULT_AUTHENTICATION_CLASSES
    assert ResourceViewSet(request=None).get_exception_handler() is api_settings.EXCEPTION_HANDLER
