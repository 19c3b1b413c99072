"""Real brokers, and databases of their own on the servers of databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from kombu import Connection

from demo.emulator.server import Emulator
from tests.embedded_host import Host

URLS = {
    "rabbitmq": os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
    "redis": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
}
QUEUE = f"accredible_test_{os.getpid()}"

MARIADB_URL = os.environ.get("MARIADB_URL", "mysql://root@127.0.0.1:3306/accredible_test")
POSTGRES_URL = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/accredible_test")


@pytest.fixture(params=URLS, scope="module")
def broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A real broker, in which nothing is left behind."""
    url = URLS[request.param]
    if request.param == "redis":
        with redis.Redis.from_url(url) as client:
            before = set(client.keys())
            yield url
            new = set(client.keys()) - before
            if new:
                client.delete(*new)
    else:
        yield url
        with Connection(url) as connection:
            connection.default_channel.queue_delete(QUEUE)
            connection.default_channel.exchange_delete(QUEUE)


@pytest.fixture
def mariadb_host(emulator: Emulator, tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Makes a host on a new database with the character set that is asked for, on a MariaDB or MySQL server."""
    import MySQLdb

    url = urlsplit(MARIADB_URL)
    login: dict[str, Any] = {
        "host": url.hostname,
        "port": url.port or 3306,
        "user": url.username,
        "password": url.password or "",
    }
    made: list[str] = []

    def execute(sql: str) -> None:
        with closing(MySQLdb.connect(**login)) as server:
            server.cursor().execute(sql)

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


@pytest.fixture
def postgres_host(emulator: Emulator, tmp_path: Path) -> Iterator[Callable[[], Host]]:
    """Makes a host on a new database on a PostgreSQL server."""
    import psycopg

    url = urlsplit(POSTGRES_URL)
    made: list[str] = []

    def address(name: str) -> str:
        return urlunsplit(url._replace(scheme="postgres", path=f"/{name}"))

    def execute(sql: str) -> None:
        with psycopg.connect(address("postgres"), autocommit=True) as server:
            server.execute(sql)

    def make() -> Host:
        name = f"accredible_test_{os.getpid()}_{len(made)}"
        execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        execute(f"CREATE DATABASE {name}")
        made.append(name)
        host = Host(tmp_path, address(name), emulator.url, lambda: psycopg.connect(address(name)))
        host.set_up()
        return host

    yield make
    for name in made:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["mariadb", "postgres"])
def server_host(request: pytest.FixtureRequest) -> Callable[[], Host]:
    """Makes a host on a new database, on either server."""
    make: Callable[[], Host] = request.getfixturevalue(f"{request.param}_host")
    return make


@pytest.fixture
def database_host(server_host: Callable[[], Host]) -> Host:
    """A host on a new database, on either server."""
    return server_host()
