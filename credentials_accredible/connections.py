"""Keeps database connections able to carry all of Unicode."""

from __future__ import annotations

from typing import Any

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
