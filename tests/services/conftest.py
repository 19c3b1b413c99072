"""Databases of their own on a MariaDB or MySQL server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from demo.emulator.server import Emulator
from tests.host import Host

DEFAULT_URL = "mysql://root@127.0.0.1:3306/accredible_test"


@pytest.fixture
def mariadb_host(emulator: Emulator, tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Makes a host on a new database with the character set that is asked for."""
    import MySQLdb

    url = urlsplit(os.environ.get("MARIADB_URL", DEFAULT_URL))
    login: dict[str, Any] = {
        "host": url.hostname,
        "port": url.port or 3306,
        "user": url.username,
        "password": url.password or "",
    }
    made: list[str] = []

    def execute(sql: str) -> None:
        server = MySQLdb.connect(**login)
        server.cursor().execute(sql)
        server.close()

    def make(charset: str = "utf8mb4") -> Host:
        name = f"accredible_test_{os.getpid()}_{len(made)}"
        execute(f"DROP DATABASE IF EXISTS {name}")
        execute(f"CREATE DATABASE {name} CHARACTER SET {charset}")
        made.append(name)
        address = urlunsplit((url.scheme, url.netloc, f"/{name}", f"charset={charset}", ""))
        host = Host(tmp_path, address, emulator.url, lambda: MySQLdb.connect(**login, database=name, charset="utf8mb4"))
        host.set_up()
        return host

    yield make
    for name in made:
        execute(f"DROP DATABASE {name}")
