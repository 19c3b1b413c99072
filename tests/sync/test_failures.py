"""Syncs that cannot be finished: what is told, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncRun
from demo.emulator.server import Emulator
from tests import factories
from tests.sync.groups import add_groups

pytestmark = pytest.mark.django_db


def test_a_configuration_deleted_meanwhile_is_told(account: Any) -> None:
    config = factories.make_config("Gone")
    AccredibleAPIConfig.objects.all().delete()

    outcome = api.sync(config)

    assert (outcome.status, outcome.error) == (RunStatus.FAILED, "“Gone” was deleted meanwhile.")


def test_a_key_entered_meanwhile_is_used(account: Any) -> None:
    config = factories.make_config(key="old-key-00001")
    other = AccredibleAPIConfig.objects.get()
    other.api_key = "main-key-0001"
    other.save()

    assert api.sync(config).succeeded


def test_a_database_that_is_busy_is_told(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add_groups(account, 1)
    config = factories.make_config()

    def busy(*args: object, **kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("credentials_accredible.sync.runs.begin", busy)
    begun = api.sync(config)
    monkeypatch.undo()
    monkeypatch.setattr("credentials_accredible.sync.engine.apply", busy)
    applied = api.sync(config)

    for outcome in (begun, applied):
        assert outcome.status == RunStatus.FAILED
        assert "The database did not take the changes. The database refused it" in outcome.error


def test_a_configuration_without_a_key_fails_with_what_to_do(emulator: Emulator) -> None:
    outcome = api.sync(factories.make_config("Keyless", key=""))

    assert outcome.status == RunStatus.FAILED
    assert "“Keyless” has no API key" in outcome.error


def test_an_environment_missing_in_the_settings_fails_with_what_to_do(emulator: Emulator) -> None:
    outcome = api.sync(factories.make_config(environment="mars"))

    assert outcome.status == RunStatus.FAILED
    assert "“mars”" in outcome.error
    assert "CREDENTIALS_ACCREDIBLE['ENVIRONMENTS']" in outcome.error


def test_one_that_fails_does_not_stop_the_others(account: Any) -> None:
    add_groups(account, 1)
    configs = [factories.make_config(key="no-such-key-1"), factories.make_config()]

    outcomes = [api.sync(config) for config in configs]

    assert [outcome.status for outcome in outcomes] == [RunStatus.FAILED, RunStatus.SUCCEEDED]
    assert "refused the API key" in outcomes[0].error


def test_a_bug_is_recorded_logged_and_changes_nothing(
    account: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add_groups(account, 2)
    config = factories.make_config()

    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(AccredibleGroup.objects, "bulk_create", broken)
    monkeypatch.setattr("credentials_accredible.sync.apply.AccredibleGroup.objects.bulk_create", broken)
    outcome = api.sync(config)

    assert outcome.status == RunStatus.FAILED
    assert "Something went wrong that nobody has foreseen" in outcome.error
    assert "ZeroDivisionError" not in outcome.error
    assert "sync_failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert not config.groups.exists()
    assert SyncRun.objects.get().lock is None


def test_a_key_changed_while_groups_are_read_stops_the_sync(account: Any) -> None:
    add_groups(account, 1)
    config = factories.make_config()

    def change_key(stage: str, done: int, total: int | None, kept_back: float) -> None:
        other = AccredibleAPIConfig.objects.get(pk=config.pk)
        other.api_key = "another-key-1"
        other.save()

    outcome = api.sync(config, progress=change_key)

    assert outcome.status == RunStatus.REFUSED
    assert "was changed or deleted" in outcome.error
    assert not config.groups.exists()
