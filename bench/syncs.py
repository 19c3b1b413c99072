"""Syncs of an account whose provider takes 50 ms for an answer."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.account import new_config, reaching, synced
from bench.measuring import seconds, statements
from bench.provider import Provider
from bench.rows import Row
from credentials_accredible import api

LATENCY = 0.05
TIMES = 5
SMALL, SMALL_DESIGNS, MOST_SMALL, MOST_TRIPS = 50, 20, 0.2, 3
LARGE, LARGE_DESIGNS, MOST_OF_IDEAL = 5_000, 20, 1.3
PAGES, MOST_QUERIES = 50, 10
WHY_MORE = "The ORM prepares the groups once the last page has come, and that takes a processor: docs/performance.rst."
_WRITES = ("INSERT INTO", "UPDATE", "DELETE")


def rows() -> Iterator[Row]:
    """A small account, a large one, and the large one again."""
    with Provider() as provider, reaching(provider):
        took, requests = _first(provider, SMALL, SMALL_DESIGNS)
        work = f"first sync, {SMALL} groups, {SMALL_DESIGNS} designs: "
        yield Row.at_most(work + "time", MOST_SMALL, took, "s")
        yield Row.at_most(work + "requests", MOST_TRIPS, requests, "")
        took, requests = _first(provider, LARGE, LARGE_DESIGNS)
        ideal = requests * LATENCY / api.ClientOptions.from_settings().concurrency
        work = f"first sync, {LARGE:,} groups: "
        yield Row.at_most(
            work + "of the ideal", MOST_OF_IDEAL, took / ideal, "x", seconds=took, requests=requests,
            note=WHY_MORE if took / ideal > MOST_OF_IDEAL else "",
        )  # fmt: skip
        yield from _again(provider)


def _first(provider: Provider, groups: int, designs: int) -> tuple[float, float]:
    provider.ask("slow", 0)
    provider.ask("fill", groups, designs)
    provider.ask("slow", LATENCY)
    synced(new_config())  # what is imported when it is used, is now
    took, requests = [], []
    for _time in range(TIMES):
        config = new_config()
        provider.ask("requests")
        took.append(seconds(lambda config=config: synced(config)))
        requests.append(provider.ask("requests"))
    return statistics.median(took), statistics.median(requests)


def _again(provider: Provider) -> Iterator[Row]:
    config = new_config()
    synced(config)
    work = f"sync again, {LARGE:,} groups, nothing changed: "
    yield Row.reported(work + "time", statistics.median(seconds(lambda: synced(config)) for _time in range(TIMES)), "s")
    provider.ask("requests")
    sent = statements(lambda: synced(config))
    yield Row.at_most(work + "requests", PAGES, provider.ask("requests"), "")
    written = [sql for sql in sent if sql.startswith(_WRITES) and "accrediblegroup" in sql]
    yield Row.at_most(work + "queries", MOST_QUERIES, len(sent), "", group_writes=len(written))
    yield Row.at_most(work + "groups written", 0, len(written), "")
