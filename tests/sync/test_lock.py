"""One sync of a configuration at a time, and what becomes of one that died."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.exceptions import SyncInProgress, SyncSuperseded
from credentials_accredible.models import SyncRun
from credentials_accredible.sync import runs
from tests import factories
from tests.connections import upgrades

pytestmark = pytest.mark.django_db


def test_a_second_sync_is_refused_while_the_first_one_runs(account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    config = factories.make_config("Main")
    second: list[api.Outcome] = []

    def try_another(stage: str, done: int, total: int | None, kept_back: float) -> None:
        if stage == "groups":
            second.append(api.sync(config))

    first = api.sync(config, progress=try_another)

    assert first.succeeded
    assert config.groups.count() == 1
    assert second[0].status == RunStatus.REFUSED
    assert isinstance(second[0].reason, SyncInProgress)
    assert "A sync of “Main” is running since" in second[0].error
    assert SyncRun.objects.filter(status=RunStatus.REFUSED, lock=None).count() == len(second)


def test_configurations_do_not_lock_each_other_out(account: Any) -> None:
    runs.begin(factories.make_config(), trigger=RunTrigger.API)

    assert api.sync(factories.make_config()).succeeded


def test_a_run_without_a_sign_of_life_is_closed_and_taken_over(account: Any) -> None:
    config = factories.make_config()
    dead = runs.begin(config, trigger=RunTrigger.API)
    SyncRun.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=301))

    assert api.sync(config).succeeded

    dead.refresh_from_db()
    assert (dead.status, dead.lock) == (RunStatus.FAILED, None)
    assert "ended before it was done" in dead.error


@pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases lock rows")
@pytest.mark.django_db(transaction=True)
def test_neither_a_sync_nor_the_closing_of_a_dead_run_reads_before_it_writes(account: Any) -> None:
    account.add_group(name="badge", course_name="Badge")
    config = factories.make_config()
    runs.begin(config, trigger=RunTrigger.API)
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=301))

    with upgrades() as found:
        assert api.sync(config).succeeded

    assert found == []


def test_a_run_whose_process_has_ended_is_taken_over_at_once(account: Any) -> None:
    config = factories.make_config()
    dead = runs.begin(config, trigger=RunTrigger.API)
    SyncRun.objects.filter(pk=dead.pk).update(owner=dead.owner.rpartition("/")[0] + "/1.00")

    assert api.sync(config).succeeded


def test_a_run_on_another_machine_is_left_alone_until_its_lease_is_over(account: Any) -> None:
    config = factories.make_config()
    other = runs.begin(config, trigger=RunTrigger.API)
    SyncRun.objects.filter(pk=other.pk).update(owner="another-machine/1/1.00")

    assert api.sync(config).status == RunStatus.REFUSED


def test_a_run_that_was_taken_over_changes_nothing_any_more(account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    config = factories.make_config()

    def lose_the_lock(stage: str, done: int, total: int | None, kept_back: float) -> None:
        if stage == "applying":
            SyncRun.objects.filter(lock=config).update(lock=None, status=RunStatus.FAILED, error="taken over")

    outcome = api.sync(config, progress=lose_the_lock)

    assert outcome.status == RunStatus.REFUSED
    assert "another one took over" in outcome.error
    assert not config.groups.exists()
    assert SyncRun.objects.get().error == "taken over"


def test_an_interrupted_sync_lets_go_of_its_lock(account: Any) -> None:
    config = factories.make_config()

    def interrupt(stage: str, done: int, total: int | None, kept_back: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.sync(config, progress=interrupt)

    run = SyncRun.objects.get()
    assert (run.status, run.lock) == (RunStatus.FAILED, None)
    assert api.sync(config).succeeded


def test_a_run_is_not_taken_for_dead_because_the_clock_was_set(account: Any) -> None:
    config = factories.make_config()
    alive = runs.begin(config, trigger=RunTrigger.API)
    process, _, started = alive.owner.rpartition("/")
    SyncRun.objects.filter(pk=alive.pk).update(owner=f"{process}/{float(started) + 1.5:.2f}")

    assert api.sync(config).status == RunStatus.REFUSED


def test_a_process_of_another_container_is_not_judged_by_its_number(account: Any) -> None:
    config = factories.make_config()
    other = runs.begin(config, trigger=RunTrigger.API)
    host, _, _rest = other.owner.partition("@")
    SyncRun.objects.filter(pk=other.pk).update(owner=f"{host}@another/1/1.00")

    assert api.sync(config).status == RunStatus.REFUSED


def test_a_long_sync_gives_signs_of_life_and_stops_once_it_was_taken_over(account: Any) -> None:
    config = factories.make_config()
    run = runs.begin(config, trigger=RunTrigger.API)
    run.heartbeat_at = timezone.now() - timedelta(seconds=60)
    runs.beat(run, "groups", 0, None)
    run.refresh_from_db()
    assert run.heartbeat_at is not None
    assert timezone.now() - run.heartbeat_at < timedelta(seconds=5)
    SyncRun.objects.filter(lock=config).update(lock=None, status=RunStatus.FAILED)
    run.heartbeat_at = timezone.now() - timedelta(seconds=60)
    with pytest.raises(SyncSuperseded):
        runs.beat(run, "groups", 0, None)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_run_that_writes_for_longer_than_its_lease_is_not_taken_for_dead(account: Any) -> None:
    config = factories.make_config()
    run = runs.begin(config, trigger=RunTrigger.API)
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=301))
    closed: list[int] = []
    seconds: list[float] = []

    def look() -> None:
        began = monotonic()
        closed.append(api.close_dead_runs())
        seconds.append(monotonic() - began)
        connection.close()

    with transaction.atomic():
        runs.hold(run)
        page = Thread(target=look)
        page.start()
        page.join(timeout=30)

    assert closed == [0]
    assert seconds[0] < 5
    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING
