"""The rate limit of an address that all processes and machines keep together, through Redis."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from uuid import uuid4

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from credentials_accredible.client.rate_limit import SHORTEST_WAIT, RateLimiter

log = logging.getLogger(__name__)

# Seconds. Nobody is to wait for Redis longer than a request takes.
_TIMEOUT = 0.5
_UNTIL_TRIED_AGAIN = 5.0
_BETWEEN_COMPLAINTS = 300.0

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


class SharedLimiter:
    """A Limiter of so many requests to an address in so many seconds, from whichever process and machine.

    ``own`` limits this process while Redis cannot be reached; that is looked at again every few seconds.
    """

    def __init__(self, redis_url: str, address: str, requests: int, seconds: float, own: RateLimiter) -> None:
        # It connects when it is used. A second try, because a connection that was not used for long may be closed.
        client = Redis.from_url(
            redis_url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 1)
        )
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
        if monotonic() >= self._try_again_at:
            try:
                milliseconds: int = self._admit(self._keys, [self._requests, self._window, uuid4().hex])
            except (RedisError, OSError) as error:
                self._lose(error)
            else:
                self._regain()
                if milliseconds:
                    return max(SHORTEST_WAIT, milliseconds / 1000)
                # Should Redis go away now, this process knows what it has used of its share.
                self._own.note()
                return 0.0
        return self._own.seconds_to_wait()

    def hold(self, seconds: float) -> None:
        """As a Limiter, in all processes."""
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
