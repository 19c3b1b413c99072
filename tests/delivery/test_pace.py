"""No faster than Accredible allows, and nobody goes on while it asks to slow down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.delivery import pauses
from credentials_accredible.exceptions import RateLimited, Unavailable
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.outbox import drain, make_badges, make_everything_due, make_remote_group, states
from tests.factories import make_config, make_group

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _patience(emulator: Emulator, plugin_settings: PluginSettings) -> None:
    plugin_settings(REQUEST_TIMEOUT=(5, 5))


def test_what_the_limit_keeps_back_has_not_failed_and_was_not_sent(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(RATE_LIMIT=(1, 60), DELIVERY_LEASE=12)
    group = make_remote_group(account)
    make_badges(group, 60)

    done = api.deliver(group.api_config)

    assert (done.requests, done.delivered) == (1, 30)
    assert states() == {"accepted": 30, "created": 30}
    waiting = AccredibleBadge.objects.filter(state="created")
    assert set(waiting.values_list("attempts", "failures", "claim")) == {(0, 0, "")}
    assert all(50 < (at - timezone.now()).total_seconds() <= 61
               for at in waiting.values_list("next_attempt_at", flat=True))  # fmt: skip
    group.api_config.refresh_from_db()
    assert group.api_config.held_until is None


def test_a_badge_that_is_kept_back_is_delivered_later(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(RATE_LIMIT=(1, 0.3))
    emulator.rate_limit(1, 0.3)
    group = make_remote_group(account)
    make_badges(group, 90)

    drain(group.api_config)

    assert states() == {"accepted": 90}
    assert [request.status for request in emulator.requests if request.status != 200] == []


@pytest.mark.parametrize(("retry_after", "least", "most"), [(120, 110, 120), (None, 5, 15), (7200, 290, 300)])
def test_who_is_asked_to_slow_down_holds_all_configurations_of_the_address(
    emulator: Emulator,
    account: Any,
    settings: Any,
    plugin_settings: PluginSettings,
    retry_after: int | None,
    least: float,
    most: float,
) -> None:
    elsewhere = {"name": "Elsewhere", "api_url": "http://127.0.0.1:1", "dashboard_url": "http://127.0.0.1:1"}
    plugin_settings(ENVIRONMENTS={**settings.CREDENTIALS_ACCREDIBLE["ENVIRONMENTS"], "elsewhere": elsewhere})
    group = make_remote_group(account)
    make_badges(group, 1)
    same_address = make_group(make_config(environment="eu"))
    make_badges(same_address, 1)
    other_address = make_config(environment="elsewhere")
    emulator.fault("status", status=429, retry_after=retry_after, times=None)

    for _ in range(3):
        api.deliver(group.api_config)
        api.deliver(same_address.api_config)

    assert len(emulator.requests) == 1
    for config in (group.api_config, same_address.api_config):
        config.refresh_from_db()
        assert config.held_until
        assert least <= (config.held_until - timezone.now()).total_seconds() <= most
    other_address.refresh_from_db()
    assert other_address.held_until is None


def test_senders_that_meet_one_outage_count_it_once() -> None:
    config = make_config()
    for _ in range(4):
        pauses.hold(config, Unavailable("POST /v1/credentials", status=503))

    config.refresh_from_db()
    assert config.outages == 1


def test_an_answer_to_an_earlier_request_does_not_end_a_hold() -> None:
    config = make_config()
    pauses.hold(config, RateLimited("POST /v1/credentials", retry_after=60))

    pauses.end_hold(config)
    assert pauses.allowance(config) == 0

    AccredibleAPIConfig.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    pauses.end_hold(config)
    config.refresh_from_db()
    assert (config.outages, config.held_until) == (0, None)


def test_a_short_hold_does_not_end_a_long_one() -> None:
    config = make_config()
    pauses.hold(config, RateLimited("POST /v1/credentials", retry_after=200))
    pauses.hold(config, RateLimited("POST /v1/credentials", retry_after=1))

    config.refresh_from_db()
    assert config.held_until
    assert (config.held_until - timezone.now()).total_seconds() > 190


def test_after_an_outage_one_badge_finds_out_whether_it_is_over(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 61)
    outage = emulator.fault("status", status=503, times=None)
    api.deliver(group.api_config)
    for _ in range(4):
        AccredibleAPIConfig.objects.update(held_until=timezone.now())
        api.deliver(group.api_config)
    assert outage.hits == 5
    tried = AccredibleBadge.objects.filter(attempts__gt=0)
    assert tried.count() == 34

    emulator.clear_faults()
    make_everything_due()
    drain(group.api_config)

    assert states() == {"accepted": 61}


def test_after_an_outage_nothing_waits_for_hours(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(DELIVERY_DELAYS=(3600, 14400))
    group = make_remote_group(account)
    make_badges(group, 40)
    emulator.fault("status", status=503, times=3)
    for _ in range(3):
        AccredibleAPIConfig.objects.update(held_until=timezone.now())
        api.deliver(group.api_config)
    assert AccredibleBadge.objects.filter(failures__gt=0, next_attempt_at__gt=timezone.now()).count() == 32
    AccredibleAPIConfig.objects.update(held_until=timezone.now())

    api.deliver(group.api_config)

    assert states() == {"accepted": 40}


def test_an_error_that_comes_once_is_no_outage(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(DELIVERY_DELAYS=(3600, 14400))
    group = make_remote_group(account)
    make_badges(group, 40)
    emulator.fault("status", status=500)
    api.deliver(group.api_config)
    AccredibleAPIConfig.objects.update(held_until=timezone.now())

    api.deliver(group.api_config)

    assert states() == {"accepted": 10, "no_response": 30}
