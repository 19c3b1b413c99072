"""The server itself: many requests at once, the record of them, quick and quiet ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import CHECKOUT, PATIENCE, Api
from tests.emulator.conftest import KEY

DETAILS = "/v1/issuer/details"


def test_requests_are_served_side_by_side(emulator: Emulator, account: Account) -> None:
    emulator.fault("slow", seconds=0.3, times=8)

    def ask() -> None:
        with Api(emulator.url, KEY) as api:
            api.get(DETAILS)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert time.monotonic() - start < 1.5
    assert [record.status for record in emulator.requests] == [200] * 8


def test_every_request_is_recorded(emulator: Emulator, account: Account, api: Api) -> None:
    before = time.time()
    api.post("/v1/issuer/groups/search?x=1", {"page": 2}, headers={"Accredible-Integration": "test"})
    api.get("/v1/designs/1")
    requests.get(emulator.url_of("eu") + DETAILS, timeout=PATIENCE)
    emulator.fault("cut_before")
    with pytest.raises(requests.exceptions.ConnectionError):
        api.delete("/v1/credentials/1")

    search, view, stranger, cut = emulator.requests

    assert (search.method, search.path, search.query) == ("POST", "/v1/issuer/groups/search", {"x": "1"})
    assert (search.json, search.body, search.status, search.fault) == ({"page": 2}, '{"page": 2}', 200, None)
    assert search.headers["Accredible-Integration"] == "test"
    assert search.headers["Authorization"] == f"Token token={KEY}"
    assert before <= search.time <= time.time()
    assert search.seconds is not None
    assert (view.method, view.json, view.status) == ("GET", None, 404)
    assert (stranger.environment, stranger.path, stranger.status) == ("eu", DETAILS, 401)
    assert (cut.method, cut.status, cut.fault) == ("DELETE", None, "cut_before")


@pytest.mark.parametrize("kind", ["hang", "slow", "drip"])
def test_stopping_is_quick_whoever_waits(kind: Any) -> None:
    failures: list[Exception] = []

    def ask(url: str) -> None:
        with Api(url, KEY) as api:
            try:
                api.get(DETAILS, timeout=20)
            except requests.exceptions.RequestException as error:
                failures.append(error)

    with Emulator() as emulator:
        emulator.add_account(key=KEY)
        fault = emulator.fault(kind, seconds=30)
        thread = threading.Thread(target=ask, args=[emulator.url])
        thread.start()
        while not fault.hits:
            time.sleep(0.01)
        start = time.monotonic()
    stopped = time.monotonic() - start
    thread.join(5)

    assert stopped < 1
    assert not thread.is_alive()
    assert len(failures) == 1


def test_stopped_it_refuses_and_started_again_it_goes_on_where_it_was() -> None:
    emulator = Emulator()
    emulator.start()
    emulator.add_account(key=KEY, seed=3)
    url = emulator.url
    with Api(url, KEY) as api:
        api.get(DETAILS)
        emulator.stop()
        emulator.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            api.get(DETAILS)

        with emulator:
            emulator.start()
            assert emulator.url == url
            assert api.groups()["meta"]["total_count"] == 3


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Emulator(host)


QUIET = """
import requests
from demo.emulator.server import Emulator

with Emulator() as emulator, requests.Session() as session:
    emulator.add_account(key="k", seed=5)
    session.headers["Authorization"] = "Token token=k"
    for kind, options in [
        ("cut_before", {}), ("cut_after", {}), ("cut_before", {"how": "rst"}), ("cut_after", {"how": "rst"}),
        ("hang", {}), ("slow", {"seconds": 9}), ("drip", {}), ("hang", {"seconds": 0.1}),
    ]:
        emulator.fault(kind, **options)
        try:
            print(kind, session.get(emulator.url + "/v1/issuer/details", timeout=0.15, stream=True))
        except requests.exceptions.RequestException as error:
            print(kind, type(error).__name__)
    session.get(emulator.url + "/v1/issuer/details")
print("done")
"""


def test_nothing_is_said_on_standard_error() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", QUIET],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=CHECKOUT,
    )

    assert run.stdout.endswith("done\n")
    assert run.stderr == ""
    assert run.returncode == 0
