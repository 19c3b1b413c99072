"""How fast a backlog of 10,000 badges drains, and with how many requests, while the provider keeps its rate limit.

That is 10 requests in 1.5 seconds, the rate of Accredible's 200 in 30. The window is a twentieth of Accredible's: the
requests of the first window may go out at once, and of Accredible's own these would be most of the backlog.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from bench.account import reaching
from bench.draining import drain
from bench.provider import Provider
from bench.rows import Row

BADGES, PER_REQUEST = 10_000, 30
REQUESTS = ceil(BADGES / PER_REQUEST)
LIMIT, WINDOW = 10, 1.5
# The last request may leave when all windows before it are over.
ALLOWED = (ceil(REQUESTS / LIMIT) - 1) * WINDOW
LEAST_PERCENT, MOST_REQUESTS = 97, ceil(REQUESTS * 1.05)

# Name, senders, and seconds that the provider takes for an answer.
SCENARIOS = (
    ("one sender", {}, 0.0),
    ("one sender, 2 processors busy as well", {"busy": 2}, 0.0),
    ("two processes", {"processes": 2}, 0.0),
    ("ten threads, 1 s an answer", {"threads": 10}, 1.0),
)


def rows() -> Iterator[Row]:
    """Of the speed that the limit allows, in per cent."""
    with Provider() as provider, reaching(provider):
        for name, senders, latency in SCENARIOS:
            provider.ask("slow", latency)
            done = drain(provider, BADGES, limit=(LIMIT, WINDOW), **senders)
            work = f"backlog of {BADGES:,} badges, {name}: "
            yield Row.at_least(
                work + "of the limit", LEAST_PERCENT, 100 * ALLOWED / max(done.seconds, ALLOWED), "%",
                seconds=done.seconds, allowed=ALLOWED, refused=done.refused,
                note="" if done.once else "NOT EACH BADGE ONCE.",
            )  # fmt: skip
            yield Row.at_most(work + "requests", MOST_REQUESTS, done.requests, "")
