"""``python -m demo.emulator``."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from demo.emulator.__main__ import main
from tests.emulator.api import CHECKOUT, PATIENCE, Api

COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "demo.emulator"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The emulator as a process, and what it said when it was ready."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line.rstrip("\n"))
                if "Ctrl-C" in line:
                    break
            yield process, said
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_what_it_says_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with running("--port", "0", "--groups", "60", "--key", "my-key", "--rate-limit", "4") as (process, said):
        url = next(word for word in said[0].split() if word.startswith("http://"))
        keys = [line.split("API key ")[1].split(":")[0] for line in said if "API key " in line]
        with Api(url, keys[0]) as api:
            counts = [api.groups()["meta"]["total_count"]]
            for key in keys[1:]:
                api.session.headers["Authorization"] = f"Token token={key}"
                counts.append(api.groups()["meta"]["total_count"])
            api.groups()
            limited = api.post("/v1/issuer/groups/search", {}).status_code
        overview = requests.get(f"{url}/_emulator/", timeout=PATIENCE)
        process.send_signal(number)
        _, error = process.communicate(timeout=5)

    assert "60 groups" in said[0]
    assert keys[0] == "my-key"
    assert counts == [60, 36, 24]
    assert limited == 429
    assert overview.status_code == 200
    assert any("/_emulator/faults" in line for line in said)
    assert (process.returncode, error) == (0, "")


def test_a_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = main(["--port", str(port)])

    assert status == 1
    assert capsys.readouterr() == ("", f"Port {port} on 127.0.0.1 is in use; choose another with --port.\n")
