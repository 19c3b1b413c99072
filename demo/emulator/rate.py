"""The rate limit: so many requests per client and environment in each window of time."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field

DOCUMENTED_WINDOW = 30.0


@dataclass
class RateLimit:
    """At most ``limit`` requests in each ``window`` seconds; ``retry_after``: whether refusals say when to return."""

    limit: int
    window: float = DOCUMENTED_WINDOW
    retry_after: bool = True
    _started: float = field(default_factory=time.monotonic, repr=False)
    _current: int = field(default=0, repr=False)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter, repr=False)

    def __post_init__(self) -> None:
        if self.limit < 0 or not 0 < self.window < math.inf:
            raise ValueError("A rate limit is 0 or more requests in a window of more than 0 seconds.")

    def refuses(self, environment: str, client: str) -> bool:
        """Count a request; True where it is one too many."""
        number = int((time.monotonic() - self._started) / self.window)
        if number != self._current:
            self._current = number
            self._counts.clear()
        self._counts[environment, client] += 1
        return self._counts[environment, client] > self.limit

    def seconds_to_wait(self) -> int | None:
        """Whole seconds until the window is over, as ``Retry-After`` has them; None where it is not to be said."""
        if not self.retry_after:
            return None
        passed = (time.monotonic() - self._started) % self.window
        return max(1, math.ceil(self.window - passed))
