"""What the plugin adds to the start of the service: ``manage.py check`` with it and without, in time and memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from bench.rows import Row

TIMES = 9
MOST_SECONDS = 0.1
# With it, the embedded host has the app of openedx-events, as the real service always has: it loads all event types.
EVENT_BUS = '{"PRODUCER_CONFIG": {}}'


def rows() -> Iterator[Row]:
    """Both in turn, so that what else the machine does meets both."""
    with tempfile.TemporaryDirectory(prefix="bench-") as compiled:
        # The first two compile what pip compiles when it installs.
        _pair(compiled)
        found = [_pair(compiled) for _time in range(TIMES)]
    without, with_it = (statistics.median(pair[which][0] for pair in found) for which in (0, 1))
    busy = statistics.median(pair[1][2] - pair[0][2] for pair in found)
    memory = statistics.median(pair[1][1] - pair[0][1] for pair in found)
    work = "start of the service: `check`, "
    yield Row.at_most(
        work + "time", MOST_SECONDS, with_it - without, "s", without=without, with_it=with_it, processor_seconds=busy
    )
    yield Row.reported(work + "memory", memory, "MB")


def _pair(compiled: str) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    return _checked("bench.host_alone", compiled), _checked("demo.settings", compiled)


def _checked(settings: str, compiled: str) -> tuple[float, float, float]:
    """Seconds, MB and seconds of a processor that ``check`` takes with these settings."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "EVENT_BUS": EVENT_BUS}
    environment |= {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "check"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _pid, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, settings
    return took, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
