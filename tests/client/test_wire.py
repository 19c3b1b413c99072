"""What only shows on real sockets: what goes over the wire, and replies that come badly or not at all."""

from __future__ import annotations

import gzip
import os
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection

from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import (
    AuthenticationFailed,
    RequestFailed,
    Unavailable,
    UnexpectedReply,
)
from tests.client.conftest import KEY, open_transport
from tests.client.server import CLOSE, Request, Server, reply

Serve = Callable[..., Server]


def ask(transport: Transport, method: str = "GET", idempotent: bool = True) -> Any:
    return transport.request(method, "/v1/things", idempotent=idempotent)


def failure(serve: Serve, *parts: Any, **options: Any) -> RequestFailed:
    """The exception for what the server sends, with one try."""
    server = serve(lambda request: parts)
    with pytest.raises(RequestFailed) as caught:
        ask(open_transport(server.url, **{"attempts": 1, **options}))
    return caught.value


# --- what goes out ------------------------------------------------------------------------------------------------


def test_the_key_goes_over_the_wire_as_it_is(serve: Serve) -> None:
    server = serve(lambda request: [reply({})])

    ask(open_transport(server.url))

    assert server.requests[0].line == "GET /v1/things HTTP/1.1"
    assert server.requests[0].headers["Authorization"] == f"Token token={KEY}"
    assert server.requests[0].headers["Accredible-Integration"] == "credentials-accredible"


def test_a_netrc_is_not_used(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(lambda request: [reply({})])

    ask(open_transport(server.url))

    assert server.requests[0].headers["Authorization"] == f"Token token={KEY}"


def test_no_cookies_are_kept(serve: Serve) -> None:
    server = serve(lambda request: [reply({}, Set_Cookie="session=1; Path=/")])
    transport = open_transport(server.url)

    ask(transport)
    ask(transport)

    assert "Cookie" not in server.requests[1].headers


def test_a_connection_is_used_again(serve: Serve) -> None:
    server = serve(lambda request: [reply({"a": 1})])
    transport = open_transport(server.url)

    for _request in range(5):
        ask(transport)

    assert server.connections == 1
    assert len(server.requests) == 5


def test_a_connection_is_used_again_after_a_refusal(serve: Serve) -> None:
    answers = iter([reply({"error": "Not found"}, status="404 Not Found"), reply({})])
    server = serve(lambda request: [next(answers)])
    transport = open_transport(server.url)

    with pytest.raises(RequestFailed):
        ask(transport)
    ask(transport)

    assert server.connections == 1


def test_a_connection_that_was_idle_has_all_of_its_time_again(serve: Serve) -> None:
    answers = iter([[0.6, reply({})], [0.6, reply({})]])
    transport = open_transport(serve(lambda request: next(answers)).url, read_timeout=1, attempts=1)

    for _request in range(2):
        assert ask(transport) == {}


def test_proxies_of_the_environment_are_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(lambda request: [reply({"proxied": True})])
    monkeypatch.setenv("http_proxy", proxy.url)
    transport = open_transport("http://accredible.test")

    for _request in range(2):
        assert ask(transport) == {"proxied": True}

    assert proxy.connections == 1
    assert proxy.requests[0].line == "GET http://accredible.test/v1/things HTTP/1.1"


def test_a_proxy_is_held_to_the_time_too(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b" ", 0.1] * 100])
    monkeypatch.setenv("http_proxy", proxy.url)
    began = time.monotonic()

    with pytest.raises(Unavailable, match=r"within 0\.25 seconds"):
        ask(open_transport("http://accredible.test", read_timeout=0.25, attempts=1))

    assert time.monotonic() - began < 2


