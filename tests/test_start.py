"""What the service loads when it starts with the plugin: little that is heavy, and nothing from the database."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench.start import EVENT_BUS
from credentials_accredible import api, client

ROOT = Path(__file__).resolve().parent.parent
# Time and memory that the service can do without until they are used. PyYAML comes with the host's drf-yasg.
HEAVY = {"celery", "kombu", "psutil", "pydantic", "redis", "rich", "tenacity"}
# Of what the real service does without at its start, all that comes with the plugin: see docs/performance.rst.
BROUGHT = ["cryptography", "model_utils"]
# What only some commands, pages and workers need.
ROOMS = {"accounts", "adoption", "overview", "portability", "retirement", "snapshots", "sync"}

_START = """
import json, sys
from django.db.backends.base.base import BaseDatabaseWrapper

def connect(*_args, **_kwargs):
    raise SystemExit("The database was asked.")

BaseDatabaseWrapper.connect = connect
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check"])
print(json.dumps(list(sys.modules)))
"""


def modules(settings: str) -> set[str]:
    """The modules after ``check`` with these settings, in which nothing may ask the database."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "EVENT_BUS": EVENT_BUS}
    command = [sys.executable, "-c", _START]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    return modules("demo.settings")


def test_the_service_starts_without_heavy_libraries(loaded: set[str]) -> None:
    assert HEAVY & loaded == set()


def test_the_service_starts_without_rooms_that_only_some_work_needs(loaded: set[str]) -> None:
    assert "credentials_accredible.api" in loaded
    assert sorted(room for room in ROOMS if f"credentials_accredible.{room}" in loaded) == []


def test_what_the_plugin_adds_is_measured_beside_a_host_that_loads_what_the_service_loads(loaded: set[str]) -> None:
    added = {name.partition(".")[0] for name in loaded - modules("bench.host_alone")}
    assert sorted(added - {"credentials_accredible", "demo"}) == BROUGHT


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
