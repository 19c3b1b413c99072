"""The commands accredible_restore and accredible_prune."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import BadgeAction
from credentials_accredible.models import (
    AccredibleGroup,
    BadgeLogEntry,
    BadgePenalty,
    BadgeRequirement,
    FailedEvent,
    GroupSnapshot,
    SnapshotPart,
    SyncRun,
)
from tests import factories
from tests.conftest import PluginSettings
from tests.tables import dump

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: Any) -> str:
    """What the command prints."""
    out = StringIO()
    call_command(command, *(str(argument) for argument in arguments), stdout=out)
    return out.getvalue()


def removed(**values: Any) -> GroupSnapshot:
    """The snapshot of a configured group, which is gone."""
    api.remove_groups([factories.configure(factories.make_group(**values))])
    return GroupSnapshot.objects.latest("pk")


class TestRestore:
    def test_it_brings_back_what_a_run_has_removed(self, account: Any) -> None:
        config = factories.make_config()
        for name in ("First", "Second"):
            factories.configure(factories.make_group(config, name=name))
        outcome = api.sync(config, consent=api.Consent(force=True))
        assert outcome.run

        out = run("accredible_restore", "--run", outcome.run.pk)

        assert sorted(config.groups.values_list("name", flat=True)) == ["First", "Second"]
        assert "comes back\n  2 requirements, 3 data rules, 1 penalty, 0 custom attributes, the progress of 1" in out

    def test_a_dry_run_says_the_same_and_writes_nothing(self) -> None:
        snapshots = [removed(), removed()]
        keys = [snapshot.pk for snapshot in snapshots]
        before = dump()

        foreseen = run("accredible_restore", "--snapshot", *keys, "--dry-run")

        assert dump() == before
        assert foreseen == run("accredible_restore", "--snapshot", *keys)

    def test_it_offers_a_group_of_the_same_name_with_the_option_to_join_it(self) -> None:
        snapshot = removed(name="Twin")
        twin = factories.make_group(snapshot.api_config, name="Twin")
        option = f"--join {snapshot.pk}={twin.accredible_id}"

        assert option in run("accredible_restore", "--snapshot", snapshot.pk, "--dry-run")
        run("accredible_restore", "--snapshot", snapshot.pk, *option.split())

        assert twin.requirements.count() == 2
        assert AccredibleGroup.objects.count() == 1

    def test_merging_and_another_configuration_are_chosen_by_options(self) -> None:
        group = factories.configure(factories.make_group(factories.make_config("Gone")))
        api.deactivate_group(group)
        api.remove_configs([group.api_config])
        new = factories.make_config("New")
        again = factories.make_group(new, accredible_id=group.accredible_id)
        factories.make_requirement(again, blend="Z")
        key = GroupSnapshot.objects.get().pk

        with pytest.raises(CommandError, match="1 of 1 snapshot cannot be restored like this"):
            run("accredible_restore", "--snapshot", key, "--config", "New")
        run("accredible_restore", "--snapshot", key, "--config", "New", "--merge")

        assert again.requirements.count() == 3

    def test_json_is_for_programs(self) -> None:
        snapshot = removed(name="<Group>")

        [item] = json.loads(run("accredible_restore", "--snapshot", snapshot.pk, "--format", "json"))

        assert (item["snapshot"], item["name"], item["way"], item["restored"]) == (snapshot.pk, "<Group>", "new", True)
        assert (item["requirements"], item["learners"], item["gone"], item["badges"]) == (2, 1, 0, 1)
        assert item["group"] == AccredibleGroup.objects.get().pk

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--snapshot", "4711"], "There is no snapshot 4711"),
            (["--run", "4711"], "There is no sync run 4711"),
            (["--snapshot", "1", "--run", "1"], "not allowed with argument"),
            ([], "one of the arguments --run --snapshot is required"),
            (["--snapshot", "1", "--join", "twelve"], "is not two numbers, as 12=9001"),
            (["--snapshot", "1", "--config", "nowhere"], "There is no API configuration “nowhere”"),
        ],
    )
    def test_what_does_not_exist_is_named(self, arguments: list[str], words: str) -> None:
        with pytest.raises(CommandError, match=words):
            run("accredible_restore", *arguments)

    def test_joining_for_a_snapshot_that_is_not_restored_is_a_mistake(self) -> None:
        with pytest.raises(CommandError, match="snapshot 4711 is not among those"):
            run("accredible_restore", "--snapshot", removed().pk, "--join", "4711=1")


class TestPrune:
    @pytest.fixture
    def old(self, settings: Any) -> None:
        """A snapshot, two runs, a log entry, a change and a failed event, 80 days old, and a new one of each."""
        config = factories.make_config()
        group = factories.make_group(config)
        penalty = factories.make_penalty(group, factories.make_requirement(group))
        long_ago = timezone.now() - timedelta(days=80)
        BadgePenalty.history.filter(id=penalty.pk).update(history_date=long_ago)
        for days in (80, 80, 0):
            then = timezone.now() - timedelta(days=days)
            run = SyncRun.objects.create(api_config=config, started_at=then, finished_at=then, status="succeeded")
            run.changes.create(action="created", accredible_id=1)
        unfinished = SyncRun.objects.create(
            api_config=factories.make_config(), started_at=timezone.now() - timedelta(days=80), status="running"
        )
        SyncRun.objects.filter(pk=unfinished.pk).update(lock=unfinished.api_config)
        for days in (80, 0):
            then = timezone.now() - timedelta(days=days)
            GroupSnapshot.objects.filter(pk=removed().pk).update(created=then)
            badge = factories.make_badge(factories.make_group())
            entry = BadgeLogEntry.objects.create(badge=badge, action=BadgeAction.ISSUE, succeeded=True)
            BadgeLogEntry.objects.filter(pk=entry.pk).update(created=then)
            event = FailedEvent.objects.create(event_type="a", event_time=then, error="broken")
            FailedEvent.objects.filter(pk=event.pk).update(created=then)

    def counts(self) -> tuple[int, ...]:
        """How many there are."""
        models = (GroupSnapshot, SnapshotPart, SyncRun, BadgeLogEntry)
        return tuple(model.objects.count() for model in models)

    def test_by_default_a_year_is_kept_and_the_log_for_ever(self, old: None) -> None:
        before = self.counts()

        assert (
            run("accredible_prune")
            == "Deleted: 0 snapshots, 0 sync runs, 0 log entries, 0 rows of history, 0 early penalties, "
            "0 failed events.\n"
        )
        assert self.counts() == before

    def test_failed_events_are_kept_for_three_months(self) -> None:
        for days in (91, 89):
            then = timezone.now() - timedelta(days=days)
            event = FailedEvent.objects.create(event_type="a", event_time=timezone.now(), error="broken")
            FailedEvent.objects.filter(pk=event.pk).update(created=then)

        assert run("accredible_prune").endswith("1 failed event.\n")
        assert FailedEvent.objects.count() == 1

    @pytest.mark.parametrize("by", ["setting", "option"])
    def test_what_is_older_goes(self, old: None, plugin_settings: PluginSettings, by: str) -> None:
        arguments = []
        if by == "setting":
            days = ("SNAPSHOT_DAYS", "RUN_DAYS", "BADGE_LOG_DAYS", "HISTORY_DAYS", "FAILED_EVENT_DAYS")
            plugin_settings(**dict.fromkeys(days, 30))
        else:
            arguments = ["--snapshots-days", 30, "--runs-days", 30, "--badge-log-days", 30, "--history-days", 30]
            arguments += ["--failed-events-days", 30]
        snapshots, parts, runs, entries = self.counts()

        dry = run("accredible_prune", "--dry-run", *arguments)
        assert self.counts() == (snapshots, parts, runs, entries)
        out = run("accredible_prune", *arguments)

        # The penalty was added, then its requirement was chosen; and what was chosen is a row by itself.
        assert out == (
            "Deleted: 1 snapshot, 2 sync runs, 1 log entry, 3 rows of history, 0 early penalties, 1 failed event.\n"
        )
        assert not BadgePenalty.history.filter(history_date__lt=timezone.now() - timedelta(days=30)).exists()
        assert BadgeRequirement.history.exists()
        assert dry == out.replace("Deleted", "Would be deleted")
        assert self.counts() == (snapshots - 1, parts // 2, runs - 2, entries - 1)

    def test_the_newest_run_of_a_configuration_and_one_that_has_not_ended_stay(self, old: None) -> None:
        run("accredible_prune", "--runs-days", 0)

        assert sorted(SyncRun.objects.values_list("status", flat=True)) == ["running", "succeeded"]

    def test_a_setting_that_cannot_be_used_deletes_nothing(self, old: None, plugin_settings: PluginSettings) -> None:
        plugin_settings(SNAPSHOT_DAYS=1, RUN_DAYS=-1)
        before = self.counts()

        with pytest.raises(CommandError, match="RUN_DAYS"):
            run("accredible_prune")
        assert self.counts() == before

    @pytest.mark.parametrize("days", ["-1", "many", "99999"])
    def test_days_are_a_number_of_days(self, days: str) -> None:
        with pytest.raises(CommandError, match="is not a number of days"):
            run("accredible_prune", f"--runs-days={days}")
