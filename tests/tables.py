"""All that a database holds, for comparing before and after."""

from __future__ import annotations

from typing import Any

from django.db import connection


def dump() -> dict[str, list[Any]]:
    """Every row of every table, by table."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(cursor.fetchall(), key=repr)
    return found