def test_a_proxy_that_refuses_is_named(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(lambda request: [reply({}, status="407 Proxy Authentication Required")])
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://user:pass@"))

    with pytest.raises(Unavailable) as caught:
        ask(open_transport("https://accredible.test", attempts=1))

    assert caught.value.detail == "the proxy cannot be reached, or refused"
    assert "Authorization" not in proxy.requests[0].headers
    assert proxy.requests[0].line.startswith("CONNECT accredible.test:443 ")


# --- redirects ----------------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    target = serve(lambda request: [reply({"stolen": True})])
    server = serve(lambda request: [reply({}, status="307 Temporary Redirect", Location=f"{target.url}/v1/things")])

    with pytest.raises(UnexpectedReply, match=r"redirected to 127\.0\.0\.1"):
        ask(open_transport(server.url))

    assert target.connections == 0
    assert len(server.requests) == 1


def test_the_body_of_a_redirect_is_not_read_to_its_end(serve: Serve) -> None:
    def endless(request: Request) -> Iterator[Any]:
        yield b"HTTP/1.1 302 Found\r\nLocation: https://x.example/\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"2000\r\n" + b"x" * 0x2000 + b"\r\n"

    began = time.monotonic()
    with pytest.raises(UnexpectedReply, match=r"redirected to x\.example"):
        ask(open_transport(serve(endless).url, read_timeout=10))

    assert time.monotonic() - began < 5


# --- replies that are too much ------------------------------------------------------------------------------------


def test_a_reply_without_end_is_stopped(serve: Serve) -> None:
    sent = 0

    def endless(request: Request) -> Iterator[Any]:
        nonlocal sent
        yield b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a": "x\r\n'
        while True:
            sent += 0x2000
            yield b"2000\r\n" + b"x" * 0x2000 + b"\r\n"

    server = serve(endless)

    with pytest.raises(UnexpectedReply, match="more than 100000 bytes") as caught:
        ask(open_transport(server.url, max_reply_bytes=100_000, read_timeout=10))

    assert caught.value.status == 200
    assert sent < 50_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_reply_is_read(serve: Serve, encoding: str) -> None:
    compress: Callable[[bytes], bytes] = gzip.compress if encoding == "gzip" else zlib.compress
    body = compress(b'{"name": "' + b"x" * 50_000 + b'"}')
    server = serve(lambda request: [reply(body=body, Content_Encoding=encoding)])

    assert len(ask(open_transport(server.url))["name"]) == 50_000
    assert "gzip" in server.requests[0].headers["Accept-Encoding"]
    assert "br" not in server.requests[0].headers["Accept-Encoding"]


def test_a_small_reply_that_unpacks_to_a_large_one_is_stopped(serve: Serve) -> None:
    bomb = gzip.compress(b" " * 50_000_000, compresslevel=9)
    assert len(bomb) < 1_000_000

    error = failure(serve, reply(body=bomb, Content_Encoding="gzip"), max_reply_bytes=1_000_000, read_timeout=10)

    assert type(error) is UnexpectedReply
    assert "more than 1000000 bytes" in error.detail


def test_a_reply_that_does_not_unpack_is_unexpected(serve: Serve) -> None:
    error = failure(serve, reply(body=b"this is not compressed at all", Content_Encoding="gzip"))

    assert type(error) is UnexpectedReply
    assert error.detail == "the reply could not be decompressed"


# --- replies that come slowly -------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([10], id="nothing"),
        pytest.param([HEAD, 10], id="half-a-head"),
        pytest.param([HEAD, *[b"X", 0.1] * 100], id="dripping-head"),
        pytest.param([*[b"HTTP/1.1 100 Continue\r\n\r\n", 0.1] * 100], id="dripping-continues"),
        pytest.param([HEAD, b"Content-Length: 1000\r\n\r\n", *[b" ", 0.1] * 100], id="dripping-body"),
        pytest.param([HEAD, b"Connection: close\r\n\r\n", *[b" ", 0.1] * 100], id="dripping-without-length"),
        pytest.param([HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n", 0.1] * 100], id="dripping-chunks"),
        pytest.param(
            [HEAD, b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", *[b" ", 0.1] * 100], id="dripping-in-a-chunk"
        ),
        pytest.param(
            [HEAD, b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", *[gzip.compress(b""), 0.1] * 100],
            id="dripping-nothing-compressed",
        ),
    ],
)
def test_the_whole_reply_has_to_arrive_in_time(serve: Serve, parts: list[Any]) -> None:
    began = time.monotonic()

    error = failure(serve, *parts, read_timeout=0.25)

    assert type(error) is Unavailable
    assert (error.detail, error.status) == ("it did not answer within 0.25 seconds", None)
    assert time.monotonic() - began < 2


def test_a_sign_of_life_does_not_begin_the_time_anew(serve: Serve) -> None:
    began = time.monotonic()

    error = failure(serve, HEAD, b"Content-Length: 1000\r\n\r\n", 0.8, b" ", 10, read_timeout=1)

    assert error.detail == "it did not answer within 1 seconds"
    assert time.monotonic() - began < 1.6


def test_a_slow_reply_is_read_while_there_is_time(serve: Serve) -> None:
    server = serve(lambda request: [HEAD, b"Content-Length: 7\r\n\r\n", 0.2, b'{"a"', 0.2, b":1}"])

    assert ask(open_transport(server.url, read_timeout=5)) == {"a": 1}


def test_a_drip_is_tried_again(serve: Serve) -> None:
    answers = iter([[HEAD, b"Content-Length: 9\r\n\r\n", *[b" ", 0.1] * 9], [reply({"ok": 1})]])
    server = serve(lambda request: next(answers))

    assert ask(open_transport(server.url, read_timeout=0.5, max_wait=0)) == {"ok": 1}


# --- connections that fail ----------------------------------------------------------------------------------------


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


def test_a_refusal_that_is_cut_is_still_a_refusal(serve: Serve) -> None:
    error = failure(serve, b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000\r\n\r\nAccess denied", CLOSE)

    assert type(error) is AuthenticationFailed
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

    assert str(caught.value) == ("Accredible cannot be reached (GET /v1/things: no reply): the connection was refused")


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
