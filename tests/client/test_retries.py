"""Which requests are tried again, and when."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from typing import Any

import pytest
import requests
import responses

from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import RateLimited, RequestFailed, Unavailable
from tests.client.asking import URL, ask
from tests.client.conftest import API, Clock, open_transport


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
