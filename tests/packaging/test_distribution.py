"""What is in the sdist and in the wheel."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message

import pytest

from tests.packaging.conftest import CHECKOUT, PACKAGE, Distribution, run

pytestmark = pytest.mark.packaging


def _names(distribution: Distribution) -> set[str]:
    with zipfile.ZipFile(distribution.wheel) as wheel:
        return set(wheel.namelist())


def _read(distribution: Distribution, name: str) -> bytes:
    with zipfile.ZipFile(distribution.wheel) as wheel:
        (full,) = [member for member in wheel.namelist() if member.endswith(f".dist-info/{name}")]
        return wheel.read(full)


def _metadata(distribution: Distribution) -> Message:
    return message_from_bytes(_read(distribution, "METADATA"))


def test_the_wheel_holds_every_file_of_the_package(distribution: Distribution) -> None:
    files = (path for path in (CHECKOUT / PACKAGE).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    expected = {path.relative_to(CHECKOUT).as_posix() for path in files}
    assert {name for name in _names(distribution) if name.startswith(f"{PACKAGE}/")} == expected


def test_the_wheel_holds_migrations_and_templates(distribution: Distribution) -> None:
    names = _names(distribution)
    assert f"{PACKAGE}/migrations/0001_initial.py" in names
    assert any(name.startswith(f"{PACKAGE}/templates/") for name in names)


def test_the_wheel_holds_compiled_translations(distribution: Distribution) -> None:
    names = _names(distribution)
    for language in ("es_419", "uk"):
        assert f"{PACKAGE}/locale/{language}/LC_MESSAGES/django.mo" in names


def test_the_wheel_holds_nothing_beside_the_package(distribution: Distribution) -> None:
    roots = {name.split("/")[0] for name in _names(distribution)}
    assert {root for root in roots if not root.endswith(".dist-info")} == {PACKAGE}


def test_the_sdist_leaves_tests_and_demo_out(distribution: Distribution) -> None:
    with tarfile.open(distribution.sdist) as sdist:
        roots = {name.split("/")[1] for name in sdist.getnames() if "/" in name}
    assert not roots & {"demo", "tests", "docs", ".venv"}
    assert {"setup.py", "README.rst", "LICENSE", "requirements"} <= roots


def test_the_host_finds_the_plugin_through_its_entry_point(distribution: Distribution) -> None:
    entry_points = _read(distribution, "entry_points.txt").decode()
    assert "[credentials.djangoapp]" in entry_points
    assert f"{PACKAGE}.apps:CredentialsAccredibleConfig" in entry_points


def test_requirements_are_lower_bounds_because_the_host_pins_its_own(distribution: Distribution) -> None:
    required = _metadata(distribution).get_all("Requires-Dist", [])
    assert any(line.lower().startswith("django>=4.2") for line in required)
    assert [line for line in required if "==" in line or "<" in line or "~=" in line] == []


def test_licence_and_python_version_are_declared(distribution: Distribution) -> None:
    metadata = _metadata(distribution)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]


def test_a_package_index_would_take_it(distribution: Distribution) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", distribution.sdist, distribution.wheel]
    assert run(command, cwd=CHECKOUT).count("PASSED") == 2
