"""Scheduled syncs: started once when they are due, guarded, and not silent where they fail."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from credentials_accredible import api, tasks
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.sync import messages

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 60


def scheduled(name: str = "", *, due: bool = True, interval: int | None = HOUR, **values: Any) -> AccredibleAPIConfig:
    """A configuration with a schedule."""
    config = factories.make_config(name, **values)
    config.sync_interval = interval
    config.next_sync_at = timezone.now() + timedelta(seconds=-1 if due else 60)
    config.save()
    return config


@pytest.fixture(autouse=True)
def _admins(settings: Any) -> None:
    settings.ADMINS = [("Operator", "operator@example.com")]


@pytest.fixture
def failing(emulator: Emulator, account: Any) -> AccredibleAPIConfig:
    """A scheduled configuration whose account cannot be read."""
    emulator.fault("status", status=500, path="/v1/issuer/groups/search", times=10_000)
    return scheduled("Main")


def sweep_again(config: AccredibleAPIConfig) -> list[api.Outcome]:
    """An interval later."""
    AccredibleAPIConfig.objects.filter(pk=config.pk).update(next_sync_at=timezone.now())
    return api.sweep_syncs()


class TestWhatIsDue:
    def test_it_is_started_and_the_next_time_is_an_interval_later(self, account: Any) -> None:
        account.add_group(name="g", course_name="Group")
        config = scheduled()

        tasks.sweep_syncs()

        run = SyncRun.objects.get()
        assert (run.status, run.trigger, run.created_count) == (RunStatus.SUCCEEDED, RunTrigger.SCHEDULE, 1)
        config.refresh_from_db()
        assert config.next_sync_at is not None
        assert timedelta(minutes=59) < config.next_sync_at - timezone.now() <= timedelta(minutes=60)

    def test_what_is_not_due_or_has_no_schedule_is_left_alone(self, account: Any) -> None:
        scheduled(due=False)
        scheduled(interval=None)
        factories.make_config()

        assert api.sweep_syncs() == []

    def test_with_a_worker_it_is_queued(self, account: Any, plugin_settings: PluginSettings) -> None:
        messages.use_broker(plugin_settings)
        config = scheduled()

        (outcome,) = api.sweep_syncs()

        assert outcome.is_queued
        assert messages.work() == 1
        assert config.runs.get().status == RunStatus.SUCCEEDED

    def test_two_sweeps_at_once_start_it_once(self, account: Any) -> None:
        scheduled("First")
        scheduled("Second")
        one, other = api.claim_due_syncs(), api.claim_due_syncs()

        claimed = [next(one), next(other), *one, *other]

        assert sorted(config.name for config in claimed) == ["First", "Second"]

    def test_what_a_sweep_did_not_come_to_stays_due(self, account: Any) -> None:
        scheduled("First")
        scheduled("Second")
        next(api.claim_due_syncs())

        assert [config.name for config in api.claim_due_syncs()] == ["Second"]

    def test_one_that_is_running_stays_due_until_it_has_ended(self, account: Any) -> None:
        config = scheduled()
        running = runs.begin(config, trigger=RunTrigger.ADMIN)
        assert api.sweep_syncs() == []

        runs.finish(running, RunStatus.SUCCEEDED)

        assert len(api.sweep_syncs()) == 1

    def test_one_whose_process_died_is_closed_and_started_again(self, account: Any) -> None:
        config = scheduled()
        dead = runs.begin(config, trigger=RunTrigger.SCHEDULE)
        SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=301))

        assert [outcome.succeeded for outcome in api.sweep_syncs()] == [True]
        dead.refresh_from_db()
        assert dead.status == RunStatus.FAILED

    def test_removals_stay_guarded(self, account: Any) -> None:
        known = [account.add_group(name=f"g-{n}", course_name=f"Group {n}")["id"] for n in range(5)]
        config = scheduled()
        api.sweep_syncs()
        for accredible_id in known[1:]:
            account.remove_group(accredible_id)

        (outcome,) = sweep_again(config)

        assert outcome.status == RunStatus.REFUSED
        assert config.groups.count() == 5
        assert outcome.run is not None
        assert outcome.run.needs_confirmation


class TestTheCommand:
    def test_it_syncs_what_is_due_and_nothing_else(self, account: Any, capsys: Any) -> None:
        scheduled("Due")
        scheduled("Not due", due=False)

        call_command("accredible_sync", due=True, no_progress=True)
        call_command("accredible_sync", due=True, no_progress=True)

        assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["Due"]
        assert SyncRun.objects.get().trigger == RunTrigger.SCHEDULE

    def test_one_that_fails_is_told_by_its_exit_status(self, failing: AccredibleAPIConfig) -> None:
        with pytest.raises(CommandError, match="1 of 1 configuration not synced"):
            call_command("accredible_sync", due=True, no_progress=True)

    @pytest.mark.parametrize("option", ["force", "dry_run"])
    def test_it_is_never_forced(self, account: Any, option: str) -> None:
        scheduled()
        with pytest.raises(CommandError, match="stays guarded"):
            call_command("accredible_sync", due=True, **{option: True})

        assert not SyncRun.objects.exists()

    def test_it_is_not_for_chosen_ones(self, account: Any) -> None:
        with pytest.raises(CommandError, match="not allowed with"):
            call_command("accredible_sync", "--due", "--config", "1")


class TestMail:
    def test_a_failed_one_is_mailed_once_until_one_has_succeeded(
        self, emulator: Emulator, failing: AccredibleAPIConfig
    ) -> None:
        for _sweep in range(3):
            sweep_again(failing)
        assert len(mail.outbox) == 1

        emulator.clear_faults()
        sweep_again(failing)
        emulator.fault("status", status=500, path="/v1/issuer/groups/search", times=10_000)
        sweep_again(failing)
        sweep_again(failing)

        assert len(mail.outbox) == 2
        message = mail.outbox[0]
        assert message.to == ["operator@example.com"]
        assert "the scheduled sync of “Main” was not carried out" in message.subject
        assert "Accredible is not available" in message.body
        assert failing.api_key.reveal() not in message.body

    def test_one_by_a_worker_is_mailed_too(self, failing: AccredibleAPIConfig, plugin_settings: PluginSettings) -> None:
        messages.use_broker(plugin_settings)
        api.sweep_syncs()
        assert mail.outbox == []

        messages.work()

        assert len(mail.outbox) == 1

    def test_one_that_no_worker_takes_is_mailed(self, account: Any, plugin_settings: PluginSettings) -> None:
        messages.use_broker(plugin_settings)
        scheduled()
        api.sweep_syncs()
        SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=301))

        api.close_dead_runs()

        assert "No worker took this sync" in mail.outbox[0].body

    def test_a_refused_one_is_mailed(self, emulator: Emulator, account: Any) -> None:
        account.add_group(name="g", course_name="Group")
        config = scheduled()
        api.sweep_syncs()
        account.remove_group(config.groups.get().accredible_id)

        sweep_again(config)

        assert "no longer lists any" in mail.outbox[0].body

    def test_text_of_others_makes_no_second_header_line(self, emulator: Emulator, account: Any) -> None:
        emulator.fault("status", status=500, path="/v1/issuer/groups/search", times=10_000)
        scheduled("Main\r\nBcc: everybody@example.com\x1b\u202e")

        api.sweep_syncs()

        (message,) = mail.outbox
        assert "\n" not in message.subject
        assert message.message()["Bcc"] is None
        assert "\x1b" not in message.subject
        assert "\u202e" not in message.body

    @pytest.mark.parametrize("trigger", [RunTrigger.ADMIN, RunTrigger.COMMAND, RunTrigger.API])
    def test_who_started_it_was_told_already(self, failing: AccredibleAPIConfig, trigger: RunTrigger) -> None:
        api.sync(failing, trigger=trigger)

        assert mail.outbox == []

    def test_one_that_only_met_another_sync_is_not_mailed(self, account: Any) -> None:
        config = scheduled()
        runs.begin(config, trigger=RunTrigger.ADMIN)

        assert api.start_sync(config, trigger=RunTrigger.SCHEDULE).status == RunStatus.REFUSED
        assert mail.outbox == []

    def test_the_setting_turns_it_off(self, failing: AccredibleAPIConfig, plugin_settings: PluginSettings) -> None:
        plugin_settings(MAIL_FAILED_SYNCS=False)

        api.sweep_syncs()

        assert mail.outbox == []

    def test_a_mail_that_cannot_be_sent_fails_nothing(
        self, failing: AccredibleAPIConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse(*args: object, **kwargs: object) -> None:
            raise smtplib.SMTPServerDisconnected

        monkeypatch.setattr("credentials_accredible.sync.schedule.mail_admins", refuse)

        (outcome,) = api.sweep_syncs()

        assert "not available" in outcome.error
        assert SyncRun.objects.get().status == RunStatus.FAILED
        assert "failed_sync_not_mailed run=" in caplog.text
