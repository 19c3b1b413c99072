"""Several calls at a time, whose results arrive as they are ready, and which can be given up together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def calls(
    function: Callable[[Item, threading.Event], Result], items: Iterable[Item], at_once: int
) -> Iterator[Iterator[tuple[Item, Future[Result]]]]:
    """Call ``function(item, stop)`` for all items in threads; gives an item with its finished future at a time.

    Leaving the context, by whatever way, cancels what has not begun and sets ``stop`` for what has. It waits for
    nothing: a call that hangs ends in its own time, and its result is dropped.
    """
    stop = threading.Event()
    executor = ThreadPoolExecutor(at_once, thread_name_prefix="accredible")
    try:
        futures = {executor.submit(function, item, stop): item for item in items}
        yield ((futures[future], future) for future in as_completed(futures))
    finally:
        stop.set()
        executor.shutdown(wait=False, cancel_futures=True)
