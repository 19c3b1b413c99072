"""Connections that are not made, or break, on real sockets."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
import urllib3.util.connection

from credentials_accredible.exceptions import Unavailable, UnexpectedReply
from tests.client.asking import HEAD, Serve, ask, failure
from tests.client.conftest import open_transport
from tests.client.server import CLOSE, reply


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([CLOSE], id="before-the-reply"),
        pytest.param([HEAD, b'Content-Length: 1000\r\n\r\n{"groups": []}', CLOSE], id="in-the-body"),
        pytest.param([HEAD, b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc", CLOSE], id="in-a-chunk"),
        pytest.param([HEAD, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", CLOSE], id="between-chunks"),
    ],
)
def test_a_connection_that_is_cut_is_unavailable_and_tried_again(serve: Serve, parts: list[Any]) -> None:
    answers = iter([parts, [reply({"ok": 1})], parts])
    server = serve(lambda request: next(answers))
    transport = open_transport(server.url, max_wait=0)

    assert ask(transport) == {"ok": 1}
    with pytest.raises(Unavailable) as caught:
        ask(transport, "POST", idempotent=False)
    assert caught.value.detail == "the connection was cut"
    assert len(server.requests) == 3


def test_a_reply_that_ends_in_its_head_is_not_an_answer(serve: Serve) -> None:
    assert failure(serve, HEAD, CLOSE).detail == "an empty reply"


def test_a_request_that_is_not_idempotent_is_sent_once_when_the_connection_is_cut(serve: Serve) -> None:
    server = serve(lambda request: [CLOSE])

    with pytest.raises(Unavailable):
        ask(open_transport(server.url, max_wait=0), "POST", idempotent=False)

    assert len(server.requests) == 1


def test_a_refusal_that_is_cut_is_nobodys_word_for_certain(serve: Serve) -> None:
    error = failure(serve, b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000\r\n\r\nAccess denied", CLOSE)

    assert type(error) is UnexpectedReply
    assert error.status == 401


@pytest.mark.parametrize(
    "noise",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_unavailable(serve: Serve, noise: bytes) -> None:
    error = failure(serve, noise, CLOSE)

    assert type(error) is Unavailable
    assert error.detail in {"what came was not HTTP", "the connection was cut"}


def test_a_status_below_success_is_unexpected(serve: Serve) -> None:
    error = failure(serve, b"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n")

    assert type(error) is UnexpectedReply
    assert error.status == 101


def test_a_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    with pytest.raises(Unavailable) as caught:
        ask(open_transport(url, attempts=1))

    assert str(caught.value) == ("Accredible is not available (GET /v1/things: no reply): the connection was refused")


def test_a_name_that_is_not_found_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(Unavailable) as caught:
        ask(open_transport("http://no-such-host.invalid", attempts=1))

    assert caught.value.detail == "its host name was not found"


def test_a_name_that_cannot_be_one_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="could not be made"):
        ask(open_transport("http://a..example.invalid", attempts=1))


def test_an_address_that_cannot_be_reached_is_unavailable() -> None:
    # Broadcasting is not allowed on a TCP socket: the system refuses without asking the network.
    with pytest.raises(Unavailable, match="no connection could be made: ") as caught:
        ask(open_transport("http://255.255.255.255", attempts=1))

    assert caught.value.detail.split(": ")[1] in {os.strerror(number) for number in range(1, 134)}


def test_a_connection_that_takes_too_long_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_address: Any, timeout: float, **_options: Any) -> None:
        assert timeout == 0.2
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", slow)

    with pytest.raises(Unavailable) as caught:
        ask(open_transport("http://accredible.test", connect_timeout=0.2, attempts=1))

    assert caught.value.detail == "no connection within 0.2 seconds"
