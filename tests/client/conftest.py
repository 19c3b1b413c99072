"""What the client's tests share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import responses

from credentials_accredible.client import AccredibleClient, ClientOptions, rate_limit, shared_rate_limit
from credentials_accredible.client import transport as transport_module
from credentials_accredible.client.transport import Transport
from credentials_accredible.secrets import Secret
from tests.client.server import Request, Script, Server

API = "https://api.accredible.test"
KEY = "k3y0123456789abcdef"

OPTIONS: dict[str, Any] = {
    "connect_timeout": 2,
    "read_timeout": 2,
    "attempts": 3,
    "max_wait": 20,
    "max_reply_bytes": 1_000_000,
    "page_size": 10,
    "concurrency": 4,
    "rate_limit": (1_000_000, 1),
}


@pytest.fixture(autouse=True)
def limiters_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for what another one has sent."""
    monkeypatch.setattr(transport_module, "_limiters", {})


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float, stop: threading.Event) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no CA bundle but those that a test sets."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limit, "pause", clock.pause)
    for module in (rate_limit, shared_rate_limit, transport_module):
        monkeypatch.setattr(module, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def accredible() -> Iterator[responses.RequestsMock]:
    """Answers in place of the network."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers on real sockets."""
    with ExitStack() as stack:

        def start(script: Callable[[Request], Script], **options: Any) -> Server:
            return stack.enter_context(Server(script, **options))

        yield start


def open_transport(url: str = API, key: str = KEY, **options: Any) -> Transport:
    return Transport(url, Secret(plain=key), ClientOptions(**{**OPTIONS, **options}))


def open_client(url: str = API, **options: Any) -> AccredibleClient:
    return AccredibleClient(url, Secret(plain=KEY), ClientOptions(**{**OPTIONS, **options}))


@pytest.fixture
def transport() -> Iterator[Transport]:
    opened = open_transport()
    yield opened
    opened.close()


@pytest.fixture
def client() -> Iterator[AccredibleClient]:
    with open_client() as opened:
        yield opened
