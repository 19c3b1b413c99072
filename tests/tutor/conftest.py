"""What Tutor makes of the plugin: its real command line renders all files into a directory of the test's."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

CHANGED = {
    "RUN_REDIS": "false",
    "REDIS_HOST": "redis.example.com",
    "REDIS_USERNAME": "edx",
    "REDIS_PASSWORD": "a/b@c",
    "ACCREDIBLE_PIP_REQUIREMENT": "git+https://git.example.com/credentials-accredible@main",
    "ACCREDIBLE_SETTINGS": '{"DELIVERY": "manual", "RUN_DAYS": null, "REDIS_URL": ""}',
    "ACCREDIBLE_EVENTS": '{"org.openedx.learning.course.enrollment.created.v1": "enrollment.course.course_key"}',
    "ACCREDIBLE_TOPIC": "badges",
    "ACCREDIBLE_SEND_SIGNALS": "true",
    "ACCREDIBLE_BROKER_REDIS_DB": "4",
    "ACCREDIBLE_DELIVERY_SCHEDULE": "*/5 * * * *",
}
PLUGINS = ["mfe", "discovery", "credentials", "accredible"]


@dataclass(frozen=True)
class Rendered:
    """The environment that Tutor has generated."""

    env: Path

    def text(self, path: str) -> str:
        return (self.env / path).read_text(encoding="utf-8")

    def compose(self) -> dict[str, Any]:
        """All services of ``tutor local``, by name."""
        files = ["local/docker-compose.yml", "local/docker-compose.prod.yml"]
        return {name: each for path in files for name, each in yaml.safe_load(self.text(path))["services"].items()}

    def kubernetes(self) -> dict[tuple[str, str], dict[str, Any]]:
        """All objects of ``tutor k8s``, by kind and name."""
        files = [f"k8s/{name}.yml" for name in ("deployments", "services", "volumes")]
        objects = [each for path in files for each in yaml.safe_load_all(self.text(path)) if each]
        return {(each["kind"], each["metadata"]["name"]): each for each in objects}

    def settings(self, path: str, **known: Any) -> dict[str, Any]:
        """What the plugin's part of these settings leaves, where the ``known`` ones were there before."""
        written = self.text(path)
        compile(written, path, "exec")
        part = written.partition("# Accredible\n")[2].partition("\n\n")[0]
        exec(part, known)
        return known


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """What Tutor generates where nobody has changed an option."""
    return _render(tmp_path_factory.mktemp("tutor"))


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """What it generates where every option has another value."""
    return _render(tmp_path_factory.mktemp("tutor"), **CHANGED)


def _render(root: Path, **options: str) -> Rendered:
    """Have Tutor enable the plugin, with that directory for all that is its own."""
    own = {"TUTOR_ROOT": str(root), "TUTOR_PLUGINS_ROOT": str(root / "plugins")}
    done = subprocess.run(
        [sys.executable, "-m", "tutor.commands.cli", "plugins", "enable", *PLUGINS],
        env={**os.environ, **own, **{f"TUTOR_{name}": value for name, value in options.items()}},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Rendered(root / "env")
