"""Below the rate limit, whatever number of clients and threads there is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
import responses

from credentials_accredible.client import pacing
from tests.client.conftest import Clock, open_transport


def test_a_limiter_lets_so_many_pass_in_so_much_time() -> None:
    limiter = pacing.RateLimiter(3, 0.5)

    assert [limiter.seconds_to_wait() for _request in range(3)] == [0, 0, 0]
    wait = limiter.seconds_to_wait()
    assert 0.01 <= wait <= 0.6

    time.sleep(wait + 0.05)
    assert limiter.seconds_to_wait() == 0


def test_a_limiter_holds_for_many_threads() -> None:
    limiter = pacing.RateLimiter(10, 30)
    with ThreadPoolExecutor(20) as executor:
        waits = list(executor.map(lambda _request: limiter.seconds_to_wait(), range(60)))

    assert waits.count(0) == 10


def test_transports_of_one_address_share_the_limit(
    accredible: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class HadToWait(Exception):
        pass

    def pause(seconds: float, stop: threading.Event) -> None:
        raise HadToWait

    def ask(address: str) -> None:
        accredible.get(f"{address}/v1/things", json={})
        open_transport(address, rate_limit=(2, 600)).request("GET", "/v1/things", idempotent=True)

    monkeypatch.setattr(pacing, "pause", pause)
    url, other = "https://shared.accredible.test", "https://other.accredible.test"

    ask(url)
    ask(f"{url}/eu")
    ask(other)
    with pytest.raises(HadToWait):
        ask(url)
    ask(other)


def test_a_forked_process_has_a_limiter_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = pacing.limiter_of("https://fork.accredible.test", 5, 1)
    again = pacing.limiter_of("https://fork.accredible.test", 5, 1)
    monkeypatch.setattr(pacing.os, "getpid", lambda: -1)

    assert again is ours
    assert pacing.limiter_of("https://fork.accredible.test", 5, 1) is not ours


def test_a_limiter_forgets_what_is_over() -> None:
    limiter = pacing.RateLimiter(1000, 0.05)
    for _request in range(200):
        limiter.seconds_to_wait()
    time.sleep(0.1)

    limiter.seconds_to_wait()

    assert limiter._bucket.count() == 1


def test_a_short_hold_does_not_end_a_long_one(clock: Clock) -> None:
    pace = pacing.Pace(pacing.RateLimiter(10, 1))

    pace.hold(15)
    pace.hold(1)
    pace.wait(threading.Event())

    assert clock.pauses == [15]


def test_waiting_for_the_limit_can_be_given_up() -> None:
    limiter = pacing.RateLimiter(1, 60)
    limiter.seconds_to_wait()
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()

    began = time.monotonic()
    with pytest.raises(CancelledError):
        pacing.Pace(limiter).wait(stop)

    assert time.monotonic() - began < 5
