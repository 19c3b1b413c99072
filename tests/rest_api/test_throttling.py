"""The setting ``REST_THROTTLE``."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError
from tests import factories
from tests.conftest import PluginSettings
from tests.rest_api.conftest import ROOT, Caller

pytestmark = pytest.mark.django_db

ADDRESS = f"{ROOT}configs/"


def test_a_user_who_asks_too_often_has_to_wait(
    superuser: APIClient, caller: Caller, plugin_settings: PluginSettings
) -> None:
    plugin_settings(REST_THROTTLE="3/min")

    assert [superuser.get(ADDRESS).status_code for _ in range(4)] == [200, 200, 200, 429]

    refused = superuser.get(f"{ROOT}runs/")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "throttled" in refused.json()["detail"]
    # Others need not.
    assert caller("view_accredibleapiconfig").get(ADDRESS).status_code == 200


def test_the_limit_can_be_lifted(superuser: APIClient, plugin_settings: PluginSettings) -> None:
    plugin_settings(REST_THROTTLE=None)

    assert {superuser.get(ADDRESS).status_code for _ in range(150)} == {200}


def test_the_setting_is_read_late(superuser: APIClient, plugin_settings: PluginSettings) -> None:
    plugin_settings(REST_THROTTLE="1/min")
    assert [superuser.get(ADDRESS).status_code for _ in range(2)] == [200, 429]

    plugin_settings(REST_THROTTLE="2/min")
    assert [superuser.get(ADDRESS).status_code for _ in range(2)] == [200, 429]


def test_a_cache_that_is_down_stops_nobody(
    superuser: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("cache")

    monkeypatch.setattr(cache, "get", down)

    assert superuser.get(ADDRESS).status_code == 200
    assert "rest_throttle_failed error=ConnectionError" in caplog.text


def test_a_setting_that_cannot_be_used_is_named(superuser: APIClient, plugin_settings: PluginSettings) -> None:
    plugin_settings(REST_THROTTLE="often")

    answer = superuser.get(ADDRESS)

    assert answer.status_code == 500
    assert "CREDENTIALS_ACCREDIBLE['REST_THROTTLE']" in answer.json()["detail"]
    assert answer.json()["code"] == "configuration"


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("120/min", (120, 60)),
        ("1/s", (1, 1)),
        ("5/sec", (5, 1)),
        ("9/h", (9, 3600)),
        ("9/day", (9, 86400)),
        (None, None),
    ],
)
def test_a_rate_is_a_number_and_seconds(plugin_settings: PluginSettings, written: Any, rate: Any) -> None:
    plugin_settings(REST_THROTTLE=written)
    assert conf.rate("REST_THROTTLE") == rate


@pytest.mark.parametrize(
    "written", ["", "0/min", "-1/min", "5", "5/fortnight", "5/min/min", 5, ["5/min"], "²/min", "9" * 99]
)
def test_anything_else_is_refused(plugin_settings: PluginSettings, written: Any) -> None:
    plugin_settings(REST_THROTTLE=written)
    with pytest.raises(ConfigurationError, match="REST_THROTTLE"):
        conf.rate("REST_THROTTLE")


def test_who_is_not_let_in_is_not_counted(
    anonymous: APIClient, caller: Caller, plugin_settings: PluginSettings
) -> None:
    plugin_settings(REST_THROTTLE="1/min")
    client = caller(user=factories.make_user())

    assert [anonymous.get(ADDRESS).status_code for _ in range(3)] == [403, 403, 403]
    assert [client.get(ADDRESS).status_code for _ in range(3)] == [403, 403, 403]
