"""The distribution, built from a clean copy of the checkout, and hosts in fresh virtualenvs that have it installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = "credentials_accredible"

# The requirements that hold a host to its versions.
HOSTS = {"django-4.2-as-in-sumac": "host-sumac.txt", "django-5.2": "demo.txt"}


@dataclass(frozen=True)
class Distribution:
    """What is published."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Host:
    """The embedded host without its checkout: Python finds the plugin where it was installed, or not at all."""

    directory: Path
    python: Path

    def run(self, *arguments: str) -> str:
        """What Python prints, run with these arguments; a failure shows what it wrote to both streams."""
        return run([self.python, *arguments], cwd=self.directory)

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        return self.run("-W", "error::RuntimeWarning", "manage.py", *arguments)


def run(command: list[Any], cwd: Path) -> str:
    """The output of a command, which gets nothing of this process's Python settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO_"))}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """The sdist, and the wheel built from it."""
    copy = tmp_path_factory.mktemp("checkout") / "copy"
    # Without what earlier builds left behind: setuptools would pack it again.
    leftovers = shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "__pycache__")
    shutil.copytree(CHECKOUT, copy, ignore=leftovers)
    target = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", target, copy], cwd=target)
    (sdist,) = target.glob("*.tar.gz")
    (wheel,) = target.glob("*.whl")
    return Distribution(sdist, wheel)


@pytest.fixture(scope="session", params=HOSTS.values(), ids=HOSTS)
def host(request: pytest.FixtureRequest, distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A migrated host in a fresh virtualenv with the wheel."""
    directory = tmp_path_factory.mktemp("host")
    run([sys.executable, "-m", "venv", directory / "venv"], cwd=directory)
    python = directory / "venv" / "bin" / "python"
    requirements = CHECKOUT / "requirements"
    constraints = requirements / request.param
    run(
        [python, "-m", "pip", "install", "-qq", distribution.wheel, "-r", requirements / "demo.in", "-c", constraints],
        cwd=directory,
    )
    shutil.copytree(CHECKOUT / "demo", directory / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "manage.py", directory)
    shutil.copy(Path(__file__).with_name("probe.py"), directory)
    host = Host(directory, python)
    host.manage("migrate", "--verbosity", "0")
    return host


@pytest.fixture(scope="session")
def findings(host: Host) -> dict[str, Any]:
    """What ``probe.py`` finds inside the host."""
    found: dict[str, Any] = json.loads(host.run("probe.py"))
    return found
