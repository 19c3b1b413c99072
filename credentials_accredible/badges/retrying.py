"""Trying a transaction again where the database says that it may work next time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, connections, router

from credentials_accredible.models import BadgeProgress

T = TypeVar("T")

# Deadlocks are a part of life with MySQL, connections get lost, and two workers can want to make the same row.
_PASSING = (OperationalError, InterfaceError, IntegrityError)
_ATTEMPTS = 5
_FIRST_WAIT = 0.05


def retrying(work: Callable[[], T]) -> T:
    """What ``work`` returns, tried again for about a second after errors that can pass.

    Within a transaction of the caller's it is tried once: the transaction is lost with it.
    """
    for attempt in range(_ATTEMPTS - 1):
        try:
            return work()
        except _PASSING:
            if not let_go_of_lost_connection():
                raise
            time.sleep(_FIRST_WAIT * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
    return work()


def let_go_of_lost_connection() -> bool:
    """Have the next query connect anew where the connection is lost; False within a transaction, which cannot go on."""
    connection = connections[router.db_for_write(BadgeProgress)]
    if connection.in_atomic_block:
        return False
    connection.close_if_unusable_or_obsolete()
    return True
