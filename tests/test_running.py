"""The lines of the page about running it work as they stand, from the empty environment of cron and systemd."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import modify_settings
from openedx_events.management.commands.consume_events import Command as ConsumeEvents

from credentials_accredible.host import event_bus
from demo.emulator.server import Emulator
from tests.embedded_host import ROOT, Host, SqliteHosts

PAGE = (ROOT / "docs" / "running.rst").read_text(encoding="utf-8")
PYTHON = "/edx/app/credentials/venvs/credentials/bin/python"
AWARD = (
    "from credentials_accredible import api; from credentials_accredible.models import *;"
    "from tests.factories import make_badge;"
    "api.sync(AccredibleAPIConfig.objects.get()); make_badge(AccredibleGroup.objects.get())"
)


def blocks(language: str) -> list[str]:
    """What the page shows in that language."""
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", PAGE, re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


[CRONTAB] = blocks("text")
VARIABLES = dict(re.findall(r"^([A-Z_]+)=(.*)$", CRONTAB, re.MULTILINE))
JOBS = re.findall(r"^(?:\S+ +){5}credentials +(.*)$", CRONTAB, re.MULTILINE)


def units() -> dict[str, RawConfigParser]:
    """The unit files of systemd, by name; an option that is there several times has several lines."""
    found = {}
    for block in blocks("ini"):
        parser = RawConfigParser(strict=False, comment_prefixes="#")
        parser.optionxform = str
        several = re.sub(r"\nEnvironment=(.*)\nEnvironment=", r"\nEnvironment=\1 ", block)
        parser.read_string(several.replace("\\\n", ""))
        found[re.findall(r"/etc/systemd/system/(\S+)", block)[0]] = parser
    return found


UNITS = units()


@pytest.fixture
def host(emulator: Emulator, account: Any, tmp_path: Path, sqlite_host: SqliteHosts) -> Host:
    """An installation with a badge that is due."""
    account.add_group(name="badge", course_name="Badge")
    made = sqlite_host(tmp_path, emulator.url)
    made.manage("shell", "-c", AWARD)
    return made


@pytest.fixture
def run(host: Host) -> Callable[..., subprocess.Popen[str]]:
    """Start a command with nothing in its environment but ``known``, and what the service's own settings are."""
    own = ("DEMO_DATA_DIR", "DATABASE_URL", "ACCREDIBLE_EMULATOR_URL", "DELIVERY")
    settings = {name: host.environment[name] for name in own}

    def start(command: list[str], known: dict[str, str], directory: str = "/") -> subprocess.Popen[str]:
        assert known["DJANGO_SETTINGS_MODULE"] == "credentials.settings.production"
        environment = {**known, **settings, "DJANGO_SETTINGS_MODULE": "demo.settings"}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=environment, cwd=directory, text=True, **streams)

    return start


def as_cron_does(job: str) -> tuple[list[str], dict[str, str]]:
    variables = {**VARIABLES, "PYTHON": sys.executable, "MANAGE": str(ROOT / "manage.py")}
    assert set(VARIABLES) == {"DJANGO_SETTINGS_MODULE", "CREDENTIALS_CFG", "PYTHON", "MANAGE", "MAILTO"}
    return ["/bin/sh", "-c", job], {"PATH": "/usr/bin:/bin", "HOME": "/", **variables}


def test_the_crontab_has_all_that_has_to_run_now_and_then() -> None:
    assert [re.findall(r"accredible_\w+", job)[0] for job in JOBS] == [
        "accredible_deliver",
        "accredible_sync",
        "accredible_prune",
        "accredible_reconcile",
    ]


@pytest.mark.parametrize("job", JOBS)
def test_a_line_of_the_crontab_works_and_is_silent(job: str, run: Callable[..., Any]) -> None:
    process = run(*as_cron_does(job))

    assert process.communicate(timeout=120) == ("", "")
    assert process.returncode == 0


def told(run: Callable[..., Any]) -> list[str]:
    """What the crontab's delivery says to the reader of the mail of cron."""
    process = run(*as_cron_does(JOBS[0]))
    out, error = process.communicate(timeout=120)
    assert out == ""
    # The log of the embedded host goes there as well.
    lines = [line for line in error.splitlines() if "CommandError" in line]
    assert process.returncode == (1 if lines else 0)
    return lines


def test_an_outage_is_silent(emulator: Emulator, run: Callable[..., Any]) -> None:
    outage = emulator.fault("status", status=500, times=None)

    assert told(run) == []
    assert outage.hits


def test_a_refusal_is_told_once(emulator: Emulator, run: Callable[..., Any]) -> None:
    emulator.fault(
        "reply", status=422, body={"errors": {"meta_data": ["is wrong"]}}, path="/v1/credentials", method="POST"
    )

    [line] = told(run)
    assert "Main: 1 badge was refused or given up" in line
    assert told(run) == []


@pytest.mark.parametrize("name", ["accredible-sync.service", "accredible-deliver.service"])
def test_a_unit_of_systemd_works(name: str, host: Host, run: Callable[..., Any]) -> None:
    service = UNITS[name]["Service"]
    environment = dict(part.split("=", 1) for part in service["Environment"].split())
    assert service["WorkingDirectory"] == "/edx/app/credentials/credentials"
    python, *arguments = shlex.split(service["ExecStart"])
    assert python == PYTHON

    process = run([sys.executable, *arguments], environment, str(ROOT))
    if "--watch" in arguments:
        until = time.monotonic() + 60
        while not host.rows("SELECT 1 FROM credentials_accredible_accrediblebadge WHERE state = 'accepted'"):
            assert time.monotonic() < until
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)

    assert process.returncode == 0


def test_every_timer_has_its_service() -> None:
    timers = [name.removesuffix(".timer") for name in UNITS if name.endswith(".timer")]

    assert timers == ["accredible-sync"]
    assert all(f"{name}.service" in UNITS for name in timers)


def test_the_consumer_reads_what_was_sent_while_it_was_away() -> None:
    _python, _manage, _command, *arguments = shlex.split(UNITS["accredible-consumer.service"]["Service"]["ExecStart"])

    options = ConsumeEvents().create_parser("manage.py", "consume_events").parse_args(arguments)

    assert (options.topic, options.group_id) == (["learning-badges-lifecycle"], ["accredible"])
    assert json.loads(options.extra) == {"consumer_name": "accredible", "check_backlog": True}


def test_the_settings_of_the_service_bring_events_in_and_out(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The service has this package.
    monkeypatch.setattr(event_bus, "find_spec", lambda package: package if package == "edx_event_bus_redis" else None)
    for block in blocks("yaml")[:-1]:
        for name, value in yaml.safe_load(block).items():
            setattr(settings, name, value)
    settings.BADGES_ENABLED = True

    with modify_settings(INSTALLED_APPS={"append": "openedx_events"}):
        assert event_bus.incoming_doubts() == event_bus.outgoing_doubts() == []


def test_the_cron_job_of_kubernetes_works(run: Callable[..., Any]) -> None:
    job = yaml.safe_load(blocks("yaml")[-1])
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    python, *arguments = container["command"]
    assert python == "python"

    process = run([sys.executable, *arguments], {each["name"]: each["value"] for each in container["env"]}, str(ROOT))

    process.communicate(timeout=120)
    assert process.returncode == 0
