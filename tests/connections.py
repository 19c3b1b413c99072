"""Connections to the database: one that is lost, and one that holds others up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection, connections


class Connection:
    """Lost at the ``number``-th statement, and of no use from then on until the process connects again."""

    def __init__(self, number: int) -> None:
        self._left = number
        self._is_lost = False

    @property
    def was_lost(self) -> bool:
        return self._left <= 0

    def connect(self) -> None:
        self._is_lost = False

    def __call__(self, execute: Any, sql: str, *args: Any) -> Any:
        self._left -= 1
        self._is_lost = self._is_lost or self._left == 0
        if self._is_lost:
            raise OperationalError(2006, "Server has gone away")
        return execute(sql, *args)


@contextmanager
def lost_at(number: int) -> Iterator[Connection]:
    """Have the connection lost at that statement, unless there are fewer."""
    state = Connection(number)
    reconnects = patch.object(connections["default"], "close_if_unusable_or_obsolete", state.connect)
    with reconnects, connection.execute_wrapper(state):
        yield state


@contextmanager
def held(work: Callable[[], Any], at: str) -> Iterator[list[Any]]:
    """Have ``work`` done on another connection, which stops before a statement that has ``at`` in it.

    It goes on when the block ends; what it returned is in the list then.
    """
    reached, go_on = Event(), Event()
    results: list[Any] = []

    def stop(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if at in sql and not reached.is_set():
            reached.set()
            go_on.wait(timeout=30)
        return execute(sql, *rest)

    def run() -> None:
        try:
            with connection.execute_wrapper(stop):
                results.append(work())
        finally:
            reached.set()
            connection.close()

    thread = Thread(target=run)
    thread.start()
    try:
        assert reached.wait(timeout=30)
        yield results
    finally:
        go_on.set()
        thread.join(timeout=60)


@contextmanager
def upgrades() -> Iterator[list[str]]:
    """The statements that write in a transaction which has only read before.

    SQLite refuses these at once where another connection is about to write, however long it may wait otherwise.
    """
    found: list[str] = []
    has_read: dict[int, bool] = {}

    def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if connection.in_atomic_block:
            transaction = id(connection.atomic_blocks[0])
            writes = sql.startswith(("INSERT", "UPDATE", "DELETE"))
            if writes and has_read.get(transaction):
                found.append(sql)
            if writes or sql.startswith("SELECT"):
                has_read.setdefault(transaction, not writes)
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        yield found
