"""``configs/{id}/preview/`` and ``configs/{id}/sync/``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.utils import timezone
from rest_framework.test import APIClient

import credentials_accredible.tasks  # noqa: F401  # for the worker
from credentials_accredible.choices import RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncRun
from credentials_accredible.sync import runs
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.rest_api.conftest import ROOT
from tests.rest_api.syncing import preview, stock, sync
from tests.sync import messages

pytestmark = pytest.mark.django_db


def test_a_preview_shows_what_would_change(superuser: APIClient, account: Any, config: AccredibleAPIConfig) -> None:
    new, renamed, _gone = stock(account, config)

    answer = preview(superuser, config)

    assert answer.status_code == 200
    found = answer.json()
    assert (found["status"], found["detail"], found["needs_approval"]) == ("succeeded", "", True)
    plan = found["plan"]
    assert plan["counts"] == {"created": 1, "updated": 1, "unchanged": 0, "removed": 1, "conflicting": 0}
    assert plan["created"] == [{"accredible_id": new["id"], "name": "New"}]
    (updated,) = plan["updated"]
    assert updated["accredible_id"] == renamed["id"]
    assert {"field": "name", "old": "Before", "new": "After"} in updated["changes"]
    assert plan["removed"] == [
        {
            "accredible_id": 77,
            "name": "Gone",
            "is_active": True,
            "requirements": 2,
            "rules": 3,
            "penalties": 1,
            "custom_attributes": 0,
            "learners": 1,
        }
    ]
    assert len(plan["approval"]) == 64


def test_a_preview_writes_nothing(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig, django_assert_max_num_queries: Any
) -> None:
    stock(account, config)
    with django_assert_max_num_queries(40) as queries:
        preview(superuser, config)

    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    assert queries
    assert not SyncRun.objects.exists()


def test_what_another_configuration_holds_is_named(superuser: APIClient, account: Any) -> None:
    group = account.add_group(name="shared", course_name="Shared")
    factories.make_group(factories.make_config("Holder"), accredible_id=group["id"])

    plan = preview(superuser, factories.make_config("Second")).json()["plan"]

    assert plan["conflicting"] == [{"accredible_id": group["id"], "name": "Shared", "holder": "Holder"}]


def test_a_sync_that_removes_nothing_is_carried_out(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig
) -> None:
    account.add_group(name="one", course_name="One")

    answer = sync(superuser, config)

    assert answer.status_code == 200
    run = answer.json()
    assert (run["status"], run["trigger"], run["user"], run["config"]) == ("succeeded", "api", "root", config.pk)
    assert run["counts"]["created"] == 1
    assert superuser.get(f"{ROOT}runs/{run['id']}/").json() == run
    assert config.groups.get().name == "One"


def test_a_removal_asks_first_and_is_carried_out_once_approved(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig
) -> None:
    stock(account, config)

    refused = sync(superuser, config)
    approval = refused.json()["plan"]["approval"]

    assert refused.status_code == 409
    assert refused.json()["code"] == "confirmation_required"
    assert config.groups.filter(accredible_id=77).exists()
    assert superuser.get(f"{ROOT}runs/{refused.json()['run']}/").json()["status"] == "refused"
    assert approval == preview(superuser, config).json()["plan"]["approval"]

    done = sync(superuser, config, approved=approval)

    assert done.status_code == 200
    assert done.json()["counts"]["removed"] == 1
    assert not config.groups.filter(accredible_id=77).exists()


def test_the_run_says_what_it_did_to_which_group(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig
) -> None:
    new, renamed, _gone = stock(account, config)
    run = sync(superuser, config, force=True).json()

    changes = superuser.get(f"{ROOT}runs/{run['id']}/changes/").json()

    assert changes["count"] == 3
    by_action = {change["action"]: change for change in changes["results"]}
    group = config.groups.get(accredible_id=new["id"])
    assert by_action["created"] == {
        "action": "created",
        "accredible_id": new["id"],
        "name": "New",
        "group": str(group.uuid),
        "changes": [],
    }
    assert {"field": "name", "old": "Before", "new": "After"} in by_action["updated"]["changes"]
    assert by_action["updated"]["accredible_id"] == renamed["id"]
    assert (by_action["removed"]["accredible_id"], by_action["removed"]["group"]) == (77, None)
    (removed,) = superuser.get(f"{ROOT}runs/{run['id']}/changes/", {"action": "removed"}).json()["results"]
    assert removed == by_action["removed"]


def test_another_plan_than_the_approved_one_is_not_carried_out(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig
) -> None:
    _new, _renamed, gone = stock(account, config)
    approval = preview(superuser, config).json()["plan"]["approval"]
    factories.make_requirement(gone)

    answer = sync(superuser, config, approved=approval)

    assert answer.status_code == 409
    assert answer.json()["code"] == "confirmation_required"
    assert answer.json()["plan"]["approval"] != approval
    assert config.groups.filter(accredible_id=77).exists()


def test_force_removes_unseen(superuser: APIClient, account: Any, config: AccredibleAPIConfig) -> None:
    factories.make_group(config)

    assert preview(superuser, config).json()["status"] == "refused"
    assert preview(superuser, config, force=True).json()["status"] == "succeeded"
    assert sync(superuser, config, force=True).status_code == 200
    assert not config.groups.exists()


def test_while_another_sync_runs_none_begins(superuser: APIClient, config: AccredibleAPIConfig) -> None:
    runs.begin(config, trigger=RunTrigger.COMMAND)

    answer = sync(superuser, config)

    assert answer.status_code == 409
    assert answer.json()["code"] == "sync_in_progress"
    assert "running since" in answer.json()["detail"]


@pytest.mark.parametrize("action", ["preview", "sync"])
@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("status", {"status": 500}, 503, "accredible_unavailable"),
        ("cut_before", {}, 503, "accredible_unavailable"),
        ("status", {"status": 401}, 502, "accredible_refused"),
        ("status", {"status": 403}, 502, "accredible_refused"),
        ("html", {}, 502, "accredible_refused"),
        ("half_page", {}, 502, "accredible_refused"),
    ],
)
def test_what_accredible_does_instead_is_told_apart(
    superuser: APIClient,
    emulator: Emulator,
    account: Any,
    config: AccredibleAPIConfig,
    action: str,
    kind: str,
    options: dict[str, Any],
    status: int,
    code: str,
) -> None:
    account.add_group(name="one", course_name="One")
    account.add_group(name="two", course_name="Two")
    emulator.fault(kind, path="/v1/issuer/groups/search", times=100, **options)

    answer = superuser.post(f"{ROOT}configs/{config.pk}/{action}/", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "Accredible" in answer.json()["detail"]
    assert "main-key" not in answer.content.decode()
    assert not config.groups.exists()


def test_how_long_accredible_wants_to_be_left_alone_is_passed_on(
    superuser: APIClient, emulator: Emulator, config: AccredibleAPIConfig
) -> None:
    emulator.fault("status", status=429, retry_after=17, path="/v1/issuer/groups/search", times=100)

    answer = sync(superuser, config)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "17"


@pytest.mark.parametrize("action", ["preview", "sync"])
def test_a_configuration_that_cannot_be_used_is_a_conflict(
    superuser: APIClient, account: Any, settings: Any, action: str
) -> None:
    config = factories.make_config(environment="nowhere")

    answer = superuser.post(f"{ROOT}configs/{config.pk}/{action}/", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "configuration")
    assert "nowhere" in answer.json()["detail"]


def test_new_groups_get_the_site_that_was_asked_for(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig
) -> None:
    account.add_group(name="one", course_name="One")
    site = Site.objects.create(domain="other.example.com", name="Other")

    assert sync(superuser, config, site=site.pk).status_code == 200
    assert config.groups.get().site == site


def test_without_a_site_they_get_that_of_the_request(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig
) -> None:
    account.add_group(name="one", course_name="One")

    sync(superuser, config)

    assert config.groups.get().site_id == 1


# --- groups that were recreated ----------------------------------------------------------------------------------


@pytest.fixture
def recreated(account: Any, config: AccredibleAPIConfig) -> tuple[AccredibleGroup, int]:
    """A configured group that is gone at Accredible, and the id of the new one there of the same name."""
    remote = account.add_group(name="recreated", course_name="Badge")
    return factories.configure(factories.make_group(config, accredible_id=77, name="Badge")), remote["id"]


def test_a_group_that_was_recreated_is_offered_to_be_carried_over(
    superuser: APIClient, config: AccredibleAPIConfig, recreated: tuple[AccredibleGroup, int]
) -> None:
    group, new = recreated
    offers = preview(superuser, config).json()["plan"]["same_name"]
    assert offers == [{"removed": 77, "created": new}]

    plan = preview(superuser, config, carry_over=offers).json()["plan"]
    assert (plan["created"], plan["removed"], plan["same_name"]) == ([], [], [])
    (carried,) = plan["carried_over"]
    assert (carried["accredible_id"], carried["instead_of"], carried["name"]) == (new, 77, "Badge")
    assert {"field": "accredible_id", "old": "77", "new": str(new)} in carried["changes"]

    done = sync(superuser, config, carry_over=offers)
    assert done.status_code == 200
    group.refresh_from_db()
    assert (group.accredible_id, group.requirements.count()) == (new, 2)


@pytest.mark.parametrize("act", [preview, sync])
def test_what_is_not_gone_or_not_new_is_not_carried_over(
    superuser: APIClient, config: AccredibleAPIConfig, recreated: tuple[AccredibleGroup, int], act: Any
) -> None:
    _group, new = recreated
    for pair in ({"removed": 77, "created": 5}, {"removed": 5, "created": new}):
        answer = act(superuser, config, carry_over=[pair])
        assert (answer.status_code, answer.json()["code"]) == (409, "carry_over_refused")
    assert config.groups.get().accredible_id == 77


# --- with a worker -----------------------------------------------------------------------------------------------


def test_a_worker_does_it_and_the_run_says_how_far_it_is(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig, plugin_settings: PluginSettings
) -> None:
    messages.use_broker(plugin_settings)
    account.add_group(name="one", course_name="One")

    answer = sync(superuser, config)

    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["trigger"]) == ("queued", "api")
    assert answer.json()["stage"] == {"name": "", "done": 0, "total": None, "kept_back_until": None}
    assert superuser.get(answer["Location"]).json() == answer.json()
    assert not config.groups.exists()
    assert sync(superuser, config).json()["code"] == "sync_in_progress"

    assert messages.work() == 1

    run = superuser.get(answer["Location"]).json()
    assert (run["id"], run["status"], run["counts"]["created"]) == (answer.json()["id"], "succeeded", 1)
    assert run["stage"] is None


def test_a_removal_is_refused_by_the_worker_until_it_is_approved(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig, plugin_settings: PluginSettings
) -> None:
    messages.use_broker(plugin_settings)
    factories.make_group(config)

    address = sync(superuser, config)["Location"]
    messages.work()

    run = superuser.get(address).json()
    assert (run["status"], run["needs_confirmation"]) == ("refused", True)
    assert config.groups.exists()

    approval = preview(superuser, config).json()["plan"]["approval"]
    address = sync(superuser, config, approved=approval)["Location"]
    messages.work()

    assert superuser.get(address).json()["status"] == "succeeded"
    assert not config.groups.exists()


def test_where_the_broker_is_out_of_reach_it_is_done_at_once(
    superuser: APIClient, account: Any, config: AccredibleAPIConfig, plugin_settings: PluginSettings
) -> None:
    messages.use_broker(plugin_settings, "amqp://127.0.0.1:9//")

    assert sync(superuser, config).status_code == 200


def test_a_run_whose_process_died_is_shown_as_such(superuser: APIClient, config: AccredibleAPIConfig) -> None:
    run = runs.begin(config, trigger=RunTrigger.COMMAND)
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))

    assert superuser.get(f"{ROOT}configs/{config.pk}/").json()["last_run"]["status"] == "failed"
    assert superuser.get(f"{ROOT}runs/{run.pk}/").json()["status"] == "failed"
