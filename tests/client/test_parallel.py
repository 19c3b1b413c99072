"""Several calls at a time, given up together."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from credentials_accredible.client.groups import calls


def nothing() -> None:
    """Nobody watches."""


def test_whoever_watches_hears_of_it_while_nothing_comes() -> None:
    pulses: list[int] = []

    def wait(seconds: float, stop: threading.Event) -> None:
        time.sleep(seconds)

    with calls(wait, [0.0, 1.3], 2, lambda: pulses.append(threading.get_ident())) as results:
        next(results)
        assert pulses == []
        next(results)

    assert len(pulses) >= 2
    assert set(pulses) == {threading.get_ident()}


def test_results_come_as_they_are_ready() -> None:
    def wait(seconds: float, stop: threading.Event) -> float:
        time.sleep(seconds)
        return seconds * 10

    with calls(wait, [0.3, 0.1, 0.2], 3, nothing) as results:
        assert [(item, future.result()) for item, future in results] == [(0.1, 1), (0.2, 2), (0.3, 3)]


@pytest.mark.parametrize("leave", [None, ValueError, KeyboardInterrupt])
def test_leaving_cancels_what_has_not_begun_and_stops_what_has_without_waiting(leave: Any) -> None:
    begun: list[int] = []
    stopped: list[int] = []
    released = threading.Event()

    def work(item: int, stop: threading.Event) -> None:
        begun.append(item)
        if item:
            stop.wait(10)
            stopped.append(item)
            released.wait(10)

    def leaving() -> None:
        with calls(work, range(50), 2, nothing) as results:
            next(results)
            if leave:
                raise leave

    began = time.monotonic()
    if leave:
        with pytest.raises(leave):
            leaving()
    else:
        leaving()
    assert time.monotonic() - began < 3
    time.sleep(0.1)
    released.set()
    time.sleep(0.1)

    assert set(stopped) == set(begun) - {0}
    assert len(begun) <= 3
