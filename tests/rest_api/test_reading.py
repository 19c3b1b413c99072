"""Configurations, runs, groups and badges as staff read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from credentials_accredible.choices import BadgeAction, BadgeState, RunStatus
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry, CustomAttribute, SyncRun
from tests import factories
from tests.rest_api.conftest import ROOT, Caller

pytestmark = pytest.mark.django_db


def results(client: APIClient, path: str, **query: Any) -> list[dict[str, Any]]:
    """The first page of a list."""
    answer = client.get(ROOT + path, query)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def names(client: APIClient, path: str, **query: Any) -> list[str]:
    """What is on the first page of a list, by name."""
    return [
        item.get("name") or item.get("group_name") or item["config_name"] for item in results(client, path, **query)
    ]


def make_run(config: Any, **values: Any) -> SyncRun:
    defaults = {"trigger": "command", "status": RunStatus.SUCCEEDED, "started_at": timezone.now()}
    return SyncRun.objects.create(api_config=config, config_name=config.name, **{**defaults, **values})


# --- configurations ----------------------------------------------------------------------------------------------


def test_a_configuration_says_how_it_stands_and_never_its_key(superuser: APIClient) -> None:
    config = factories.make_config("Main", key="secret-key-9876")
    factories.make_group(config, is_active=True)
    factories.make_group(config)
    make_run(config, status=RunStatus.FAILED, started_at=timezone.now() - timedelta(days=1))
    run = make_run(config)

    answer = superuser.get(f"{ROOT}configs/{config.pk}/")

    found = answer.json()
    assert found["name"] == "Main"
    assert found["groups"] == {"total": 2, "active": 1}
    assert (found["last_run"]["id"], found["last_run"]["status"]) == (run.pk, "succeeded")
    assert results(superuser, "configs/") == [found]
    assert "9876" not in answer.content.decode()
    assert not [name for name in found if "key" in name]


def test_a_configuration_that_was_never_synced_has_no_last_run(superuser: APIClient) -> None:
    config = factories.make_config()
    assert superuser.get(f"{ROOT}configs/{config.pk}/").json()["last_run"] is None


def test_a_key_that_cannot_be_read_keeps_nobody_from_the_list(superuser: APIClient, settings: Any) -> None:
    factories.make_config("Main")
    settings.SECRET_KEY = "another one"  # the session is signed with it, too
    client = APIClient()
    client.force_authenticate(factories.make_user(is_superuser=True))

    assert names(client, "configs/") == ["Main"]


def test_configurations_are_found(superuser: APIClient) -> None:
    for name, environment in (("Beta", "us"), ("Alpha", "eu"), ("Gamma", "us")):
        factories.make_config(name, environment=environment)

    assert names(superuser, "configs/") == ["Alpha", "Beta", "Gamma"]
    assert names(superuser, "configs/", environment="us") == ["Beta", "Gamma"]
    assert names(superuser, "configs/", search="ALPH") == ["Alpha"]
    assert names(superuser, "configs/", ordering="-name") == ["Gamma", "Beta", "Alpha"]


# --- runs --------------------------------------------------------------------------------------------------------


def test_a_run_says_who_when_what_and_how_far(superuser: APIClient) -> None:
    config = factories.make_config("Main")
    run = make_run(
        config,
        user=factories.make_user("ada"),
        status=RunStatus.RUNNING,
        stage="designs",
        stage_done=3,
        stage_total=10,
        kept_back_until=datetime(2026, 11, 26, 12, 0, 12, tzinfo=UTC),
        warnings=["A design could not be read."],
    )

    found = superuser.get(f"{ROOT}runs/{run.pk}/").json()

    assert (found["config"], found["config_name"], found["user"]) == (config.pk, "Main", "ada")
    assert found["stage"] == {"name": "designs", "done": 3, "total": 10, "kept_back_until": "2026-11-26T12:00:12Z"}
    assert found["warnings"] == ["A design could not be read."]
    assert found["finished_at"] is None
    assert results(superuser, "runs/")[0]["id"] == run.pk


def test_runs_are_found(superuser: APIClient) -> None:
    first, second = factories.make_config("First"), factories.make_config("Second")
    day = timezone.now().replace(microsecond=0)
    make_run(first, status=RunStatus.FAILED, error="Accredible is not available", started_at=day - timedelta(days=2))
    make_run(second, trigger="admin", started_at=day)

    assert names(superuser, "runs/") == ["Second", "First"]
    assert names(superuser, "runs/", ordering="started_at") == ["First", "Second"]
    assert names(superuser, "runs/", config=first.pk) == ["First"]
    assert names(superuser, "runs/", status="failed") == ["First"]
    assert names(superuser, "runs/", trigger="admin") == ["Second"]
    assert names(superuser, "runs/", started_after=day.isoformat()) == ["Second"]
    assert names(superuser, "runs/", started_before=day.isoformat()) == ["First"]
    assert names(superuser, "runs/", search="available") == ["First"]


def test_a_run_whose_configuration_is_gone_is_still_there(superuser: APIClient) -> None:
    config = factories.make_config("Gone")
    run = make_run(config)
    config.delete()

    found = superuser.get(f"{ROOT}runs/{run.pk}/").json()

    assert (found["config"], found["config_name"]) == (None, "Gone")


# --- groups ------------------------------------------------------------------------------------------------------


def test_a_group_comes_with_what_is_configured_under_it(superuser: APIClient) -> None:
    config = factories.make_config()
    group = factories.make_group(config, name="Badge", icon_url="https://example.com/icon.png", site_id=1)
    first = factories.make_requirement(group, blend="A", description="Passes")
    second = factories.make_requirement(group, rule=False, any_event=True)
    penalty = factories.make_penalty(group, first, second)
    CustomAttribute.objects.create(group=group, name="course", source="constant", value="Physics")

    found = superuser.get(f"{ROOT}groups/{group.uuid}/").json()

    assert (found["uuid"], found["config"], found["site"]) == (str(group.uuid), config.pk, 1)
    assert found["icon_url"] == "https://example.com/icon.png"
    by_id = {item["id"]: item for item in found["requirements"]}
    assert by_id[first.pk]["rules"] == [{"data_path": "is_passing", "operator": "eq", "value": "true"}]
    assert (by_id[first.pk]["blend"], by_id[first.pk]["description"]) == ("A", "Passes")
    assert (by_id[second.pk]["blend"], by_id[second.pk]["any_event"], by_id[second.pk]["rules"]) == ("", True, [])
    (shown,) = found["penalties"]
    assert (shown["id"], sorted(shown["requirements"])) == (penalty.pk, [first.pk, second.pk])
    assert shown["rules"] == [{"data_path": "is_passing", "operator": "eq", "value": "false"}]
    assert found["custom_attributes"] == [{"name": "course", "source": "constant", "value": "Physics"}]
    assert results(superuser, "groups/") == [found]


def test_an_address_that_no_browser_should_follow_is_left_out(superuser: APIClient) -> None:
    group = factories.make_group(icon_url="javascript:alert(1)")
    assert superuser.get(f"{ROOT}groups/{group.uuid}/").json()["icon_url"] == ""


@pytest.mark.parametrize(
    ("hidden", "permission"),
    [
        ("requirements", "view_badgerequirement"),
        ("penalties", "view_badgepenalty"),
        ("custom_attributes", "view_customattribute"),
    ],
)
def test_what_the_caller_may_not_see_is_null(caller: Caller, hidden: str, permission: str) -> None:
    group = factories.configure(factories.make_group())
    CustomAttribute.objects.create(group=group, name="course", source="constant", value="Physics")

    bare = caller("view_accrediblegroup").get(f"{ROOT}groups/{group.uuid}/").json()
    more = caller("view_accrediblegroup", permission).get(f"{ROOT}groups/{group.uuid}/").json()

    assert bare[hidden] is None
    assert more[hidden]
    assert bare.keys() == more.keys()


def test_groups_are_found(superuser: APIClient) -> None:
    first, second = factories.make_config("First"), factories.make_config("Second")
    factories.make_group(first, name="Physics for all", accredible_id=3, is_active=True)
    factories.make_group(first, name="Chemistry", accredible_id=1, description="With physics in it, for some")
    factories.make_group(second, name="Art 100%", accredible_id=2)

    assert names(superuser, "groups/", config=first.pk) == ["Chemistry", "Physics for all"]
    assert names(superuser, "groups/", is_active="true") == ["Physics for all"]
    assert len(names(superuser, "groups/", is_active="false")) == 2
    assert names(superuser, "groups/", accredible_id=2) == ["Art 100%"]
    assert names(superuser, "groups/", search="physics for", ordering="name") == ["Chemistry", "Physics for all"]
    assert names(superuser, "groups/", search="physics some") == ["Chemistry"]
    assert names(superuser, "groups/", search="%") == ["Art 100%"]
    assert names(superuser, "groups/", ordering="-accredible_id") == ["Physics for all", "Art 100%", "Chemistry"]


# --- badges ------------------------------------------------------------------------------------------------------


def test_a_badge_says_how_far_it_has_come(superuser: APIClient) -> None:
    badge = factories.make_badge(factories.make_group(name="Badge"))
    badge.state, badge.problem, badge.last_error = BadgeState.ERROR, "refused", "ada@example.com is not valid"
    badge.url = "https://credential.example.com/1"
    badge.save()
    for number in range(60):
        BadgeLogEntry.objects.create(badge=badge, action=BadgeAction.ISSUE, succeeded=False, detail=f"try {number}")

    found = superuser.get(f"{ROOT}badges/{badge.uuid}/").json()

    assert (found["username"], found["group"]) == (badge.user.username, str(badge.group.uuid))
    assert (found["state"], found["problem"], found["last_error"]) == ("error", "refused", badge.last_error)
    assert found["url"] == "https://credential.example.com/1"
    assert [entry["detail"] for entry in found["log"]] == [f"try {number}" for number in reversed(range(10, 60))]
    del found["log"]
    assert results(superuser, "badges/") == [found]


def test_a_badge_outlives_its_group_and_its_configuration(superuser: APIClient) -> None:
    group = factories.make_group(name="Gone", accredible_id=77)
    badge = factories.make_badge(group)
    group.api_config.delete()

    found = superuser.get(f"{ROOT}badges/{badge.uuid}/").json()

    assert (found["group"], found["config"]) == (None, None)
    assert (found["group_name"], found["accredible_group_id"]) == ("Gone", 77)
    assert names(superuser, "badges/", accredible_group_id=77) == ["Gone"]


def test_badges_are_found(superuser: APIClient) -> None:
    first, second = factories.make_group(name="First"), factories.make_group(name="Second")
    one, two = factories.make_badge(first), factories.make_badge(second)
    AccredibleBadge.objects.filter(pk=two.pk).update(state=BadgeState.ERROR, problem="taken", status="revoked")

    assert names(superuser, "badges/") == ["Second", "First"]
    assert names(superuser, "badges/", ordering="created") == ["First", "Second"]
    assert names(superuser, "badges/", username=one.user.username) == ["First"]
    assert names(superuser, "badges/", username="nobody") == []
    assert names(superuser, "badges/", group=second.uuid) == ["Second"]
    assert names(superuser, "badges/", config=first.api_config_id) == ["First"]
    assert names(superuser, "badges/", state="error") == ["Second"]
    assert names(superuser, "badges/", status="awarded") == ["First"]
    assert names(superuser, "badges/", problem="taken") == ["Second"]
    assert names(superuser, "badges/", search=two.user.username) == ["Second"]


def test_a_failed_delivery_is_due_again_after_a_retry(superuser: APIClient) -> None:
    badge = factories.make_badge(factories.make_group())
    AccredibleBadge.objects.filter(pk=badge.pk).update(
        state=BadgeState.ERROR, problem="refused", next_attempt_at=None, failures=9
    )

    answer = superuser.post(f"{ROOT}badges/{badge.uuid}/retry/")

    assert answer.status_code == 200
    assert answer.json()["next_attempt_at"]
    assert [(entry["action"], entry["user"]) for entry in answer.json()["log"]] == [("retry", "root")]
    badge.refresh_from_db()
    assert (badge.failures, badge.problem) == (0, "")


def test_there_is_nothing_to_retry_where_all_is_done(superuser: APIClient) -> None:
    badge = factories.make_badge(factories.make_group())
    AccredibleBadge.objects.filter(pk=badge.pk).update(
        state=BadgeState.ACCEPTED, external_id="1", next_attempt_at=None, delivered_at=timezone.now()
    )

    answer = superuser.post(f"{ROOT}badges/{badge.uuid}/retry/")

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_do")


# --- pages -------------------------------------------------------------------------------------------------------


def test_pages_hold_everything_once_in_a_stable_order(superuser: APIClient) -> None:
    config = factories.make_config()
    for number in range(25):
        factories.make_group(config, name="The same name", accredible_id=number + 1)
    for ordering in ("", "name", "-name", "modified"):
        seen = []
        address = f"{ROOT}groups/?page_size=10&ordering={ordering}"
        while address:
            page = superuser.get(address).json()
            assert page["count"] == 25
            seen += [item["accredible_id"] for item in page["results"]]
            address = page["next"]
        assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize(
    ("query", "status"),
    [("page_size=100", 200), ("page_size=101", 400), ("page_size=0", 400), ("page_size=all", 400),
     ("page_size=-1", 400),
     ("page_size=", 400), ("page=0", 400), ("page=last", 400), ("page=²", 400), ("page=2", 404),
     ("page=" + "9" * 30, 400)],
)  # fmt: skip
def test_a_page_is_what_was_asked_for_or_refused(superuser: APIClient, query: str, status: int) -> None:
    assert superuser.get(f"{ROOT}groups/?{query}").status_code == status
