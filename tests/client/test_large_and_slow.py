"""Replies that are too large, or come too slowly, on real sockets."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from credentials_accredible.exceptions import Unavailable, UnexpectedReply
from tests.client.asking import HEAD, Serve, ask, failure
from tests.client.conftest import open_transport
from tests.client.server import Request, reply


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
    bomb = gzip.compress(b" " * 50_000_000, compresslevel=1)
    assert len(bomb) < 1_000_000

    error = failure(serve, reply(body=bomb, Content_Encoding="gzip"), max_reply_bytes=1_000_000, read_timeout=10)

    assert type(error) is UnexpectedReply
    assert "more than 1000000 bytes" in error.detail


def test_a_reply_that_does_not_unpack_is_unexpected(serve: Serve) -> None:
    error = failure(serve, reply(body=b"this is not compressed at all", Content_Encoding="gzip"))

    assert type(error) is UnexpectedReply
    assert error.detail == "the reply could not be decompressed"


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

    error = failure(serve, *parts, read_timeout=0.2)

    assert type(error) is Unavailable
    assert (error.detail, error.status) == ("it did not answer within 0.2 seconds", None)
    assert time.monotonic() - began < 2


def test_a_sign_of_life_does_not_begin_the_time_again(serve: Serve) -> None:
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
