"""Two syncs in a row of a large account: how long the second one waits for the rate limit, and how soon it says so."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from time import monotonic

from bench.account import new_config, reaching, synced
from bench.measuring import seconds
from bench.provider import Provider
from bench.rows import Row
from credentials_accredible import api
from credentials_accredible.models import SyncRun

# Accredible's limit, in a part of its window: so nobody waits for half a minute.
LIMIT, WINDOW = 200, 4.5
PAGES, A_PAGE = 150, 20
MOST_OVER = 1.0
# A sync is told of its wait every half a second, and writes down once a second what it was told.
MOST_SILENCE = 2.0


class Watcher:
    """Looks at the run whenever a sync gives a sign of life, as a page does that is open meanwhile.

    ``silence`` is the longest time, in seconds, in which no groups were read and the run did not say why.
    """

    def __init__(self) -> None:
        self.silence = 0.0
        self._done = 0
        self._heard_at = monotonic()

    def __call__(self, stage: str, done: int, total: int | None, kept_back: float) -> None:
        now = monotonic()
        if done != self._done or api.wait_sentence(api.seconds_kept_back(SyncRun.objects.latest("pk"))):
            self.silence = max(self.silence, now - self._heard_at)
            self._done, self._heard_at = done, now


def rows() -> Iterator[Row]:
    """150 requests each, of which 200 may go out in a window."""
    with Provider() as provider, reaching(provider, RATE_LIMIT=(LIMIT, WINDOW), PAGE_SIZE=A_PAGE):
        provider.ask("fill", PAGES * A_PAGE, 1)
        config = new_config()
        first = seconds(lambda: synced(config))
        watcher = Watcher()
        both = first + seconds(lambda: synced(config, progress=watcher))
        requests = provider.ask("requests")
        with reaching(provider, PAGE_SIZE=A_PAGE):
            unlimited = seconds(lambda: synced(config))
    demanded = (ceil(requests / LIMIT) - 1) * WINDOW
    work = f"two syncs of {PAGES} pages in a row: "
    yield Row.at_most(
        work + "beyond limit and work",
        MOST_OVER,
        max(0.0, both - max(demanded, 2 * unlimited)),
        "s",
        both=both,
        demanded=demanded,
        unlimited=2 * unlimited,
    )
    yield Row.at_most(work + "nothing read, and no reason shown", MOST_SILENCE, watcher.silence, "s")
