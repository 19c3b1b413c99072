"""When the next request may go out: below the rate limit of its address, and not while Accredible asks to wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from time import monotonic
from typing import Protocol

# Seconds. Clocks that tick rarely must not make a loop of a wait.
SHORTEST_WAIT = 0.01


class Limiter(Protocol):
    """Says when a request may pass."""

    def seconds_to_wait(self) -> float:
        """0 where a request may pass now, which counts as passed then; else when to ask again."""

    def hold(self, seconds: float) -> None:
        """Let nothing pass for so long; a longer hold stays."""


class RateLimiter:
    """Lets so many requests of this process pass in so many seconds, whichever thread they come from."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._window = seconds
        # When the last requests passed: the first of so many has to leave the window before another one may.
        self._passed = deque[float](maxlen=requests)
        self._lock = threading.Lock()
        self._resume_at = 0.0

    def seconds_to_wait(self) -> float:
        with self._lock:
            now = monotonic()
            free_at = self._passed[0] + self._window if len(self._passed) == self._passed.maxlen else 0.0
            seconds = max(free_at, self._resume_at) - now
            if seconds > 0:
                return max(SHORTEST_WAIT, seconds)
            self._passed.append(now)
            return 0.0

    def hold(self, seconds: float) -> None:
        with self._lock:
            self._resume_at = max(self._resume_at, monotonic() + seconds)

    def note(self) -> None:
        """Count a request that another limiter has let pass."""
        with self._lock:
            self._passed.append(monotonic())


def wait_for_turn(
    limiter: Limiter,
    stop: threading.Event,
    until: float | None = None,
    *,
    told: Callable[[float], object] = lambda _seconds: None,
) -> float:
    """Return 0 when a request may go out, or at once the seconds left where that would be after ``until``.

    ``until`` is a time of the monotonic clock. ``told`` hears before each wait how many seconds it takes.
    CancelledError once ``stop`` is set.
    """
    while not stop.is_set():
        seconds = limiter.seconds_to_wait()
        if seconds <= 0:
            return 0.0
        if until is not None and monotonic() + seconds > until:
            return seconds
        told(seconds)
        pause(seconds, stop)
    raise CancelledError


def pause(seconds: float, stop: threading.Event) -> None:
    stop.wait(seconds)
