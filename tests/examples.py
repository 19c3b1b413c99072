"""How many examples a property is tried with."""

from __future__ import annotations

from django.db import connection


def examples(number: int) -> int:
    """So many on SQLite. What holds there is tried on a server with a third: each example takes longer there."""
    return number if connection.vendor == "sqlite" else max(4, number // 3)
