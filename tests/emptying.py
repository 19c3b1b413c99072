"""Tests that commit leave an empty database behind, faster than Django makes it one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

# What migrations fill. Django empties these as well, and fills them again, after each test.
_FILLED = ("contenttypes.ContentType", "auth.Permission", "sites.Site")

_django_empties = TransactionTestCase._fixture_teardown


@contextmanager
def quick_emptying() -> Iterator[None]:
    """Have rows deleted where Django empties whole tables; what migrations have filled stays while it is the same."""
    filled: list[Any] = []

    def empty(test: Any) -> None:
        connection = connections["default"]
        if filled != _filled():
            _django_empties(test)
            filled[:] = _filled()
            return
        # Neither SQLite nor MariaDB looks in what order rows go; PostgreSQL looks when the transaction ends.
        with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
            for statement in _deletions(connection):
                cursor.execute(statement)

    with patch.object(TransactionTestCase, "_fixture_teardown", empty):
        yield


def _filled() -> list[Any]:
    return [list(apps.get_model(label)._default_manager.order_by("pk").values_list()) for label in _FILLED]


@cache
def _deletions(connection: BaseDatabaseWrapper) -> list[str]:
    kept = {apps.get_model(label)._meta.db_table for label in _FILLED}
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted(set(tables) - kept)]
