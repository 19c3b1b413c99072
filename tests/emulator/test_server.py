"""The server itself: kept connections, the record of requests, quick and quiet ends."""

from __future__ import annotations

import socket
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


def connections_opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that grows with every connection that is opened."""
    opened: list[Any] = []
    connect = socket.socket.connect

    def counting(self: socket.socket, address: Any) -> None:
        opened.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", counting)
    return opened


def test_one_connection_serves_many_requests(account: Account, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = connections_opened(monkeypatch)
    group = account.add_group()["id"]

    api.get(DETAILS)
    api.create(group)
    api.create(group)
    api.get("/v1/designs/1")
    api.request("HEAD", DETAILS)
    api.post("/v1/credentials", [])
    api.delete("/v1/credentials/none")
    api.request("POST", "/v1/issuer/groups/search", data=iter([b"{}"]), headers={"Content-Type": "application/json"})

    assert len(opened) == 1


def test_every_reply_tells_its_length(account: Account, api: Api) -> None:
    design = account.add_design()
    for path in (DETAILS, "/v1/designs/1", f"/designs/{design['id']}.png", "/nothing", "/_emulator/"):
        reply = api.get(path)
        assert int(reply.headers["Content-Length"]) == len(reply.content), path
        assert reply.raw.version == 11


def test_a_client_can_ask_to_close(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = connections_opened(monkeypatch)

    for _ in range(3):
        assert api.get(DETAILS, headers={"Connection": "close"}).headers["Connection"] == "close"

    assert len(opened) == 3


def test_small_requests_do_not_wait_for_each_other(api: Api) -> None:
    start = time.monotonic()
    for _ in range(50):
        api.get(DETAILS)

    assert time.monotonic() - start < 1


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


def test_credentials_made_at_once_are_all_different(emulator: Emulator, account: Account) -> None:
    group = account.add_group()["id"]
    statuses: list[int] = []

    def create(worker: int) -> None:
        with Api(emulator.url, KEY) as api:
            statuses.extend(api.create(group, f"{number}@example.org").status_code for number in range(10))

    threads = [threading.Thread(target=create, args=[worker]) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] * 10 + [422] * 30
    assert len({credential["id"] for credential in account.credentials()}) == 10


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


def test_a_reset_forgets_everything(emulator: Emulator, account: Account, api: Api) -> None:
    account.add_group()
    emulator.fault("status", status=500, times=None)
    emulator.rate_limit(0)

    emulator.reset()

    assert emulator.requests == []
    assert api.get(DETAILS).status_code == 401
    emulator.add_account(key=KEY)
    assert api.groups()["groups"] == []


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


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_every_name_of_this_machine_is_served(host: str) -> None:
    with Emulator(host) as emulator:
        design = emulator.add_account(key=KEY).add_design()

        assert requests.get(design["rasterized_content_url"], timeout=PATIENCE).status_code == 200


def test_a_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Emulator(port=taken.getsockname()[1]).start()


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
