"""Where things are measured: SQLite in a directory of its own, or a new database of a MariaDB server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

# What a module can need: nothing, tables on SQLite, or tables on MariaDB.
NOTHING, SQLITE, MARIADB = "nothing", "sqlite", "mariadb"


@contextmanager
def environment(needs: str, name: str) -> Iterator[dict[str, str]]:
    """The environment of a process that has what it ``needs``; a database of that ``name`` is dropped afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        variables = {**os.environ, "DEMO_DATA_DIR": directory, "DJANGO_SETTINGS_MODULE": "demo.settings"}
        variables |= {"DATABASE_URL": f"sqlite:///{directory}/db.sqlite3", "DELIVERY": "manual"}
        if needs != MARIADB:
            yield variables
            return
        with database(name) as url:
            yield variables | {"DATABASE_URL": url}


@contextmanager
def database(name: str) -> Iterator[str]:
    """The address of a new database of the server at ``MARIADB_URL``."""
    execute(f"DROP DATABASE IF EXISTS {name}")
    execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield urlsplit(server())._replace(path=f"/{name}").geturl()
    finally:
        execute(f"DROP DATABASE IF EXISTS {name}")


def server() -> str:
    return os.environ.get("MARIADB_URL", "")


def login() -> dict[str, Any]:
    """How the driver reaches the server."""
    at = urlsplit(server())
    return {"host": at.hostname, "port": at.port or 3306, "user": at.username or "", "password": at.password or ""}


def why_no_mariadb() -> str:
    """Why nothing can be measured on MariaDB; empty where it can."""
    if not server():
        return "MARIADB_URL names no server"
    try:
        execute("SELECT 1")
    except Exception as error:  # no driver, no server, no permission
        return f"{server()} does not answer: {error}"
    return ""


def execute(sql: str) -> None:
    import MySQLdb  # only there

    with closing(MySQLdb.connect(**login())) as connection:
        connection.cursor().execute(sql)
