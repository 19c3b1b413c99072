"""Below the rate limit, whatever number of clients and threads there is."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
import redis
import responses

from credentials_accredible.client import rate_limit
from credentials_accredible.client.transport import limiter_of
from credentials_accredible.exceptions import NotSent, RateLimited
from tests.client.conftest import API, Clock, open_transport


def test_a_limiter_lets_so_many_pass_in_so_much_time() -> None:
    limiter = rate_limit.RateLimiter(3, 0.5)

    assert [limiter.seconds_to_wait() for _request in range(3)] == [0, 0, 0]
    wait = limiter.seconds_to_wait()
    assert 0.01 <= wait <= 0.6

    time.sleep(wait + 0.05)
    assert limiter.seconds_to_wait() == 0


def test_a_limiter_holds_for_many_threads() -> None:
    limiter = rate_limit.RateLimiter(10, 30)
    with ThreadPoolExecutor(20) as executor:
        waits = list(executor.map(lambda _request: limiter.seconds_to_wait(), range(60)))

    assert waits.count(0) == 10


def test_a_request_that_is_slow_to_arrive_is_not_counted_with_those_a_window_later() -> None:
    limiter = limiter_of("https://slow.accredible.test", 1, 30)

    assert limiter.seconds_to_wait() == 0
    assert 30.2 < limiter.seconds_to_wait() < 30.4


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

    monkeypatch.setattr(rate_limit, "pause", pause)
    url, other = "https://shared.accredible.test", "https://other.accredible.test"

    ask(url)
    ask(f"{url}/eu")
    ask(other)
    with pytest.raises(HadToWait):
        ask(url)
    ask(other)


def test_a_forked_process_has_a_limiter_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = limiter_of("https://fork.accredible.test", 5, 1)
    again = limiter_of("https://fork.accredible.test", 5, 1)
    monkeypatch.setattr("os.getpid", lambda: -1)

    assert again is ours
    assert limiter_of("https://fork.accredible.test", 5, 1) is not ours


def test_the_window_slides(clock: Clock) -> None:
    limiter = rate_limit.RateLimiter(3, 30)
    for seconds in (0, 12, 12):
        clock.now += seconds
        assert limiter.seconds_to_wait() == 0

    clock.now += 5
    assert limiter.seconds_to_wait() == 1
    clock.now += 1
    assert limiter.seconds_to_wait() == 0
    assert limiter.seconds_to_wait() == 12


def test_redis_is_only_imported_where_it_is_used() -> None:
    script = "import sys, credentials_accredible.client; sys.exit('redis' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_short_hold_does_not_end_a_long_one(clock: Clock) -> None:
    limiter = rate_limit.RateLimiter(10, 1)

    limiter.hold(15)
    limiter.hold(1)
    rate_limit.wait_for_turn(limiter, threading.Event())

    assert clock.pauses == [15]


def test_waiting_for_the_limit_can_be_given_up() -> None:
    limiter = rate_limit.RateLimiter(1, 60)
    limiter.seconds_to_wait()
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()

    began = time.monotonic()
    with pytest.raises(CancelledError):
        rate_limit.wait_for_turn(limiter, stop)

    assert time.monotonic() - began < 5


def test_each_of_many_processes_keeps_its_share() -> None:
    limiter = limiter_of("https://share.accredible.test", 10, 60, shares=3)

    assert [limiter.seconds_to_wait() == 0 for _request in range(5)] == [True, True, True, False, False]


def test_a_request_that_would_leave_too_late_is_given_up_at_once(
    accredible: responses.RequestsMock, clock: Clock
) -> None:
    accredible.get(f"{API}/v1/things", json={})
    accredible.post(f"{API}/v1/things", json={})
    opened = open_transport(rate_limit=(1, 30))
    opened.request("GET", "/v1/things", idempotent=True)

    with pytest.raises(NotSent) as raised:
        opened.request("POST", "/v1/things", idempotent=False, send_before=clock.now + 20)
    with pytest.raises(NotSent):
        opened.take_turn(send_before=clock.now + 20)

    assert 25 < (raised.value.retry_after or 0) <= 31
    assert raised.value.sent is False
    assert clock.pauses == []
    assert opened.requests_sent == 1


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_caller_says_how_long_its_requests_wait_at_most(
    accredible: responses.RequestsMock, clock: Clock, idempotent: bool
) -> None:
    accredible.get(f"{API}/v1/things", json={})
    hasty = open_transport(rate_limit=(1, 30), longest_wait=1)
    hasty.request("GET", "/v1/things", idempotent=True)

    with pytest.raises(NotSent):
        hasty.request("GET", "/v1/things", idempotent=idempotent)

    assert clock.pauses == []
    assert hasty.requests_sent == 1


def test_a_turn_that_was_taken_is_not_waited_for_again(accredible: responses.RequestsMock, clock: Clock) -> None:
    accredible.post(f"{API}/v1/things", json={})
    opened = open_transport(rate_limit=(1, 30))

    opened.take_turn()
    opened.request("POST", "/v1/things", idempotent=False, has_turn=True)

    assert clock.pauses == []


def test_who_is_asked_to_slow_down_slows_down_all_clients_of_the_address(
    accredible: responses.RequestsMock, clock: Clock
) -> None:
    accredible.get(f"{API}/v1/things", status=429, headers={"Retry-After": "7"})
    accredible.get(f"{API}/eu/v1/things", json={})
    accredible.get("https://other.accredible.test/v1/things", json={})
    with pytest.raises(RateLimited):
        open_transport().request("GET", "/v1/things", idempotent=True, attempts=1)

    open_transport("https://other.accredible.test").request("GET", "/v1/things", idempotent=True)
    assert clock.pauses == []
    open_transport(f"{API}/eu").request("GET", "/v1/things", idempotent=True)
    assert clock.pauses == [7]


class TestWithoutTheRedisThatIsConfigured:
    """Nothing listens at port 1."""

    def limiter(self) -> rate_limit.Limiter:
        url = "redis://:hunter2@127.0.0.1:1/0"
        return limiter_of("https://lost.accredible.test", 9, 60, shares=3, redis_url=url)

    def test_a_process_keeps_its_share_and_says_so_once(self, caplog: pytest.LogCaptureFixture) -> None:
        limiter = self.limiter()

        assert [limiter.seconds_to_wait() == 0 for _request in range(5)] == [True, True, True, False, False]
        assert [record.getMessage() for record in caplog.records] == [
            "rate_limit_not_shared address=https://lost.accredible.test error=ConnectionError"
        ]

    def test_redis_is_not_asked_for_each_request(self, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
        limiter = self.limiter()
        tried = []

        def refuse(*_args: object) -> None:
            tried.append(1)
            raise redis.exceptions.TimeoutError

        limiter._admit = refuse  # type: ignore[attr-defined]
        for _request in range(20):
            limiter.seconds_to_wait()
        assert len(tried) == 1

        clock.now += 6
        limiter.seconds_to_wait()

        assert len(tried) == 2

    def test_a_hold_holds_this_process(self, clock: Clock) -> None:
        limiter = self.limiter()

        limiter.hold(10)

        assert limiter.seconds_to_wait() == 10
