"""An account of 50,000 groups on MariaDB, whose provider answers at once: four syncs, their time and memory."""

from __future__ import annotations

from collections.abc import Iterator

from bench.account import new_config, reaching, synced
from bench.measuring import forget_peak, peak_mb, seconds
from bench.provider import Provider
from bench.rows import Row

GROUPS, DESIGNS, MOST_MB = 50_000, 20, 250


def rows() -> Iterator[Row]:
    """First, again, with all groups renamed, and with all but one removed."""
    with Provider() as provider, reaching(provider, FETCH_CONCURRENCY=4):
        provider.ask("fill", GROUPS, DESIGNS)
        config = new_config()
        peaks = []
        for what, change, most in (
            ("first sync", None, 7),
            ("nothing changed", None, 2),
            ("all renamed", "rename_all", 10),
            ("all but one removed", "remove_all_but_one", 20),
        ):
            if change:
                provider.ask(change)
            forget_peak()
            took = seconds(lambda: synced(config, force=True))
            peaks.append(peak_mb())
            yield Row.at_most(f"{GROUPS:,} groups on MariaDB: {what}", most, took, "s", peak_mb=peaks[-1])
        yield Row.at_most(f"{GROUPS:,} groups on MariaDB: most memory", MOST_MB, max(peaks), "MB")
