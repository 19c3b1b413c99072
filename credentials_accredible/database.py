"""What all of the plugin asks of the database: Unicode, and transactions that are tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.apps import apps
from django.db import IntegrityError, InterfaceError, OperationalError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

# Up to Django 5.1, connections to MySQL and MariaDB speak utf8mb3 unless the operator says otherwise: three bytes a
# character, no emoji. utf8mb4 holds all of it, and is Django's own default since 5.2.
_NARROW = {"utf8", "utf8mb3"}


@receiver(connection_created, dispatch_uid="credentials_accredible.widen_mysql_charset")
def widen_mysql_charset(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let a new connection to MySQL or MariaDB carry characters of four bytes."""
    if connection.vendor == "mysql" and connection.connection.character_set_name() in _NARROW:
        connection.connection.set_character_set("utf8mb4")


def widen_tables(apps: Any, schema_editor: Any) -> None:
    """Convert the plugin's tables to utf8mb4, where a database on MySQL or MariaDB made them with less.

    An operation for ``RunPython``: a migration that adds tables runs it last.
    """
    connection = schema_editor.connection
    if connection.vendor != "mysql":
        return
    models = apps.get_app_config("credentials_accredible").get_models(include_auto_created=True)
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            " AND table_name IN %s AND table_collation NOT LIKE %s",
            [tables, "utf8mb4%"],
        )
        narrow = [row[0] for row in cursor.fetchall()]
        for table in narrow:
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} CONVERT TO CHARACTER SET utf8mb4")


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
    connection = connections[router.db_for_write(apps.get_model("credentials_accredible", "BadgeProgress"))]
    if connection.in_atomic_block:
        return False
    connection.close_if_unusable_or_obsolete()
    return True
