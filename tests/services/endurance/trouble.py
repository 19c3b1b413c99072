"""What goes wrong at random: processes are killed, connections to the database are, and Accredible has its days."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from random import Random
from typing import Any

from demo.emulator.server import Emulator
from tests.embedded_host import Host
from tests.services.endurance.services import Service

# Seconds. What Accredible does late, it does within this time.
LATEST = 3.0
_LONGEST_OUTAGE = 4.0
_FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "html", "status": 502},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "cut_after", "how": "rst"},
    {"kind": "broken_json"},
    {"kind": "slow", "seconds": 0.5},
    {"kind": "late", "seconds": LATEST},
    {"kind": "cut_late", "seconds": LATEST},
    {"kind": "hang", "seconds": 5.0},
]


class Trouble:
    """Makes trouble for these services, and counts it.

    ``pauses``: the shortest and the longest time between two troubles, in seconds. ``database``: connections to it are
    killed, too.
    """

    def __init__(
        self,
        chance: Random,
        host: Host,
        emulator: Emulator,
        services: Sequence[Service],
        *,
        pauses: tuple[float, float] = (0.2, 1.2),
        database: bool = True,
    ) -> None:
        self.kills: Counter[str] = Counter()
        self.connections = 0
        self.faults: Counter[str] = Counter()
        self._chance = chance
        self._host = host
        self._emulator = emulator
        self._services = services
        self._pauses = pauses
        self._kinds: dict[Callable[[], None], int] = {
            self._kill_process: 8,
            self._kill_connections: 6 if database else 0,
            self._add_fault: 8,
            self._take_away: 1,
        }

    def make(self, seconds: float) -> None:
        """Make trouble for so long, then let everything go well."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self._chance.uniform(*self._pauses))
            [make] = self._chance.choices(list(self._kinds), weights=list(self._kinds.values()))
            make()
        self._emulator.clear_faults()

    def _kill_process(self) -> None:
        service = self._chance.choice(self._services)
        self.kills[service.kind] += service.kill()

    def _kill_connections(self) -> None:
        """One of them, or all."""
        with closing(self._host.connect()) as database:
            found = _connections(database)
            chosen = found if self._chance.random() < 0.5 else found[:1]
            for number in chosen:
                _end(database, number)
        self.connections += len(chosen)

    def _add_fault(self) -> None:
        fault = self._chance.choice(_FAULTS)
        self._emulator.fault(times=self._chance.randint(1, 3), **fault)
        self.faults[fault["kind"]] += 1

    def _take_away(self) -> None:
        """Accredible answers nobody for some seconds."""
        self._emulator.fault("cut_before", times=None)
        time.sleep(self._chance.uniform(0, _LONGEST_OUTAGE))
        self._emulator.clear_faults()
        self.faults["outage"] += 1


def _is_mysql(database: Any) -> bool:
    return type(database).__module__.startswith("MySQLdb")


def _connections(database: Any) -> list[int]:
    """Of the same database, in any order."""
    cursor = database.cursor()
    if _is_mysql(database):
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            " ORDER BY RAND()"
        )
    else:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " ORDER BY random()"
        )
    return [number for (number,) in cursor.fetchall()]


def _end(database: Any, number: int) -> None:
    # It may have ended meanwhile.
    if _is_mysql(database):
        with contextlib.suppress(Exception):
            database.cursor().execute(f"KILL {number}")
    else:
        database.cursor().execute("SELECT pg_terminate_backend(%s)", [number])
