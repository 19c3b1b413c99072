"""A connection to the database that is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
