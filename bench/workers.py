"""Four senders on one MariaDB, beside one, with a provider that has no limit and takes 50 ms for an answer."""

from __future__ import annotations

import os
from collections.abc import Iterator

from bench.account import reaching
from bench.draining import drain
from bench.provider import Provider
from bench.rows import Row

BADGES, WORKERS, LATENCY, LEAST_GAIN = 6_000, 4, 0.05, 3


def rows() -> Iterator[Row]:
    """A sender that the database ends with a deadlock fails, and with it the measurement."""
    with Provider() as provider, reaching(provider):
        provider.ask("slow", LATENCY)
        one, several = drain(provider, BADGES), drain(provider, BADGES, processes=WORKERS)
    note = "" if one.once and several.once else "NOT EACH BADGE ONCE. "
    if (processors := os.cpu_count() or 1) <= WORKERS:
        note += f"They share {processors} processors with the database and the provider."
    work = f"{WORKERS} workers on one MariaDB: "
    yield Row.reported(work + "badges a second", BADGES / several.seconds, "badges", higher=True)
    yield Row.at_least(work + "of one worker", LEAST_GAIN, one.seconds / several.seconds, "x", note=note)
