"""The page that follows syncs which a worker carries out, through Django's client."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs
from tests import factories
from tests.admin.forms import text
from tests.conftest import PluginSettings
from tests.sync import messages

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
RUNS = "/admin/credentials_accredible/syncrun/"


@pytest.fixture
def config(account: Any, plugin_settings: PluginSettings) -> AccredibleAPIConfig:
    """A configuration of three groups that a worker will sync."""
    for number in range(3):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}")
    messages.use_broker(plugin_settings)
    return factories.make_config("Main <i>")


def sync(client: Client, *configs: AccredibleAPIConfig, follow: bool = True, **more: Any) -> Any:
    """Tick the configurations and run "Sync groups"."""
    data = {"action": "sync_groups", "_selected_action": [config.pk for config in configs], **more}
    return client.post(LIST, data, follow=follow)


def state(client: Client, *run: int) -> Any:
    """What the page's script is told."""
    return client.get(f"{RUNS}progress/state/", {"run": run})


def test_the_action_leads_to_the_progress_of_all_that_it_has_queued(
    admin_client: Client, config: AccredibleAPIConfig
) -> None:
    other = factories.make_config("Second")

    response = sync(admin_client, config, other)

    page = text(response)
    first, second = SyncRun.objects.order_by("pk")
    assert response.redirect_chain[-1][0] == f"{RUNS}progress/?run={first.pk}&run={second.pk}"
    assert page.count("<progress") == 2
    assert page.count("Waits for a worker") == 2
    assert "Main &lt;i&gt;" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "run_progress.js" in page
    assert "<script>" not in page.split('id="accredible-progress"')[1].split("</main>")[0]


def test_a_run_is_followed_to_its_end(admin_client: Client, config: AccredibleAPIConfig) -> None:
    sync(admin_client, config)
    pk = config.runs.get().pk
    queued = state(admin_client, pk).json()
    run = runs.take(pk)
    assert run is not None
    runs.beat(run, "groups", 100, 2000)
    reading = state(admin_client, pk).json()
    runs.beat(run, "designs", 5, 20, kept_back=99)
    waiting = state(admin_client, pk).json()
    runs.beat(run, "applying", 0, 2000)
    writing = state(admin_client, pk).json()
    runs.finish(run, RunStatus.SUCCEEDED)
    ended = state(admin_client, pk).json()

    row = {"run": pk, "open": True}
    assert queued == {"open": True, "runs": [{**row, "text": "Waits for a worker", "done": 0, "total": None}]}
    assert reading["runs"] == [{**row, "text": "Reads groups: 100 of 2000", "done": 100, "total": 2000}]
    wait = r"Reads designs: 5 of 20\. Waits \d\d s for Accredible's limit of 100000 requests in 1 s\."
    assert re.fullmatch(wait, waiting["runs"][0]["text"])
    assert writing["runs"] == [{**row, "text": "Writes 2000 groups", "done": 0, "total": None}]
    assert (ended["open"], ended["runs"][0]["text"]) == (False, "succeeded")


def test_the_result_is_shown_with_ways_on(admin_client: Client, config: AccredibleAPIConfig) -> None:
    sync(admin_client, config)
    messages.work()
    run = config.runs.get()

    page = text(admin_client.get(f"{RUNS}progress/", {"run": run.pk}))

    assert "3 created, 0 updated, 0 unchanged, 0 removed, 0 conflicting." in page
    assert f"accrediblegroup/?api_config__id__exact={config.pk}" in page
    assert f"syncrun/{run.pk}/change/" in page
    assert "<progress" not in page
    assert "refresh" not in page
    assert "run_progress.js" not in page


def test_one_that_would_remove_groups_leads_to_the_preview_where_it_is_confirmed(
    admin_client: Client, config: AccredibleAPIConfig, account: Any
) -> None:
    api.sync(config)
    account.remove_group(config.groups.earliest("accredible_id").accredible_id)
    sync(admin_client, config)
    messages.work()
    asked = config.runs.latest("pk")
    address = f"{LIST}{config.pk}/preview/"

    progress = text(admin_client.get(f"{RUNS}progress/", {"run": asked.pk}))
    record = text(admin_client.get(f"{RUNS}{asked.pk}/change/"))
    preview = admin_client.get(address)
    item = preview.context["pending"][0]
    sync(admin_client, config, **{item["digest_name"]: item["digest"]})
    messages.work()

    assert address in progress
    assert "has to be confirmed first" in progress
    assert address in record
    done = config.runs.latest("pk")
    assert (done.status, done.removed_count) == (RunStatus.SUCCEEDED, 1)
    assert address not in text(admin_client.get(f"{RUNS}progress/", {"run": done.pk}))


