"""The operator's settings: merged late, checked when read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from edx_django_utils.plugins import get_plugin_apps

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.settings import base, production
from tests.factories import CCX_PASSING, PASSING

LOOPBACK = {"api_url": "http://127.0.0.1:8901/", "dashboard_url": "http://localhost:8901"}


def test_the_plugin_is_found_through_its_entry_point() -> None:
    assert "credentials_accredible.apps.CredentialsAccredibleConfig" in get_plugin_apps("credentials.djangoapp")
    assert "credentials_accredible.apps.CredentialsAccredibleConfig" in django_settings.INSTALLED_APPS


@pytest.mark.parametrize("hook", [base.plugin_settings, production.plugin_settings])
@pytest.mark.parametrize("written", [None, {}, {"PAGE_SIZE": 10}])
def test_the_hooks_leave_what_is_written_however_often_they_run(hook: Any, written: Any) -> None:
    settings = SimpleNamespace() if written is None else SimpleNamespace(CREDENTIALS_ACCREDIBLE=written)

    hook(settings)
    hook(settings)

    assert (written or {}) == settings.CREDENTIALS_ACCREDIBLE


def test_what_is_not_written_has_its_default(settings: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {"PAGE_SIZE": 7}

    assert conf.get("PAGE_SIZE") == 7
    assert conf.get("FETCH_CONCURRENCY") == 4


def test_without_the_dict_everything_has_its_default(settings: Any) -> None:
    del settings.CREDENTIALS_ACCREDIBLE

    assert conf.get("PAGE_SIZE") == 100


def test_misspelled_names_are_found(settings: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {"PAGESIZE": 7, "EVENTS": []}

    assert conf.unknown_names() == ["PAGESIZE"]


@pytest.mark.parametrize("written", ["text", 5, ["EVENTS"]])
def test_anything_but_a_dict_is_named(settings: Any, written: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = written

    with pytest.raises(ConfigurationError, match="CREDENTIALS_ACCREDIBLE must be a dict"):
        conf.get("PAGE_SIZE")


class TestEnvironments:
    def test_the_three_of_accredible_are_there(self, settings: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {}

        assert {key: item.api_url for key, item in conf.environments().items()} == {
            "us": "https://api.accredible.com",
            "eu": "https://eu.api.accredible.com",
            "sandbox": "https://sandbox.api.accredible.com",
        }

    def test_an_operator_adds_or_replaces_some(self, settings: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"ENVIRONMENTS": {"local": LOOPBACK, "eu": {**LOOPBACK, "name": "Mirror"}}}

        assert list(conf.environments()) == ["us", "eu", "sandbox", "local"]
        assert conf.environment("local").api_url == "http://127.0.0.1:8901"
        assert (conf.environment("local").name, conf.environment("eu").name) == ("local", "Mirror")

    @pytest.mark.parametrize(
        ("entry", "reason"),
        [
            ({**LOOPBACK, "api_url": "http://api.example.com"}, "must start with https://"),
            ({**LOOPBACK, "dashboard_url": "ftp://127.0.0.1"}, "must start with https://"),
            ({**LOOPBACK, "api_url": "http://127.0.0.1.example.com"}, "must start with https://"),
            ({**LOOPBACK, "api_url": "https://user:pass@example.com"}, "must be an address"),
            ({**LOOPBACK, "api_url": "https://"}, "must be an address"),
            ({**LOOPBACK, "api_url": "https://example.com/?key=1"}, "must be an address"),
            ({**LOOPBACK, "api_url": "https://example.com:port"}, "is not an address"),
            ({**LOOPBACK, "api_url": None}, "is missing"),
            ({"api_url": "https://example.com"}, r"\['dashboard_url'\] is missing"),
            ("https://example.com", "must be a dict with"),
        ],
    )
    def test_an_entry_that_cannot_be_used_is_named(self, settings: Any, entry: Any, reason: str) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"ENVIRONMENTS": {"mars": entry}}

        with pytest.raises(ConfigurationError, match=rf"\['ENVIRONMENTS'\]\['mars'\].*{reason}"):
            conf.environments()

    @pytest.mark.parametrize("key", ["", "With Space", "x" * 33, 5])
    def test_a_key_that_cannot_be_stored_is_refused(self, settings: Any, key: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"ENVIRONMENTS": {key: LOOPBACK}}

        with pytest.raises(ConfigurationError, match="a key is 1 to 32"):
            conf.environments()

    def test_an_unknown_one_is_an_error_that_lists_the_known(self, settings: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {}

        with pytest.raises(ConfigurationError, match=r"“mars”.*us, eu, sandbox"):
            conf.environment("mars")


class TestNumbers:
    @pytest.mark.parametrize("written", ["5", None, True, -1, 2, float("nan"), float("inf")])
    def test_a_number_out_of_bounds_is_named(self, settings: Any, written: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"MAX_REMOVAL_RATIO": written}

        with pytest.raises(ConfigurationError, match=r"\['MAX_REMOVAL_RATIO'\] must be a number from 0 to 1"):
            conf.number("MAX_REMOVAL_RATIO", least=0, most=1)

    def test_a_fraction_is_no_whole_number(self, settings: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"PAGE_SIZE": 1.5}

        with pytest.raises(ConfigurationError, match="must be a whole number"):
            conf.integer("PAGE_SIZE", least=1)

    @pytest.mark.parametrize("written", [5, "5,30", [5], [5, 30, 60], [0, 30], [5, "x"]])
    def test_a_pair_of_another_form_is_named(self, settings: Any, written: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"REQUEST_TIMEOUT": written}

        with pytest.raises(ConfigurationError, match=r"\['REQUEST_TIMEOUT'\] must be"):
            conf.pair("REQUEST_TIMEOUT")


class TestEventTypes:
    def test_the_default_is_the_passing_status_of_both_kinds_of_courses(self, settings: Any) -> None:
        assert conf.event_types() == [PASSING, CCX_PASSING]

    def test_those_of_the_hosts_badges_come_before_the_default(self, settings: Any) -> None:
        settings.BADGES_CONFIG = {"events": ["a", "b", "a"]}

        assert conf.event_types() == ["a", "b"]

    def test_the_setting_comes_before_the_hosts(self, settings: Any) -> None:
        settings.BADGES_CONFIG = {"events": ["a"]}
        settings.CREDENTIALS_ACCREDIBLE = {"EVENTS": ["c"]}

        assert conf.event_types() == ["c"]

    @pytest.mark.parametrize("written", ["a", [1], 5])
    def test_anything_but_a_list_of_names_is_an_error(self, settings: Any, written: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"EVENTS": written}

        with pytest.raises(ConfigurationError, match=r"\['EVENTS'\] must be a list"):
            conf.event_types()
