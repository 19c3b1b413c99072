"""Hosts whose clocks differ by hours share the work all the same: leases and delays go by the database's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient
from credentials_accredible.delivery import claims
from credentials_accredible.models import AccredibleBadge, SyncRun
from demo.emulator.server import Emulator
from tests.badges.sending import course_status
from tests.delivery.outbox import assert_each_once, hurried, make_badges, make_remote_group
from tests.factories import make_config, make_requirement

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]

HOURS = pytest.mark.parametrize("hours", [-5, 5], ids=["slow", "fast"])


def of_another_host(hours: float) -> Any:
    """The clock of a host that is wrong by so many hours."""
    return time_machine.travel(timezone.now() + timedelta(hours=hours), tick=True)


@HOURS
def test_living_claims_are_left_alone(account: Any, hours: float) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)
    claimed = claims.claim(group.api_config_id, 3)

    with of_another_host(hours):
        assert claims.claim(group.api_config_id, 3).badges == []
    with of_another_host(-hours):
        claimed.keep(claimed.badges)
    assert claims.claim(group.api_config_id, 3).badges == []


@HOURS
def test_senders_at_once_make_one_credential_of_each_badge(
    account: Any, hours: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    make_badges(group, 30)
    create = AccredibleClient.create_credentials

    def meanwhile(self: Any, *args: Any, **options: Any) -> Any:
        monkeypatch.setattr(AccredibleClient, "create_credentials", create)
        with of_another_host(hours):
            api.deliver(group.api_config)
        return create(self, *args, **options)

    monkeypatch.setattr(AccredibleClient, "create_credentials", meanwhile)

    api.deliver(group.api_config)

    assert_each_once(account, 30)


@HOURS
def test_what_a_host_decides_is_due_at_once_and_what_it_puts_off_is_not(
    emulator: Emulator, account: Any, hours: float, plugin_settings: Any
) -> None:
    group = make_remote_group(account)
    make_requirement(group)
    api.activate_group(group)
    with of_another_host(hours):
        course_status("learner")
    plugin_settings(DELIVERY_DELAYS=(600, 3600))
    emulator.fault("status", status=500, path="/v1/credentials")
    with of_another_host(hours):
        api.deliver(group.api_config)
    badge, config = AccredibleBadge.objects.get(), type(group.api_config).objects.get()

    for time in (badge.next_attempt_at, config.held_until):
        assert timedelta(minutes=4) < time - timezone.now() < timedelta(minutes=11)
    with of_another_host(hours):
        api.deliver(group.api_config)
    assert AccredibleBadge.objects.get().attempts == 1


@HOURS
def test_a_sync_that_runs_is_not_taken_for_dead(account: Any, hours: float) -> None:
    from credentials_accredible.sync import runs

    config = make_config()
    with of_another_host(hours):
        run = runs.begin(config, trigger="command")
    SyncRun.objects.filter(pk=run.pk).update(owner="another host/1/1.0")

    api.close_dead_runs()
    with of_another_host(hours):
        api.close_dead_runs()

    run.refresh_from_db()
    assert run.status == "running"
