"""Pages are fetched several at a time; one that fails is the end of them all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import AuthenticationFailed, Unavailable
from tests.client.conftest import Clock, open_client
from tests.client.pages import URL, Page, Pages, account, ids
from tests.client.server import Request, Server, reply


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_that_fails_for_a_moment_costs_a_try(
    accredible: responses.RequestsMock, client: AccredibleClient, clock: Clock, number: int
) -> None:
    served = Pages(accredible, account(40))
    failures = [503, 429]
    answer = served.answer

    def stumbling(request: Any) -> tuple[int, dict[str, str], str]:
        if json.loads(request.body)["page"] == number and failures:
            return failures.pop(), {}, ""
        return answer(request)

    accredible.reset()
    accredible.add_callback("POST", URL, stumbling)

    assert ids(client) == list(range(1, 41))
    assert client.requests_sent == 6


def test_a_page_that_keeps_failing_is_the_error(
    accredible: responses.RequestsMock, client: AccredibleClient, clock: Clock
) -> None:
    served = Pages(accredible, account(400))

    def failing(request: Any) -> tuple[int, dict[str, str], str]:
        answer = served.answer(request)
        return (401, {}, "HTTP Token: Access denied.") if served.asked[-1] == 3 else answer

    accredible.reset()
    accredible.add_callback("POST", URL, failing)

    with pytest.raises(AuthenticationFailed, match="Access denied"):
        client.groups()


def numbered(request: Request, pages: dict[int, Page]) -> bytes:
    return reply(pages[request.json["page"]])


def test_the_pages_after_the_first_are_fetched_several_at_a_time(serve: Callable[..., Server]) -> None:
    pages, meeting = account(70), threading.Barrier(3)

    def answer(request: Request) -> Iterator[Any]:
        if request.json["page"] > 1:
            meeting.wait(timeout=5)  # breaks unless three requests are under way at once
        yield numbered(request, pages)

    server = serve(answer)
    with open_client(server.url, concurrency=3) as client:
        for _time in range(2):
            assert ids(client) == list(range(1, 71))

    assert server.connections == 3
    assert len(server.requests) == 14


def test_one_page_that_fails_ends_the_others_quickly(serve: Callable[..., Server]) -> None:
    pages = account(500)

    def answer(request: Request) -> Iterator[Any]:
        number = request.json["page"]
        if number == 2:
            yield 0.1
            yield reply({"errors": "Not yours"}, status="403 Forbidden")
        elif number == 3:
            yield reply(status="503 Unavailable", Retry_After="15")
        elif number == 4:
            yield 15
        yield numbered(request, pages)

    server = serve(answer)
    began = time.monotonic()
    with open_client(server.url, read_timeout=20, concurrency=3) as client, pytest.raises(Exception, match="Not yours"):
        client.groups()

    assert time.monotonic() - began < 3
    time.sleep(0.2)  # for what was on its way
    asked = len(server.requests)
    assert asked < 10
    time.sleep(0.3)
    assert len(server.requests) == asked


def test_an_interruption_is_not_swallowed(serve: Callable[..., Server]) -> None:
    pages = account(100)

    def answer(request: Request) -> Iterator[Any]:
        if request.json["page"] == 3:
            yield 10
        yield numbered(request, pages)

    def interrupt(done: int, total: int | None) -> None:
        if done > 10:
            raise KeyboardInterrupt

    began = time.monotonic()
    with open_client(serve(answer).url, read_timeout=20) as client, pytest.raises(KeyboardInterrupt):
        client.groups(progress=interrupt)

    assert time.monotonic() - began < 3


def test_a_server_that_hangs_at_a_page_is_unavailable(serve: Callable[..., Server]) -> None:
    pages = account(30)

    def answer(request: Request) -> Iterator[Any]:
        if request.json["page"] == 3:
            yield 10
        yield numbered(request, pages)

    with open_client(serve(answer).url, read_timeout=0.2, attempts=1) as client, pytest.raises(Unavailable) as caught:
        client.groups()

    assert caught.value.detail == "it did not answer within 0.2 seconds"
