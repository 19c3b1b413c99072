"""Times, queries and memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

MB = 1024 * 1024


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def milliseconds(work: Callable[[], object]) -> float:
    return seconds(work) * 1000


def median_ms(work: Callable[[], object], times: int) -> float:
    """The median of so many times, after one that is not counted."""
    work()
    return statistics.median(milliseconds(work) for _time in range(times))


def statements(work: Callable[[], object]) -> list[str]:
    """The statements that it needs, BEGIN and COMMIT included."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured.captured_queries]


def queries(work: Callable[[], object]) -> int:
    return len(statements(work))


def percentile(values: list[float], share: float) -> float:
    """The value that so large a ``share`` of the ``values`` does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def memory_mb() -> float:
    """What this process has in memory now."""
    return _status("VmRSS")


def peak_mb() -> float:
    """The most that this process had in memory since ``forget_peak``."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Begin to look for the peak anew."""
    Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> float:
    for text in Path("/proc/self/status").read_text().splitlines():
        if text.startswith(f"{name}:"):
            return int(text.split()[1]) / 1024
    raise LookupError(name)
