"""Schedules on the pages of API configurations, and what is said where scheduled syncs fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.sync.schedule import failing_schedules
from demo.emulator.server import Emulator
from tests import factories
from tests.admin.forms import text

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
FORM = {"name": "Main", "environment": "emulator", "new_api_key": ""}


@pytest.fixture
def config(account: Any) -> AccredibleAPIConfig:
    """A configuration without a schedule."""
    return factories.make_config("Main")


@pytest.fixture
def failing(config: AccredibleAPIConfig, emulator: Emulator) -> AccredibleAPIConfig:
    """One whose scheduled syncs have failed twice."""
    emulator.fault("status", status=500, path="/v1/issuer/groups/search", times=10_000)
    for _sweep in range(2):
        AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now())
        api.sweep_syncs()
    return config


def save(client: Client, config: AccredibleAPIConfig, **values: Any) -> Any:
    return client.post(f"{LIST}{config.pk}/change/", {**FORM, **values}, follow=True)


def test_an_interval_is_entered_changed_and_taken_away(admin_client: Client, config: AccredibleAPIConfig) -> None:
    save(admin_client, config, sync_interval=90)
    config.refresh_from_db()
    assert config.next_sync_at is not None
    assert timedelta(minutes=89) < config.next_sync_at - timezone.now() <= timedelta(minutes=90)

    first = config.next_sync_at
    save(admin_client, config, sync_interval=90, name="Renamed")
    config.refresh_from_db()
    assert (config.name, config.next_sync_at) == ("Renamed", first)

    save(admin_client, config, sync_interval="")
    config.refresh_from_db()
    assert (config.sync_interval, config.next_sync_at) == (None, None)


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Has something done right before a configuration is written, by another process."""
    receivers: list[Any] = []

    def register(act: Callable[[], object]) -> None:
        receivers.append(lambda **_kwargs: act())
        pre_save.connect(receivers[-1], sender=AccredibleAPIConfig)

    yield register
    for receiver in receivers:
        pre_save.disconnect(receiver, sender=AccredibleAPIConfig)


def test_a_form_that_is_saved_while_a_sweep_claims_brings_no_second_sync(
    admin_client: Client, config: AccredibleAPIConfig, meanwhile: Any
) -> None:
    AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now())
    claimed: list[AccredibleAPIConfig] = []
    meanwhile(lambda: claimed.extend(api.claim_due_syncs()))

    save(admin_client, config, sync_interval=60, name="Renamed")

    config.refresh_from_db()
    assert config.name == "Renamed"
    assert claimed == [config]
    assert list(api.claim_due_syncs()) == []


def test_a_form_leaves_alone_what_it_does_not_change(
    admin_client: Client, config: AccredibleAPIConfig, meanwhile: Any
) -> None:
    others = {"paused_at": timezone.now(), "pause_reason": "refused", "outages": 3, "sync_interval": 90}
    meanwhile(lambda: AccredibleAPIConfig.objects.update(**others))

    save(admin_client, config, name="Renamed")

    config.refresh_from_db()
    assert config.name == "Renamed"
    assert {name: getattr(config, name) for name in others} == others
    assert config.checked_at is not None


@pytest.mark.parametrize("interval", ["0", "4", "-1", "1.5", "often", "99999999999"])
def test_one_that_makes_no_sense_is_refused(admin_client: Client, config: AccredibleAPIConfig, interval: str) -> None:
    page = text(save(admin_client, config, sync_interval=interval))

    assert "errorlist" in page
    config.refresh_from_db()
    assert config.sync_interval is None


def test_who_may_not_sync_schedules_nothing(client: Client, config: AccredibleAPIConfig) -> None:
    client.force_login(factories.make_staff("view_accredibleapiconfig", "change_accredibleapiconfig"))

    save(client, config, sync_interval=90, name="Renamed")

    config.refresh_from_db()
    assert (config.name, config.sync_interval) == ("Renamed", None)


def test_failures_are_told_wherever_staff_look(admin_client: Client, failing: AccredibleAPIConfig) -> None:
    first = failing.runs.earliest("pk")
    last = failing.runs.latest("pk")

    for page in ("/admin/", LIST, f"{LIST}{failing.pk}/change/"):
        assert "the scheduled syncs of “Main” fail." in text(admin_client.get(page)), page
        assert f"syncrun/{last.pk}/change/" in text(admin_client.get(page)), page
    assert "scheduled syncs fail since" in text(admin_client.get(LIST)).split('id="result_list"')[1]
    configs = failing_schedules()
    assert [config.failing_since for config in configs] == [first.started_at]  # type: ignore[attr-defined]


def test_they_are_forgotten_once_a_sync_has_succeeded(
    admin_client: Client, failing: AccredibleAPIConfig, emulator: Emulator
) -> None:
    emulator.clear_faults()
    assert api.sync(failing).succeeded

    assert "scheduled syncs" not in text(admin_client.get("/admin/")) + text(admin_client.get(LIST))


def test_they_are_told_to_nobody_who_may_not_see_configurations(client: Client, failing: AccredibleAPIConfig) -> None:
    client.force_login(factories.make_staff("view_accrediblegroup"))

    assert "scheduled syncs" not in text(client.get("/admin/"))


def test_a_schedule_that_nobody_looks_at_is_told(admin_client: Client, config: AccredibleAPIConfig) -> None:
    AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now() - timedelta(minutes=20))

    page = text(admin_client.get(f"{LIST}{config.pk}/change/"))

    assert "and nobody started it" in page
    assert "accredible_sync --due" in page
    assert ": overdue" in page


def test_another_configuration_has_no_part_in_it(admin_client: Client, failing: AccredibleAPIConfig) -> None:
    other = factories.make_config("Other")

    assert "scheduled syncs of" not in text(admin_client.get(f"{LIST}{other.pk}/change/"))


def test_a_hostile_name_stays_text(admin_client: Client, failing: AccredibleAPIConfig) -> None:
    AccredibleAPIConfig.objects.update(name="<script>alert(1)</script>")

    assert "<script>alert" not in text(admin_client.get("/admin/"))


def test_the_first_page_opens_where_the_state_of_schedules_cannot_be_read(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreadable() -> None:
        raise OperationalError("no such column: failing_since")

    monkeypatch.setattr(api, "schedule_needs", unreadable)

    assert admin_client.get("/admin/").status_code == 200
    assert "schedules_not_read error=OperationalError" in caplog.text
