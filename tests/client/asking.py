"""One request, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import RequestFailed
from tests.client.conftest import API, open_transport
from tests.client.server import Server

URL = f"{API}/v1/things"
HEAD = b"HTTP/1.1 200 OK\r\n"

Serve = Callable[..., Server]


def ask(transport: Transport, method: str = "GET", **options: Any) -> Any:
    return transport.request(method, "/v1/things", **{"idempotent": True, **options})


def failure(serve: Serve, *parts: Any, **options: Any) -> RequestFailed:
    """The exception for what a server on a real socket sends, with one try."""
    server = serve(lambda request: parts)
    with pytest.raises(RequestFailed) as caught:
        ask(open_transport(server.url, **{"attempts": 1, **options}))
    return caught.value
