"""When the next request may go out: below the rate limit, and not while Accredible asks to wait."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError
from time import monotonic

from pyrate_limiter import InMemoryBucket, Rate, RateItem

_SHORTEST_PAUSE = 0.01


def pause(seconds: float, stop: threading.Event) -> None:
    """Wait so long, or until ``stop`` is set."""
    stop.wait(seconds)


class RateLimiter:
    """Lets so many requests pass in so many seconds, whichever thread they come from."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._bucket = InMemoryBucket([Rate(requests, max(1, round(seconds * 1000)))])
        self._lock = threading.Lock()

    def seconds_to_wait(self) -> float:
        """0 where a request may pass now, which counts as passed then; else when to ask again."""
        with self._lock:
            now = self._bucket.now()  # type: ignore[no-untyped-call]
            # The library would forget what has left the window in a thread of its own, which a fork does not survive.
            self._bucket.leak(now)
            item = RateItem("request", now)
            if self._bucket.put(item):
                return 0.0
            milliseconds = self._bucket.waiting(item)
        return max(_SHORTEST_PAUSE, float(milliseconds) / 1000)  # type: ignore[arg-type]  # in memory nothing is awaited


_limiters: dict[tuple[int, str, int, float], RateLimiter] = {}


def limiter_of(address: str, requests: int, seconds: float) -> RateLimiter:
    """The one limiter of this process for ``address``, for as long as the limit stays the same."""
    # By process, because a lock that was held during a fork stays held in the child.
    identity = (os.getpid(), address, requests, seconds)
    return _limiters.get(identity) or _limiters.setdefault(identity, RateLimiter(requests, seconds))


class Pace:
    """Lets the requests of one transport out, one at a time."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter
        self._lock = threading.Lock()
        self._resume_at = 0.0

    def hold(self, seconds: float) -> None:
        """Let nothing out for so long, whichever thread it comes from."""
        with self._lock:
            self._resume_at = max(self._resume_at, monotonic() + seconds)

    def wait(self, stop: threading.Event) -> None:
        """Return when a request may go out; CancelledError once ``stop`` is set."""
        while not stop.is_set():
            seconds = self._resume_at - monotonic()
            if seconds <= 0:
                seconds = self._limiter.seconds_to_wait()
            if seconds <= 0:
                return
            pause(seconds, stop)
        raise CancelledError
