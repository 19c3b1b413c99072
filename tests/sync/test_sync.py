"""Importing an account's groups, against the emulator."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleGroup, SyncRun
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.sync.groups import add_groups, ids

pytestmark = pytest.mark.django_db


def test_an_account_of_135_groups_arrives_whole_and_inactive(
    emulator: Emulator, plugin_settings: PluginSettings
) -> None:
    plugin_settings(REQUEST_TIMEOUT=(5, 30))
    emulator.add_account(key="main-key-0001", seed=135)
    config = factories.make_config()

    outcome = api.sync(config)

    assert outcome.succeeded, outcome.error
    assert config.groups.count() == 135
    assert not config.groups.filter(is_active=True).exists()
    run = SyncRun.objects.get()
    assert (run.status, run.created_count, run.unchanged_count) == (RunStatus.SUCCEEDED, 135, 0)
    assert run.requests == len(emulator.requests)


def test_a_group_carries_what_accredible_says_of_it(emulator: Emulator, account: Any) -> None:
    design = account.add_design(name="Round badge")
    created = account.add_group(
        name="internal-0001",
        course_name="Ελληνικά 🏅 <b>bold</b>",
        course_description="<p>" + "long " * 500 + "</p>",
        badge_design_id=design["id"],
    )
    config = factories.make_config()

    api.sync(config)

    group = AccredibleGroup.objects.get()
    assert group.accredible_id == created["id"]
    assert (group.name, group.internal_name) == ("Ελληνικά 🏅 <b>bold</b>", "internal-0001")
    assert group.description == "<p>" + "long " * 500 + "</p>"
    assert group.icon_url == design["rasterized_content_url"]
    assert group.design_id == design["id"]
    assert group.site == Site.objects.get_current()
    assert group.management_url.startswith(f"{emulator.url}/issuer/dashboard/group/{created['id']}/")


def test_syncing_twice_in_a_row_writes_nothing_but_the_run(emulator: Emulator) -> None:
    emulator.add_account(key="main-key-0001", seed=60)
    config = factories.make_config()
    api.sync(config)
    before = list(AccredibleGroup.objects.order_by("pk").values())

    with CaptureQueriesContext(
        connection,
    ) as queries:
        outcome = api.sync(config)

    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert outcome.plan is not None
    assert outcome.plan.changes_nothing
    assert len(outcome.plan.unchanged) == 60
    assert list(AccredibleGroup.objects.order_by("pk").values()) == before
    assert all("credentials_accredible_syncrun" in sql for sql in writes), writes


def test_designs_known_already_are_not_asked_for_again(emulator: Emulator, account: Any) -> None:
    design = account.add_design(name="Round badge")
    for number in range(3):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}", badge_design_id=design["id"])
    config = factories.make_config()

    api.sync(config)
    first = [r.path for r in emulator.requests if "/designs/" in r.path]
    api.sync(config)
    second = [r.path for r in emulator.requests if "/designs/" in r.path][len(first) :]
    api.sync(config, refresh_icons=True)
    third = [r.path for r in emulator.requests if "/designs/" in r.path][len(first) :]

    assert (len(first), len(second), len(third)) == (1, 0, 1)


def test_a_changed_group_is_updated_and_keeps_what_was_configured(account: Any) -> None:
    (accredible_id,) = add_groups(account, 1)
    config = factories.make_config()
    api.sync(config)
    factories.configure(config.groups.get())
    before = factories.configuration_of(config)
    account.update_group(accredible_id, course_name="New title", course_description="New text")

    outcome = api.sync(config)

    group = config.groups.get()
    assert (group.name, group.description) == ("New title", "New text")
    assert factories.configuration_of(config) == before
    assert outcome.run is not None
    assert outcome.run.updated_count == 1


def test_an_icon_that_was_missed_is_made_good_by_the_next_sync(emulator: Emulator, account: Any) -> None:
    old, new = account.add_design(name="Old"), account.add_design(name="New")
    (group_id,) = [account.add_group(name="g", course_name="Group", badge_design_id=old["id"])["id"]]
    config = factories.make_config()
    api.sync(config)
    account.update_group(group_id, badge_design_id=new["id"])
    emulator.fault("status", status=500, path="/v1/designs/", times=1000)
    api.sync(config)
    emulator.clear_faults()

    api.sync(config)

    assert config.groups.get().icon_url == new["rasterized_content_url"]


def test_two_departments_never_touch_each_others_groups(emulator: Emulator) -> None:
    first = emulator.add_account(key="main-key-0001", department_id=1)
    second = emulator.add_account(key="second-key-01", department_id=2)
    mine, theirs = add_groups(first, 3), add_groups(second, 4)
    one, two = factories.make_config(), factories.make_config(key="second-key-01")

    for config in (one, two, one):
        assert api.sync(config).succeeded
    for accredible_id in mine[:1]:
        first.remove_group(accredible_id)
    assert api.sync(one).succeeded

    assert ids(one) == mine[1:]
    assert ids(two) == theirs


def test_one_id_in_two_environments_stands_for_two_groups(emulator: Emulator) -> None:
    here = emulator.add_account(key="main-key-0001")
    there = emulator.add_account(key="eu-key-000001", environment="eu")
    assert add_groups(here, 2) == add_groups(there, 2)
    one, two = factories.make_config(), factories.make_config(key="eu-key-000001", environment="eu")

    first, second = api.sync(one), api.sync(two)

    assert (first.run.created_count, second.run.created_count) == (2, 2)  # type: ignore[union-attr]


def test_a_group_held_by_another_configuration_is_skipped_and_reported(account: Any) -> None:
    known = add_groups(account, 2)
    one, two = factories.make_config("First"), factories.make_config("Second")
    api.sync(one)

    outcome = api.sync(two)

    assert outcome.succeeded
    assert outcome.plan is not None
    assert [(c.remote.accredible_id, c.holder) for c in outcome.plan.conflicting] == [(i, "First") for i in known]
    assert outcome.run is not None
    assert outcome.run.conflicting_count == 2
    assert not two.groups.exists()


def test_a_preview_says_what_a_sync_does_and_writes_nothing(account: Any) -> None:
    known = add_groups(account, 4)
    config = factories.make_config()
    api.sync(config)
    factories.configure(config.groups.get(accredible_id=known[0]))
    account.remove_group(known[0])
    account.update_group(known[1], course_name="New title")
    add_groups(account, 1)

    with CaptureQueriesContext(connection) as queries:
        preview = api.preview(config)
    outcome = api.sync(config)

    assert preview.plan == outcome.plan
    assert [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE", "SAVEPOINT"))] == []
    (holdings,) = preview.holdings.values()
    assert (holdings.requirements, holdings.rules, holdings.penalties, holdings.learners) == (2, 3, 1, 1)


def test_the_number_of_queries_grows_with_batches_not_with_groups(account: Any) -> None:
    def queries_for(count: int) -> int:
        add_groups(account, count)
        with CaptureQueriesContext(connection) as queries:
            assert api.sync(config).succeeded
        return len(queries)

    config = factories.make_config()
    few, many = queries_for(10), queries_for(100)

    assert many <= few + 5


def test_progress_tells_the_stages_in_order(account: Any) -> None:
    add_groups(account, 120)
    stages: list[tuple[str, int, int | None]] = []

    api.sync(factories.make_config(), progress=lambda *step: stages.append(step[:3]))

    assert [stage for stage, _done, _total in stages] == sorted(
        (stage for stage, _done, _total in stages), key=["groups", "designs", "applying"].index
    )
    assert ("applying", 120, 120) in stages


def test_a_run_is_dated(account: Any) -> None:
    before = timezone.now()

    run = api.sync(factories.make_config()).run

    assert run is not None
    assert run.finished_at is not None
    assert before <= run.started_at <= run.finished_at <= timezone.now() + timedelta(seconds=1)


def test_a_sync_in_which_nothing_changed_takes_ten_queries_and_no_lock(emulator: Emulator) -> None:
    emulator.add_account(key="main-key-0001", seed=60)
    config = factories.make_config()
    api.sync(config)
    api.sync(config)

    with CaptureQueriesContext(connection) as queries:
        outcome = api.sync(config)

    # Signs of life come every second, on a slow machine as well.
    sent = [q["sql"] for q in queries if not re.search(r"\bheartbeat_at\W =", q["sql"])]
    assert outcome.succeeded
    assert outcome.run is not None
    assert (outcome.run.unchanged_count, outcome.run.lock) == (60, None)
    assert len(sent) <= 10
    assert not any("rulesversion" in sql for sql in sent)


def test_a_sync_in_which_nothing_changed_notices_that_another_took_over(account: Any) -> None:
    add_groups(account, 2)
    config = factories.make_config()
    api.sync(config)

    def take_over(*_progress: Any) -> None:
        SyncRun.objects.filter(status=RunStatus.RUNNING).update(status=RunStatus.FAILED, lock=None)

    outcome = api.sync(config, progress=take_over)

    assert outcome.status == RunStatus.REFUSED
    assert "another one took over" in outcome.error
    assert SyncRun.objects.order_by("-pk")[0].unchanged_count == 0
