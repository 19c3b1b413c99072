"""Settings that make a client, and settings that cannot."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible.client import AccredibleClient, ClientOptions
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.secrets import Secret
from tests.client.conftest import API
from tests.conftest import PluginSettings


def test_the_settings_become_options(plugin_settings: PluginSettings) -> None:
    plugin_settings(
        REQUEST_TIMEOUT=[3, 7.5],
        REQUEST_ATTEMPTS=2,
        RETRY_MAX_WAIT=0.5,
        MAX_REPLY_BYTES=4096,
        PAGE_SIZE=25,
        FETCH_CONCURRENCY=1,
        RATE_LIMIT=[10, 2.5],
        RATE_LIMIT_SHARES=3,
        REDIS_URL="redis://:hunter2@127.0.0.1:6379/2",
    )

    assert ClientOptions.from_settings() == ClientOptions(
        connect_timeout=3,
        read_timeout=7.5,
        attempts=2,
        max_wait=0.5,
        max_reply_bytes=4096,
        page_size=25,
        concurrency=1,
        rate_limit=(10, 2.5),
        rate_limit_shares=3,
        redis_url="redis://:hunter2@127.0.0.1:6379/2",
    )
    assert "hunter2" not in repr(ClientOptions.from_settings())


def test_the_defaults_keep_to_the_documented_rate(settings: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {}

    options = ClientOptions.from_settings()

    assert options.rate_limit == (200, 30)
    assert options.attempts > 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUEST_TIMEOUT", 5),
        ("REQUEST_TIMEOUT", [5]),
        ("REQUEST_TIMEOUT", [5, 0]),
        ("REQUEST_TIMEOUT", [5, float("inf")]),
        ("REQUEST_TIMEOUT", [5, 10**6]),
        ("REQUEST_TIMEOUT", [float("nan"), 5]),
        ("REQUEST_ATTEMPTS", 0),
        ("REQUEST_ATTEMPTS", 1.5),
        ("REQUEST_ATTEMPTS", "3"),
        ("RETRY_MAX_WAIT", -1),
        ("RETRY_MAX_WAIT", float("inf")),
        ("MAX_REPLY_BYTES", 10),
        ("PAGE_SIZE", 0),
        ("PAGE_SIZE", True),
        ("FETCH_CONCURRENCY", 0),
        ("FETCH_CONCURRENCY", 10_000),
        ("RATE_LIMIT", [0.5, 30]),
        ("RATE_LIMIT", [1.5, 30]),
        ("RATE_LIMIT", [200, float("inf")]),
        ("RATE_LIMIT", [200, 10**6]),
        ("RATE_LIMIT", [float("inf"), 30]),
        ("RATE_LIMIT", None),
        ("RATE_LIMIT_SHARES", 0),
        ("RATE_LIMIT_SHARES", 201),
        ("REDIS_URL", 5),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "amqp://127.0.0.1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(plugin_settings: PluginSettings, name: str, value: Any) -> None:
    plugin_settings(**{name: value})

    with pytest.raises(ConfigurationError, match=name):
        AccredibleClient(API, Secret(plain="key"))


def test_an_address_of_redis_that_cannot_be_used_is_not_repeated(plugin_settings: PluginSettings) -> None:
    plugin_settings(REDIS_URL="http://:hunter2@127.0.0.1")

    with pytest.raises(ConfigurationError, match="REDIS_URL") as raised:
        ClientOptions.from_settings()

    assert "hunter2" not in str(raised.value)
    assert raised.value.__context__ is None
