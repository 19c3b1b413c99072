"""What a request says, and to whom."""

from __future__ import annotations

import json

import pytest
import requests
import responses

from credentials_accredible import __version__
from credentials_accredible.client.session import TokenAuth
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable
from credentials_accredible.secrets import Secret
from tests.client.asking import URL, ask
from tests.client.conftest import API, KEY, open_transport
from tests.conftest import PluginSettings


def test_a_request_says_who_asks(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, json={"ok": 1})

    assert ask(transport) == {"ok": 1}

    headers = accredible.calls[0].request.headers
    assert headers["Authorization"] == f"Token token={KEY}"
    assert headers["User-Agent"] == f"credentials-accredible/{__version__}"
    assert headers["Accredible-Integration"] == "credentials-accredible"
    assert headers["Accept"] == "application/json"


def test_a_body_is_sent_as_json(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.post(URL, json={})

    transport.request("POST", "/v1/things", json={"page": 1, "name": "é"}, idempotent=True)

    assert json.loads(accredible.calls[0].request.body or "") == {"page": 1, "name": "é"}
    assert accredible.calls[0].request.headers["Content-Type"] == "application/json"


def test_an_address_can_have_a_path(accredible: responses.RequestsMock) -> None:
    accredible.get(f"{API}/eu/v1/things", json={"ok": 1})

    assert ask(open_transport(f"{API}/eu/")) == {"ok": 1}


def test_the_key_goes_to_its_own_address_alone() -> None:
    auth = TokenAuth("https://api.accredible.test/eu", Secret(plain=KEY))

    def sent_to(url: str) -> bool:
        return "Authorization" in requests.Request("GET", url, auth=auth).prepare().headers

    assert sent_to("https://api.accredible.test/v1/x")
    assert sent_to("https://API.accredible.test:443/v1/x")
    assert not sent_to("http://api.accredible.test/v1/x")
    assert not sent_to("https://api.accredible.test:8443/v1/x")
    assert not sent_to("https://api.accredible.test.evil.example/v1/x")
    assert not sent_to("https://api.accredible.test@evil.example/v1/x")


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX-Evil: 1", "a\n", "schlüssel", "ключ", "a\x00", "\ud83d"])
def test_a_key_that_cannot_be_one_is_refused_before_anything_is_sent(
    accredible: responses.RequestsMock, key: str
) -> None:
    with pytest.raises(ConfigurationError, match="API key is empty, or holds spaces") as caught:
        open_transport(key=key)

    assert not accredible.calls
    assert not key or key not in str(caught.value)


def test_a_key_that_cannot_be_decrypted_is_refused(plugin_settings: PluginSettings) -> None:
    plugin_settings(ENCRYPTION_KEYS=["one"])
    stored = Secret(plain=KEY).encrypted()
    plugin_settings(ENCRYPTION_KEYS=["another"])
    options = open_transport()._options

    with pytest.raises(KeyUnreadable):
        Transport(API, Secret(token=stored), options)


@pytest.mark.parametrize("url", ["https://*.example.com", "api.example.com", "https://"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not an address"):
        open_transport(url)
