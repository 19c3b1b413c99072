"""``accredible_sync`` and ``accredible_reencrypt`` as operators and cron call them."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command

from credentials_accredible.choices import RunTrigger
from credentials_accredible.models import AccredibleGroup, SyncRun
from demo.emulator.server import Emulator
from tests import factories

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("accredible_sync", *arguments, stdout=out, stderr=StringIO(), no_color=True)
    return out.getvalue()


def run_failing(*arguments: str) -> tuple[str, str]:
    """What the command prints, and the error it ends with."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("accredible_sync", *arguments, stdout=out, stderr=StringIO(), no_color=True)
    return out.getvalue(), str(caught.value)


def test_all_configurations_are_synced_and_summed_up(emulator: Emulator, account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    emulator.add_account(key="second-key-01", environment="eu")
    factories.make_config("Main")
    factories.make_config("Second", key="second-key-01", environment="eu")

    out = run()

    assert "Main: succeeded: 1 created, 0 updated, 0 unchanged, 0 removed, 0 conflicting." in out
    assert "Second: succeeded: 0 created" in out
    assert set(SyncRun.objects.values_list("trigger", flat=True)) == {RunTrigger.COMMAND}


def test_configurations_are_chosen_by_name_or_id(account: Any) -> None:
    first, second, third = factories.make_config("A"), factories.make_config("B"), factories.make_config("C")

    out = run("--config", "A", "--config", str(third.pk))

    assert "A: succeeded" in out
    assert "C: succeeded" in out
    assert set(SyncRun.objects.values_list("api_config", flat=True)) == {first.pk, third.pk}
    assert second.runs.count() == 0


def test_an_unknown_configuration_is_an_error_that_lists_the_known_ones(account: Any) -> None:
    config = factories.make_config("Main")

    _out, error = run_failing("--config", "Mian")

    assert "no API configuration “Mian”" in error
    assert f"Main ({config.pk})" in error
    assert not SyncRun.objects.exists()


def test_one_that_fails_is_told_and_the_others_are_synced(account: Any) -> None:
    factories.make_config("Broken", key="no-such-key-1")
    factories.make_config("Main")

    out, error = run_failing()

    assert "Broken: failed: Accredible refused the API key" in out
    assert "Main: succeeded" in out
    assert error == "1 of 2 configurations not synced."


def test_json_has_an_entry_for_each_configuration(account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    broken, main = factories.make_config("Broken", key="no-such-key-1"), factories.make_config("Main")

    out, _error = run_failing("--format", "json")

    first, second = json.loads(out)
    assert first["config"] == broken.pk
    assert (first["status"], first["created"]) == ("failed", 0)
    assert "refused the API key" in first["error"]
    assert second == {
        "config": main.pk,
        "name": "Main",
        "status": "succeeded",
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "removed": 0,
        "conflicting": 0,
        "same_name": [],
        "error": "",
        "run": SyncRun.objects.get(api_config=main).pk,
    }


def test_json_of_nothing_is_an_empty_list(db: None) -> None:
    assert json.loads(run("--format", "json")) == []


def test_a_dry_run_lists_what_would_change_and_writes_nothing(account: Any) -> None:
    kept = account.add_group(name="kept", course_name="Kept")["id"]
    gone = account.add_group(name="gone", course_name="Gone")["id"]
    config = factories.make_config("Main")
    run()
    factories.configure(AccredibleGroup.objects.get(accredible_id=gone))
    account.remove_group(gone)
    account.update_group(kept, course_name="Renamed")
    new = account.add_group(name="new", course_name="New")["id"]
    before = list(AccredibleGroup.objects.values())

    out = run("--dry-run")

    assert "Main: would be synced: 1 created, 1 updated, 0 unchanged, 1 removed, 0 conflicting." in out
    assert f"+ {new}  New" in out
    assert f"~ {kept}  Renamed" in out
    assert "name: Kept -> Renamed" in out
    # Fields and times as people call them.
    assert re.search(r"^ +updated at Accredible: \w+\.? \d+, 20\d\d, .* -> ", out, re.MULTILINE), out
    assert f"- {gone}  Gone" in out
    assert "active, 2 requirements, 3 data rules, 1 penalty, 1 learner in progress" in out
    assert list(AccredibleGroup.objects.values()) == before
    assert config.runs.count() == 1


def test_a_dry_run_says_what_the_guard_would_refuse(account: Any) -> None:
    known = [account.add_group(name=f"g-{n}", course_name=f"Group {n}")["id"] for n in range(4)]
    factories.make_config("Main")
    run()
    for accredible_id in known[:3]:
        account.remove_group(accredible_id)

    out, _error = run_failing("--dry-run")
    forced = run("--dry-run", "--force")

    assert "3 of 4 groups would be removed" in out
    assert "Main: would be synced" in forced
    assert AccredibleGroup.objects.count() == 4


def test_a_refused_sync_says_so_and_force_carries_it_out(account: Any) -> None:
    known = [account.add_group(name=f"g-{n}", course_name=f"Group {n}")["id"] for n in range(4)]
    factories.make_config("Main")
    run()
    for accredible_id in known[:3]:
        account.remove_group(accredible_id)

    out, _error = run_failing()
    forced = run("--force")

    assert "Main: refused: 3 of 4 groups would be removed" in out
    assert "--force" in out
    assert "3 removed" in forced


def test_new_groups_get_the_site_that_was_named(account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    factories.make_config()
    site = Site.objects.create(domain="badges.example.com", name="Badges")

    run("--site", str(site.pk))

    assert AccredibleGroup.objects.get().site == site


def test_an_unknown_site_is_an_error_that_lists_the_known_ones(account: Any) -> None:
    _out, error = run_failing("--site", "99")

    assert "There is no site 99" in error
    assert "example.com" in error


def test_a_conflict_and_a_warning_are_told(emulator: Emulator, account: Any) -> None:
    design = account.add_design(name="Design")
    account.add_group(name="g", course_name="Group", badge_design_id=design["id"])
    factories.make_config("First")
    emulator.fault("status", status=404, path="/v1/designs/", times=1)

    first = run("--config", "First")
    factories.make_config("Second")
    second = run("--config", "Second")

    assert f"warning: Design {design['id']}: " in first
    assert "held by “First” already\n" in second
    assert "Another configuration of the same environment holds these groups." in second


def test_without_a_terminal_there_is_no_progress_bar(account: Any, capfd: pytest.CaptureFixture[str]) -> None:
    factories.make_config()

    run()

    assert capfd.readouterr().err == ""


def test_text_of_the_provider_cannot_steer_the_terminal(account: Any) -> None:
    account.add_group(name="g", course_name="\x1b[2J\x1b]0;owned\x07Group")
    factories.make_config()

    out = run("--dry-run")

    assert "\x1b" not in out
    assert "\x07" not in out
