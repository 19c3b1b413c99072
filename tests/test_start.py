"""What the service loads when it starts with the plugin: little that is heavy, and nothing from the database."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from credentials_accredible import api, client

ROOT = Path(__file__).resolve().parent.parent
# Time and memory that the service can do without until they are used. PyYAML comes with the host's drf-yasg.
HEAVY = {"celery", "kombu", "psutil", "pydantic", "redis", "rich", "tenacity"}
# What only some commands, pages and workers need.
ROOMS = {"accounts", "adoption", "overview", "portability", "retirement", "snapshots", "sync"}

_START = """
import json, sys
from django.db.backends.base.base import BaseDatabaseWrapper

def connect(*_args, **_kwargs):
    raise SystemExit("The database was asked.")

BaseDatabaseWrapper.connect = connect
import django
django.setup()
print(json.dumps(list(sys.modules)))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules after the start of the embedded host, in which nothing may ask the database."""
    done = subprocess.run([sys.executable, "-c", _START], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_the_service_starts_without_heavy_libraries(loaded: set[str]) -> None:
    assert HEAVY & loaded == set()


def test_the_service_starts_without_rooms_that_only_some_work_needs(loaded: set[str]) -> None:
    assert "credentials_accredible.api" in loaded
    assert sorted(room for room in ROOMS if f"credentials_accredible.{room}" in loaded) == []


@pytest.mark.parametrize("module", [api, client])
def test_names_come_from_where_readers_and_tools_are_told(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    told = {alias.name: node.module for node in block.body for alias in node.names}  # type: ignore[attr-defined]

    assert sorted(told) == module.__all__
    for name, home in told.items():
        assert getattr(module, name) is getattr(sys.modules[home], name)


def test_a_name_that_nobody_offers_is_an_error_as_anywhere() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        api.nonsense  # type: ignore[attr-defined]  # noqa: B018
