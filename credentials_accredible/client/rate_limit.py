"""When the next request may go out: below the rate limit of its address, and not while Accredible asks to wait."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import CancelledError
from time import monotonic
from typing import Protocol
from uuid import uuid4

from pyrate_limiter import InMemoryBucket, Rate, RateItem
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

# Seconds. Nobody is to wait for Redis longer than a request takes.
_TIMEOUT = 0.5
_UNTIL_TRIED_AGAIN = 5.0
_BETWEEN_COMPLAINTS = 300.0
_SHORTEST_WAIT = 0.01

# KEYS: the requests that have passed, by time; a key that is there while all hold. ARGV: limit, window, a new name.
# Times are in milliseconds: Lua writes whole numbers of up to 14 digits.
_ADMIT = """
local held = redis.call('PTTL', KEYS[2])
if held > 0 then
  return held
end
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window - 1)
local passed = redis.call('ZCARD', KEYS[1])
if passed < limit then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window + 1000)
  return 0
end
local last = redis.call('ZRANGE', KEYS[1], passed - limit, passed - limit, 'WITHSCORES')
return math.max(1, math.min(window, last[2] + window + 1 - now))
"""

# KEYS: the key that is there while all hold. ARGV: for how long. A longer hold stays.
_HOLD = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
"""


def _connect(redis_url: str) -> Redis:
    """A client that connects when it is used, and gives up soon."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=_TIMEOUT,
        socket_timeout=_TIMEOUT,
        # Once more, because a connection that was not used for long may be closed.
        retry=Retry(NoBackoff(), 1),
    )


class SharedLimiter:
    """Lets so many requests to an address pass in so many seconds, from whichever process and machine.

    ``own`` limits this process while Redis cannot be reached; that is looked at again every few seconds.
    """

    def __init__(self, redis_url: str, address: str, requests: int, seconds: float, own: RateLimiter) -> None:
        client = _connect(redis_url)
        self._admit = client.register_script(_ADMIT)
        self._hold = client.register_script(_HOLD)
        # The braces keep both keys in one slot of a Redis cluster.
        self._keys = [f"credentials_accredible:{{{address}}}:{name}" for name in ("passed", "held")]
        self._address = address
        self._requests = requests
        self._window = max(1, round(seconds * 1000))
        self._own = own
        self._lock = threading.Lock()
        self._lost = False
        self._try_again_at = self._complain_at = 0.0

    def seconds_to_wait(self) -> float:
        """0 where a request may pass now, which counts as passed then; else when to ask again."""
        if monotonic() >= self._try_again_at:
            try:
                milliseconds = self._admit(self._keys, [self._requests, self._window, uuid4().hex])
            except (RedisError, OSError) as error:
                self._lose(error)
            else:
                self._regain()
                if not milliseconds:
                    # Should Redis go away now, this process knows what it has used of its share.
                    self._own.note()
                return max(_SHORTEST_WAIT, milliseconds / 1000) if milliseconds else 0.0
        return self._own.seconds_to_wait()

    def hold(self, seconds: float) -> None:
        """Let nothing pass for so long, in no process; a longer hold stays."""
        self._own.hold(seconds)
        if seconds > 0 and monotonic() >= self._try_again_at:
            try:
                self._hold(self._keys[1:], [max(1, round(seconds * 1000))])
            except (RedisError, OSError) as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        with self._lock:
            now = monotonic()
            self._lost, self._try_again_at = True, now + _UNTIL_TRIED_AGAIN
            if now < self._complain_at:
                return
            self._complain_at = now + _BETWEEN_COMPLAINTS
        log.warning("rate_limit_not_shared address=%s error=%s", self._address, type(error).__name__)

    def _regain(self) -> None:
        if not self._lost:
            return
        with self._lock:
            self._lost, self._complain_at = False, 0.0
        log.info("rate_limit_shared_again address=%s", self._address)


_SHORTEST_PAUSE = 0.01


def pause(seconds: float, stop: threading.Event) -> None:
    """Wait so long, or until ``stop`` is set."""
    stop.wait(seconds)


class Limiter(Protocol):
    """Says when a request may pass."""

    def seconds_to_wait(self) -> float:
        """0 where a request may pass now, which counts as passed then; else when to ask again."""

    def hold(self, seconds: float) -> None:
        """Let nothing pass for so long."""


class RateLimiter:
    """Lets so many requests of this process pass in so many seconds, whichever thread they come from."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._bucket = InMemoryBucket([Rate(requests, max(1, round(seconds * 1000)))])
        self._lock = threading.Lock()
        self._resume_at = 0.0

    def seconds_to_wait(self) -> float:
        """0 where a request may pass now, which counts as passed then; else when to ask again."""
        with self._lock:
            held = self._resume_at - monotonic()
            if held > 0:
                return held
            item = self._counted()
            if item is None:
                return 0.0
            milliseconds = self._bucket.waiting(item)
        return max(_SHORTEST_PAUSE, float(milliseconds) / 1000)  # type: ignore[arg-type]  # in memory nothing is awaited

    def hold(self, seconds: float) -> None:
        """Let nothing pass for so long; a longer hold stays."""
        with self._lock:
            self._resume_at = max(self._resume_at, monotonic() + seconds)

    def note(self) -> None:
        """Count a request that another limiter has let pass."""
        with self._lock:
            self._counted()

    def _counted(self) -> RateItem | None:
        """None where one more request fits into the window, and is counted; else what did not fit."""
        now = self._bucket.now()  # type: ignore[no-untyped-call]
        # The library would forget what has left the window in a thread of its own, which a fork does not survive.
        self._bucket.leak(now)
        item = RateItem("request", now)
        return None if self._bucket.put(item) else item


class Pace:
    """Lets the requests of one transport out."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def hold(self, seconds: float) -> None:
        """Let nothing out to this address for so long, whichever transport it comes from."""
        self._limiter.hold(seconds)

    def wait(self, stop: threading.Event, until: float | None = None) -> float:
        """Return 0 when a request may go out, or at once the seconds left where that would be after ``until``.

        ``until`` is a time of the monotonic clock. CancelledError once ``stop`` is set.
        """
        while not stop.is_set():
            seconds = self._limiter.seconds_to_wait()
            if seconds <= 0:
                return 0.0
            if until is not None and monotonic() + seconds > until:
                return seconds
            pause(seconds, stop)
        raise CancelledError


_limiters: dict[tuple[object, ...], Limiter] = {}


def limiter_of(
    address: str, requests: int, seconds: float, *, shares: int = 1, redis_url: str | None = None
) -> Limiter:
    """The one limiter of this process for ``address``, for as long as the limit stays the same.

    With a ``redis_url``, all processes keep the limit of ``requests`` together. Without one, or while it is out of
    reach, this process keeps to one of so many ``shares``.
    """
    # By process, because a lock that was held during a fork stays held in the child.
    identity = (os.getpid(), address, requests, seconds, shares, redis_url)
    found = _limiters.get(identity)
    if found:
        return found
    own = RateLimiter(max(1, requests // shares), seconds)
    limiter: Limiter = own
    if redis_url:
        limiter = SharedLimiter(redis_url, address, requests, seconds, own)
    return _limiters.setdefault(identity, limiter)