def test_a_second_sync_is_refused_and_told(admin_client: Client, config: AccredibleAPIConfig) -> None:
    sync(admin_client, config)

    assert "is queued since" in text(sync(admin_client, config))


@pytest.mark.parametrize(
    ("address", "dead"),
    [
        (f"{RUNS}progress/?run={{run}}", 'class="accredible-run-failed"'),
        (f"{RUNS}progress/state/?run={{run}}", '"text": "failed"'),
        (RUNS, '"field-status">failed'),
        (f"{RUNS}{{run}}/change/", '<div class="readonly">failed'),
        (LIST, 'class="accredible-run-failed"'),
        (f"{LIST}{{config}}/change/", 'class="accredible-run-failed"'),
    ],
    ids=["progress", "state", "runs", "run", "configurations", "configuration"],
)
def test_a_run_whose_process_died_is_not_shown_as_running(
    admin_client: Client, config: AccredibleAPIConfig, address: str, dead: str
) -> None:
    run = runs.begin(config, trigger=RunTrigger.API)
    address = address.format(run=run.pk, config=config.pk)
    alive = text(admin_client.get(address))
    SyncRun.objects.update(owner=run.owner.rpartition("/")[0] + "/1.00")

    page = text(admin_client.get(address))

    assert dead not in alive
    assert dead in page
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED


def test_one_that_waits_for_long_says_to_look_at_the_worker(admin_client: Client, config: AccredibleAPIConfig) -> None:
    sync(admin_client, config)
    pk = config.runs.get().pk
    SyncRun.objects.update(started_at=timezone.now() - timedelta(seconds=40))

    assert "is one running?" in state(admin_client, pk).json()["runs"][0]["text"]

    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=301))
    assert "No worker took this sync" in text(admin_client.get(f"{RUNS}progress/", {"run": pk}))


def test_who_may_sync_or_see_runs_sees_it_and_nobody_else(client: Client, config: AccredibleAPIConfig) -> None:
    run = runs.begin(config, trigger=RunTrigger.API)
    pages = [f"{RUNS}progress/?run={run.pk}", f"{RUNS}progress/state/?run={run.pk}"]

    assert [client.get(page).status_code for page in pages] == [302, 302]
    for permission, status in (
        ("change_accredibleapiconfig", 403),
        ("sync_accredibleapiconfig", 200),
        ("view_syncrun", 200),
    ):
        client.force_login(factories.make_staff(permission))
        assert [client.get(page).status_code for page in pages] == [status, status], permission


@pytest.mark.parametrize("query", ["", "run=0", "run=x", "run=-1", "run=99999999999999999999", "run=²"])
def test_what_does_not_exist_is_not_found(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{RUNS}progress/?{query}").status_code == 404
    assert admin_client.get(f"{RUNS}progress/state/?{query}").status_code == 404


def test_an_open_run_is_followed_from_the_list_of_configurations(
    admin_client: Client, config: AccredibleAPIConfig
) -> None:
    run = runs.begin(config, trigger=RunTrigger.API)

    address = f"{RUNS}progress/?run={run.pk}"
    assert address in text(admin_client.get(LIST))
    assert address in text(admin_client.get(f"{RUNS}{run.pk}/change/"))


def test_a_lease_that_cannot_be_used_does_not_keep_pages_from_opening(
    admin_client: Client, config: AccredibleAPIConfig, plugin_settings: PluginSettings
) -> None:
    runs.begin(config, trigger=RunTrigger.API)
    plugin_settings(SYNC_LEASE="long")

    assert [admin_client.get(page).status_code for page in (LIST, RUNS, "/admin/")] == [200, 200, 200]
