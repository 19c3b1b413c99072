"""What goes over the wire."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credentials_accredible.exceptions import RequestFailed, Unavailable, UnexpectedReply
from tests.client.asking import Serve, ask
from tests.client.conftest import KEY, open_transport
from tests.client.server import Request, reply


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
    answers = iter([[0.4, reply({})], [0.4, reply({})]])
    transport = open_transport(serve(lambda request: next(answers)).url, read_timeout=0.7, attempts=1)

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

    with pytest.raises(Unavailable, match=r"within 0\.2 seconds"):
        ask(open_transport("http://accredible.test", read_timeout=0.2, attempts=1))

    assert time.monotonic() - began < 2


def test_a_proxy_that_refuses_is_named(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(lambda request: [reply({}, status="407 Proxy Authentication Required")])
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://user:pass@"))

    with pytest.raises(Unavailable) as caught:
        ask(open_transport("https://accredible.test", attempts=1))

    assert caught.value.detail == "the proxy cannot be reached, or refused"
    assert "Authorization" not in proxy.requests[0].headers
    assert proxy.requests[0].line.startswith("CONNECT accredible.test:443 ")


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
