"""Sending, retrying and reading, with answers in place of the network."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import CancelledError
from typing import Any

import pytest
import requests
import responses
import urllib3

from credentials_accredible import __version__
from credentials_accredible.client.session import TokenAuth
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import (
    ConfigurationError,
    KeyUnreadable,
    RateLimited,
    RequestFailed,
    Unavailable,
    UnexpectedReply,
)
from credentials_accredible.secrets import Secret
from tests.client.conftest import API, KEY, Clock, open_transport

URL = f"{API}/v1/things"


def ask(transport: Transport, **options: Any) -> Any:
    return transport.request("GET", "/v1/things", **{"idempotent": True, **options})


# --- what is sent -------------------------------------------------------------------------------------------------


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


def test_a_key_that_cannot_be_decrypted_is_refused(settings: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {"ENCRYPTION_KEYS": ["one"]}
    stored = Secret(plain=KEY).encrypted()
    settings.CREDENTIALS_ACCREDIBLE = {"ENCRYPTION_KEYS": ["another"]}
    options = open_transport()._options

    with pytest.raises(KeyUnreadable):
        Transport(API, Secret(token=stored), options)


@pytest.mark.parametrize("url", ["https://*.example.com", "api.example.com", "https://"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not an address"):
        open_transport(url)


# --- trying again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("failure", [500, 502, 503, 429, requests.ConnectionError("cut"), requests.ReadTimeout()])
def test_an_idempotent_request_is_tried_again(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, failure: Any, method: str
) -> None:
    bad = {"status": failure} if isinstance(failure, int) else {"body": failure}
    accredible.add(method, URL, **bad)
    accredible.add(method, URL, **bad)
    accredible.add(method, URL, json={"ok": 1})

    assert transport.request(method, "/v1/things", idempotent=True) == {"ok": 1}
    assert transport.requests_sent == 3


def test_tries_come_to_an_end(accredible: responses.RequestsMock, transport: Transport, clock: Clock) -> None:
    accredible.get(URL, status=503, body="down")

    with pytest.raises(Unavailable, match="down"):
        ask(transport)

    assert transport.requests_sent == 3


def test_the_number_of_tries_can_be_given(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock
) -> None:
    accredible.get(URL, status=503)

    with pytest.raises(Unavailable):
        ask(transport, attempts=1)

    assert transport.requests_sent == 1
    assert clock.pauses == []


@pytest.mark.parametrize("failure", [500, 429, requests.ConnectionError("cut"), requests.ReadTimeout()])
def test_a_request_that_is_not_idempotent_is_sent_once(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, failure: Any
) -> None:
    accredible.post(URL, **({"status": failure} if isinstance(failure, int) else {"body": failure}))

    with pytest.raises((Unavailable, RateLimited)):
        transport.request("POST", "/v1/things", json={}, idempotent=False)

    assert transport.requests_sent == 1
    assert clock.pauses == []


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 422])
def test_a_refusal_is_not_tried_again(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, status: int
) -> None:
    accredible.get(URL, status=status)

    with pytest.raises(RequestFailed):
        ask(transport)

    assert transport.requests_sent == 1


def test_pauses_grow_differ_and_have_a_limit(accredible: responses.RequestsMock, clock: Clock) -> None:
    accredible.get(URL, status=500)
    transport = open_transport(attempts=9, max_wait=20)
    longest = [1, 2, 4, 8, 16, 20, 20, 20]
    runs = []
    for _run in range(20):
        clock.pauses.clear()
        with pytest.raises(Unavailable):
            ask(transport)
        runs.append(list(clock.pauses))

    for pauses in runs:
        assert len(pauses) == len(longest)
        assert all(0 <= pause <= limit for pause, limit in zip(pauses, longest, strict=True))
    assert max(pauses[-1] for pauses in runs) > max(pauses[0] for pauses in runs)
    assert len({pauses[-1] for pauses in runs}) > 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "waited"), [("7", 7), ("3600", 20)])
def test_retry_after_is_honoured_up_to_the_limit(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, status: int, asked: str, waited: float
) -> None:
    accredible.get(URL, status=status, headers={"Retry-After": asked})
    accredible.get(URL, json={})

    ask(transport)

    assert sum(clock.pauses) == pytest.approx(waited)


def test_a_zero_in_retry_after_does_not_take_the_pause_away(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock
) -> None:
    accredible.get(URL, status=503, headers={"Retry-After": "0"})
    accredible.get(URL, json={})

    ask(transport)

    assert 0 < sum(clock.pauses) <= 1


@pytest.mark.parametrize(("headers", "waited"), [({"Retry-After": "7"}, 7), ({}, 1)])
def test_being_asked_to_slow_down_slows_every_request(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, headers: dict[str, str], waited: float
) -> None:
    accredible.get(URL, status=429, headers=headers)
    accredible.get(f"{API}/v1/others", json={})
    with pytest.raises(RateLimited):
        ask(transport, attempts=1)
    assert clock.pauses == []

    other = threading.Thread(target=transport.request, args=["GET", "/v1/others"], kwargs={"idempotent": True})
    other.start()
    other.join()

    assert sum(clock.pauses) == pytest.approx(waited)


def test_a_pause_ends_when_the_request_is_given_up(accredible: responses.RequestsMock) -> None:
    accredible.get(URL, status=503, headers={"Retry-After": "20"})
    transport, stop = open_transport(), threading.Event()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()

    with pytest.raises(CancelledError):
        ask(transport, stop=stop)

    assert time.monotonic() - began < 5
    assert transport.requests_sent == 1


def test_nothing_is_sent_or_tried_again_once_given_up(accredible: responses.RequestsMock, clock: Clock) -> None:
    stop = threading.Event()

    def fail(request: Any) -> tuple[int, dict[str, str], str]:
        stop.set()
        return 503, {}, ""

    accredible.add_callback("GET", URL, fail)
    transport = open_transport()

    with pytest.raises(Unavailable):
        ask(transport, stop=stop)
    with pytest.raises(CancelledError):
        ask(transport, stop=stop)

    assert transport.requests_sent == 1


# --- what is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "an empty reply"),
        (b" \n", "an empty reply"),
        (b"<html><title>Maintenance</title></html>", "an HTML page instead of JSON"),
        (b'{"groups": [{"id": 1}, ', "not JSON"),
        (b'{"groups": NaN}', "not JSON"),
        (b'{"groups": -Infinity}', "not JSON"),
        (b'{"groups": ' + b"1" * 5000 + b"}", "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
        (b'{"name": "\xff"}', "not JSON"),
        (b"[]", "JSON, but no object"),
        (b"null", "JSON, but no object"),
        (b'"text"', "JSON, but no object"),
        (b"5", "JSON, but no object"),
    ],
)
def test_a_reply_that_is_no_json_object_is_unexpected(
    accredible: responses.RequestsMock, transport: Transport, body: bytes, detail: str
) -> None:
    accredible.get(URL, body=body)

    with pytest.raises(UnexpectedReply) as caught:
        ask(transport)

    assert (caught.value.detail, caught.value.status) == (detail, 200)
    assert transport.requests_sent == 1


def test_json_may_come_with_a_byte_order_mark(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, body=b'\xef\xbb\xbf{"ok": "\xf0\x9f\x8f\x85"}')

    assert ask(transport) == {"ok": "🏅"}


def test_other_statuses_of_success_are_success(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, json={"results": []}, status=207)

    assert ask(transport).status == 207


@pytest.mark.parametrize(("size", "fits"), [(5000, True), (5001, False)])
def test_a_reply_may_not_be_larger_than_the_limit(accredible: responses.RequestsMock, size: int, fits: bool) -> None:
    accredible.get(URL, body=b'{"a": "' + b"x" * (size - 9) + b'"}')
    transport = open_transport(max_reply_bytes=5000)

    if fits:
        assert len(ask(transport)["a"]) == size - 9
    else:
        with pytest.raises(UnexpectedReply, match="more than 5000 bytes"):
            ask(transport)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_a_reply_compressed_otherwise_than_asked_for_is_unexpected(
    accredible: responses.RequestsMock, transport: Transport, encoding: str
) -> None:
    accredible.get(URL, body=b"{}", headers={"Content-Encoding": encoding})

    with pytest.raises(UnexpectedReply, match="compressed"):
        ask(transport)


def test_a_refusal_compressed_otherwise_is_a_refusal(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, status=404, body=b"abc", headers={"Content-Encoding": "br"})

    with pytest.raises(RequestFailed) as caught:
        ask(transport)

    assert (caught.value.status, caught.value.detail) == (404, "")


def test_an_error_report_shows_nothing_of_a_reply(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, json={"secret": "of a learner"})

    assert repr(ask(transport)) == "<Payload of 1 keys>"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.InvalidProxyURL("http://user:pass@"), "the request could not be made (InvalidProxyURL)"),
        (urllib3.exceptions.LocationParseError("http://user:pass@"), "the request could not be made"),
        (OSError("no CA bundle at /nowhere"), "the request could not be made (OSError): no CA bundle at /nowhere"),
        (UnicodeError("label too long"), "the request could not be made (UnicodeError)"),
        (requests.exceptions.ChunkedEncodingError(urllib3.exceptions.ProtocolError("x")), "the connection was cut"),
    ],
)
def test_no_exception_of_a_library_leaves(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, error: Exception, words: str
) -> None:
    accredible.get(URL, body=error)

    with pytest.raises(Unavailable) as caught:
        ask(transport)

    assert words in caught.value.detail
    assert "pass" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
