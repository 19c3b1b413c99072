"""Two syncs in a row of a large account: how long the second one waits for the rate limit, beside what that demands."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from bench.account import new_config, reaching, synced
from bench.measuring import seconds
from bench.provider import Provider
from bench.rows import Row

# Accredible's limit, in a twentieth of its window: so nobody waits for half a minute.
LIMIT, WINDOW = 200, 1.5
PAGES, A_PAGE = 150, 20
MOST_OVER = 1.0


def rows() -> Iterator[Row]:
    """150 requests each, of which 200 may go out in a window."""
    with Provider() as provider, reaching(provider, RATE_LIMIT=(LIMIT, WINDOW), PAGE_SIZE=A_PAGE):
        provider.ask("fill", PAGES * A_PAGE, 1)
        config = new_config()
        both = seconds(lambda: (synced(config), synced(config)))
        requests = provider.ask("requests")
        with reaching(provider, PAGE_SIZE=A_PAGE):
            unlimited = seconds(lambda: synced(config))
    demanded = (ceil(requests / LIMIT) - 1) * WINDOW
    yield Row.at_most(
        f"two syncs of {PAGES} pages in a row: beyond limit and work",
        MOST_OVER,
        max(0.0, both - max(demanded, 2 * unlimited)),
        "s",
        both=both,
        demanded=demanded,
        unlimited=2 * unlimited,
    )
