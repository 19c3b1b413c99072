"""Syncs that a worker carries out: once, whatever becomes of the message, and never lost without a word."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api, tasks
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.exceptions import SyncInProgress
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.sync import messages

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(account: Any, plugin_settings: PluginSettings) -> AccredibleAPIConfig:
    """A configuration of three groups that a worker will sync."""
    for number in range(3):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}")
    messages.use_broker(plugin_settings)
    return factories.make_config("Main")


def test_a_sync_waits_for_a_worker_and_is_carried_out_by_it(config: AccredibleAPIConfig, emulator: Emulator) -> None:
    user = factories.make_user()
    queued = api.start_sync(config, trigger=RunTrigger.ADMIN, user=user)

    assert (queued.status, queued.is_queued, queued.succeeded) == (RunStatus.QUEUED, True, False)
    assert emulator.requests == []
    assert not config.groups.exists()

    assert messages.work() == 1

    run = config.runs.get()
    assert (run.pk, run.status, run.created_count) == (queued.run.pk, RunStatus.SUCCEEDED, 3)  # type: ignore[union-attr]
    assert (run.trigger, run.user, run.lock) == (RunTrigger.ADMIN, user, None)
    assert config.groups.count() == 3


def test_the_message_says_which_run_and_holds_no_secret(config: AccredibleAPIConfig) -> None:
    outcome = api.start_sync(config, consent=api.Consent(ask=True, approved="seen"), refresh_icons=True)

    ((task, arguments),) = messages.waiting()
    assert task == "credentials_accredible.sync"
    assert arguments[0] == outcome.run.pk  # type: ignore[union-attr]
    assert arguments[1]["consent"]["approved"] == "seen"
    assert arguments[1]["refresh_icons"] is True
    assert factories.make_config().api_key.reveal() not in json.dumps(arguments)


def test_a_queued_sync_keeps_a_second_one_out(config: AccredibleAPIConfig) -> None:
    api.start_sync(config)

    second, third = api.start_sync(config), api.sync(config)

    for refused in (second, third):
        assert refused.status == RunStatus.REFUSED
        assert isinstance(refused.reason, SyncInProgress)
        assert "is queued since" in refused.error
    assert messages.work() == 1


def test_a_message_that_comes_twice_changes_nothing(config: AccredibleAPIConfig, emulator: Emulator) -> None:
    api.start_sync(config)
    ((_task, arguments),) = messages.waiting()
    tasks.sync(*arguments)
    asked = len(emulator.requests)
    before = list(SyncRun.objects.values())

    tasks.sync(*arguments)

    assert len(emulator.requests) == asked
    assert list(SyncRun.objects.values()) == before


def test_a_message_that_comes_while_the_sync_is_running_changes_nothing(config: AccredibleAPIConfig) -> None:
    api.start_sync(config)
    ((_task, arguments),) = messages.waiting()
    running = runs.take(arguments[0])

    tasks.sync(*arguments)

    assert running is not None
    running.refresh_from_db()
    assert running.status == RunStatus.RUNNING
    assert not config.groups.exists()


def test_a_message_that_comes_again_after_the_worker_was_killed_closes_the_run(config: AccredibleAPIConfig) -> None:
    api.start_sync(config)
    ((_task, arguments),) = messages.waiting()
    dead = runs.take(arguments[0])
    assert dead is not None
    SyncRun.objects.update(owner=dead.owner.rpartition("/")[0] + "/1.00")

    tasks.sync(*arguments)

    run = SyncRun.objects.get()
    assert (run.status, run.lock) == (RunStatus.FAILED, None)
    assert "ended before it was done" in run.error
    assert api.sync(config).succeeded


def test_what_was_agreed_to_counts_for_the_worker(config: AccredibleAPIConfig, account: Any) -> None:
    api.sync(config)
    account.remove_group(config.groups.earliest("accredible_id").accredible_id)

    api.start_sync(config, consent=api.Consent(ask=True))
    messages.work()
    asked = config.runs.latest("pk")
    seen = api.preview(config)
    api.start_sync(config, consent=api.Consent(ask=True, approved=seen.approval))
    messages.work()
    agreed = config.runs.latest("pk")

    assert (asked.status, asked.needs_confirmation) == (RunStatus.REFUSED, True)
    assert (agreed.status, agreed.needs_confirmation, agreed.removed_count) == (RunStatus.SUCCEEDED, False, 1)


def test_what_was_chosen_to_be_carried_over_counts_for_the_worker(config: AccredibleAPIConfig, account: Any) -> None:
    api.sync(config)
    old = factories.configure(config.groups.earliest("accredible_id"))
    account.remove_group(old.accredible_id)
    new = account.add_group(name="again", course_name=old.name)["id"]

    consent = api.Consent(ask=True, approved=api.preview(config).approval, carry_over={old.accredible_id: new})
    api.start_sync(config, consent=consent)
    messages.work()

    assert config.runs.latest("pk").status == RunStatus.SUCCEEDED
    old.refresh_from_db()
    assert old.accredible_id == new
    assert old.requirements.count() == 2


def test_new_groups_get_the_site_that_was_asked_for(config: AccredibleAPIConfig) -> None:
    from django.contrib.sites.models import Site

    site = Site.objects.create(domain="second.example.com", name="second")
    api.start_sync(config, site=site)
    messages.work()

    assert set(config.groups.values_list("site", flat=True)) == {site.pk}


def test_a_configuration_deleted_while_its_sync_waits_is_told(config: AccredibleAPIConfig) -> None:
    api.start_sync(config)
    config.delete()

    messages.work()

    run = SyncRun.objects.get()
    assert (run.status, run.error) == (RunStatus.FAILED, "“Main” was deleted meanwhile.")


def test_without_a_broker_the_sync_is_done_here(account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    config = factories.make_config()

    outcome = api.start_sync(config)

    assert outcome.succeeded
    assert outcome.plan is not None
    assert config.groups.count() == 1


def test_with_the_broker_out_of_reach_the_sync_is_done_here(
    config: AccredibleAPIConfig, plugin_settings: PluginSettings
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        messages.use_broker(plugin_settings, f"redis://127.0.0.1:{taken.getsockname()[1]}/0")
        outcome = api.start_sync(config)

    assert outcome.succeeded
    assert config.groups.count() == 3
    assert config.runs.get().status == RunStatus.SUCCEEDED


def test_a_broker_that_took_the_message_and_could_not_say_so_costs_nothing(
    config: AccredibleAPIConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deliver_and_fail(task: str, *arguments: Any) -> bool:
        tasks.sync(*arguments)
        return False

    monkeypatch.setattr("credentials_accredible.broker.publish", deliver_and_fail)
    outcome = api.start_sync(config)

    assert outcome.is_queued
    assert config.runs.get().status == RunStatus.SUCCEEDED


def test_a_broker_that_cannot_be_one_is_told(config: AccredibleAPIConfig, plugin_settings: PluginSettings) -> None:
    messages.use_broker(plugin_settings, "no address")

    outcome = api.start_sync(config)

    assert outcome.status == RunStatus.FAILED
    assert "BROKER_URL" in outcome.error
    assert not SyncRun.objects.exists()


def test_a_sync_that_no_worker_takes_is_closed_with_what_to_look_at(config: AccredibleAPIConfig) -> None:
    api.start_sync(config)
    assert api.close_dead_runs() == 0
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=301))

    assert api.close_dead_runs() == 1

    run = SyncRun.objects.get()
    assert (run.status, run.lock) == (RunStatus.FAILED, None)
    assert "No worker took this sync" in run.error
    assert "celery -A credentials_accredible worker" in run.error
    messages.work()
    assert not config.groups.exists()


def test_how_far_a_sync_has_come_is_written_down_as_it_goes(
    config: AccredibleAPIConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int | None]] = []
    written = runs.hold

    def hold(run: SyncRun, **values: Any) -> None:
        written(run, **values)
        if values:
            stored = SyncRun.objects.get(pk=run.pk)
            seen.append((stored.stage, stored.stage_done, stored.stage_total))

    monkeypatch.setattr(runs, "hold", hold)
    api.start_sync(config)
    messages.work()

    assert [stage for stage, _done, _total in seen] == ["groups", "designs", "applying"]
    assert seen[-1] == ("applying", 0, 3)


def test_progress_costs_a_statement_a_second_at_most(
    config: AccredibleAPIConfig, account: Any, django_assert_max_num_queries: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(PAGE_SIZE=1)
    run = runs.begin(config, trigger=RunTrigger.API)

    with django_assert_max_num_queries(2):
        for done in range(1000):
            runs.beat(run, "groups", done, 1000)


def test_every_run_whose_process_died_is_closed_one_without_a_configuration_too(config: AccredibleAPIConfig) -> None:
    for number in range(3):
        runs.begin(factories.make_config(f"Account {number}"), trigger=RunTrigger.API)
    alive = runs.begin(config, trigger=RunTrigger.API)
    SyncRun.objects.exclude(pk=alive.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=301))
    AccredibleAPIConfig.objects.get(name="Account 0").delete()

    assert api.sweep_syncs() == []

    assert list(SyncRun.objects.order_by("pk").values_list("status", flat=True)) == ["failed"] * 3 + ["running"]


def test_whoever_shows_runs_closes_a_dead_one_whose_configuration_was_deleted(config: AccredibleAPIConfig) -> None:
    run = runs.begin(config, trigger=RunTrigger.API)
    config.delete()
    assert api.close_dead_runs() == 0
    SyncRun.objects.update(owner=run.owner.rpartition("/")[0] + "/1.00")

    assert api.close_dead_runs() == 1

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
