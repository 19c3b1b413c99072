"""What the system checks say of the way from and to the event bus."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import modify_settings

AWARDED = "org.openedx.learning.badge.awarded.v1"
REVOKED = "org.openedx.learning.badge.revoked.v1"
ENABLED = {"topic": {"event_key_field": "badge.uuid", "enabled": True}}
DISABLED = {"topic": {"event_key_field": "badge.uuid", "enabled": False}}
PRODUCES = {AWARDED: ENABLED, REVOKED: ENABLED}


def found(name: str) -> list[str]:
    """What the check of that number says."""
    return [str(message.msg) for message in run_checks() if message.id == f"credentials_accredible.{name}"]


@pytest.fixture
def bus(settings: Any) -> Any:
    """A host that knows the event bus, and has what it takes; tests take parts of it away."""
    # Any package that is there will do.
    settings.EVENT_BUS_CONSUMER = "redis.Consumer"
    settings.EVENT_BUS_PRODUCER = "redis.create_producer"
    settings.BADGES_ENABLED = False
    with modify_settings(INSTALLED_APPS={"append": "openedx_events"}):
        yield settings


def test_a_host_that_knows_no_event_bus_is_not_warned(settings: Any) -> None:
    settings.BADGES_ENABLED = True
    settings.EVENT_BUS_CONSUMER = None
    assert found("W008") == found("W009") == []


def test_what_it_takes_is_enough(bus: Any) -> None:
    bus.EVENT_BUS_PRODUCER_CONFIG = PRODUCES
    assert found("W008") == found("W009") == []


@pytest.mark.parametrize(
    ("consumer", "says"),
    [
        (None, "EVENT_BUS_CONSUMER is not set"),
        ("", "EVENT_BUS_CONSUMER is not set"),
        (5, "EVENT_BUS_CONSUMER is not set"),
        ("nowhere_at_all.Consumer", "“nowhere_at_all”, which is not installed"),
    ],
)
def test_a_consumer_that_cannot_be_is_named(bus: Any, consumer: Any, says: str) -> None:
    bus.EVENT_BUS_CONSUMER = consumer
    [message] = found("W008")
    assert says in message
    assert "no event of a learner comes in" in message


@pytest.mark.parametrize(
    ("address", "debug", "warns"),
    [
        (None, False, True),
        ("redis://:password@edx.devstack.redis:6379/", False, True),
        ("redis://:password@edx.devstack.redis:6379/", True, False),
        ("redis://:secret@redis.example.com:6379/", False, False),
    ],
)
def test_a_redis_that_only_development_has_is_none(
    bus: Any, monkeypatch: pytest.MonkeyPatch, address: str | None, debug: bool, warns: bool
) -> None:
    monkeypatch.setattr("credentials_accredible.host.event_bus._REDIS_PACKAGE", "redis")
    bus.EVENT_BUS_REDIS_CONNECTION_URL = address
    bus.DEBUG = debug
    messages = found("W008")
    assert bool(messages) == warns
    assert "password" not in str(messages)


def test_signals_that_nobody_wants_are_not_missed(bus: Any) -> None:
    bus.EVENT_BUS_PRODUCER_CONFIG = {AWARDED: DISABLED, REVOKED: DISABLED}
    bus.EVENT_BUS_PRODUCER = None
    assert found("W009") == []


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        (None, [AWARDED, REVOKED]),
        ({AWARDED: DISABLED, REVOKED: DISABLED}, [AWARDED, REVOKED]),
        ({AWARDED: ENABLED}, [REVOKED]),
        ({AWARDED: "topic", REVOKED: ENABLED}, [AWARDED]),
    ],
)
def test_signals_that_only_seem_to_go_out_are_named(bus: Any, written: Any, missing: list[str]) -> None:
    bus.BADGES_ENABLED = True
    bus.EVENT_BUS_PRODUCER_CONFIG = written
    [message] = found("W009")
    assert [event_type for event_type in (AWARDED, REVOKED) if event_type in message] == missing


def test_signals_without_a_producer_go_nowhere(bus: Any) -> None:
    bus.EVENT_BUS_PRODUCER_CONFIG = PRODUCES
    bus.EVENT_BUS_PRODUCER = None
    assert ["EVENT_BUS_PRODUCER is not set" in message for message in found("W009")] == [True]
