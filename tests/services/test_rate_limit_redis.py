"""One rate limit for all processes and machines, in a real Redis."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis

from credentials_accredible.client.rate_limit import RateLimiter
from credentials_accredible.client.shared_rate_limit import SharedLimiter
from credentials_accredible.client.transport import limiter_of

pytestmark = pytest.mark.services

URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/2")

_ASK = (
    "import sys; from credentials_accredible.client.transport import limiter_of;"
    "limiter = limiter_of(sys.argv[1], 20, 30, redis_url=sys.argv[2]);"
    "print(sum(limiter.seconds_to_wait() == 0 for _ in range(15)))"
)


@pytest.fixture
def address() -> Iterator[str]:
    """An address that nobody has sent to."""
    unused = f"https://{uuid4().hex}.accredible.test"
    yield unused
    with redis.Redis.from_url(URL) as client:
        for key in client.scan_iter(f"*{unused}*"):
            client.delete(key)


def limiter(address: str, requests: int, seconds: float) -> SharedLimiter:
    """What another process has for that address."""
    return SharedLimiter(URL, address, requests, seconds, RateLimiter(requests, seconds))


def test_processes_keep_the_limit_together(address: str) -> None:
    arguments = [sys.executable, "-c", _ASK, address, URL]
    running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    passed = [int(process.communicate(timeout=60)[0]) for process in running]

    assert sum(passed) == 20
    assert all(process.returncode == 0 for process in running)


def test_threads_of_many_limiters_let_no_more_pass_than_the_limit(address: str) -> None:
    limiters = [limiter(address, 50, 30) for _ in range(8)]

    with ThreadPoolExecutor(8) as executor:
        waits = list(executor.map(lambda number: limiters[number % 8].seconds_to_wait(), range(400)))

    assert waits.count(0.0) == 50
    assert all(wait == 0 or 20 < wait <= 30.1 for wait in waits)


def test_the_window_moves_on_and_nothing_is_left_behind(address: str) -> None:
    one, other = limiter(address, 2, 0.3), limiter(address, 2, 0.3)
    assert [one.seconds_to_wait() == 0, other.seconds_to_wait() == 0] == [True, True]
    wait = one.seconds_to_wait()
    assert 0 < wait <= 0.4

    time.sleep(wait + 0.02)
    assert other.seconds_to_wait() == 0

    time.sleep(1.5)
    with redis.Redis.from_url(URL) as client:
        assert list(client.scan_iter(f"*{address}*")) == []


def test_who_is_asked_to_slow_down_slows_down_all_processes(address: str) -> None:
    one, other = limiter(address, 100, 30), limiter(address, 100, 30)

    one.hold(0.4)
    one.hold(0.1)

    assert 0.2 < other.seconds_to_wait() <= 0.4
    time.sleep(0.45)
    assert other.seconds_to_wait() == 0


def test_addresses_have_limits_of_their_own(address: str) -> None:
    assert [limiter(address, 1, 30).seconds_to_wait() == 0 for _ in range(2)] == [True, False]
    assert limiter(f"{address}:8443", 1, 30).seconds_to_wait() == 0


def test_it_goes_on_when_redis_has_lost_everything_or_comes_back(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shared = limiter(address, 3, 30)
    assert shared.seconds_to_wait() == 0
    with redis.Redis.from_url(URL) as client:
        client.script_flush()
        assert shared.seconds_to_wait() == 0

    lost = RateLimiter(3, 30)
    admit, shared._own = shared._admit, lost

    def unreachable(*_args: object) -> None:
        raise redis.exceptions.ConnectionError

    shared._admit = unreachable  # type: ignore[assignment]
    assert [shared.seconds_to_wait() == 0 for _ in range(4)] == [True, True, True, False]
    shared._admit = admit
    monkeypatch.setattr(shared, "_try_again_at", 0.0)

    # The two of before, as Redis has them.
    assert [shared.seconds_to_wait() == 0 for _ in range(2)] == [True, False]
    assert [record.getMessage().split()[0] for record in caplog.records] == [
        "rate_limit_not_shared",
        "rate_limit_shared_again",
    ]


def test_what_passed_through_redis_counts_when_it_is_lost(address: str) -> None:
    own = RateLimiter(3, 30)
    shared = SharedLimiter(URL, address, 3, 30, own)

    assert [shared.seconds_to_wait() == 0 for _ in range(3)] == [True, True, True]

    assert own.seconds_to_wait() > 0


def test_a_forked_child_has_a_connection_of_its_own(address: str) -> None:
    ours = limiter_of(address, 2, 30, redis_url=URL)
    assert ours.seconds_to_wait() == 0
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        waits = [limiter_of(address, 2, 30, redis_url=URL).seconds_to_wait() == 0 for _ in range(2)]
        os.write(writing, b"".join(b"1" if wait else b"0" for wait in waits))
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 10) == b"10"
    assert ours.seconds_to_wait() > 0
    os.close(reading)
    os.close(writing)
