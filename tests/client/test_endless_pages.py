"""Pages that never end, or hold more than fits into memory, are an error before they have filled it."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
import responses

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import UnexpectedReply
from tests.client.asking import Serve
from tests.client.conftest import open_client
from tests.client.pages import Pages, groups, page
from tests.client.server import Request, reply
from tests.client.test_credentials import new

REPLY_BYTES = 200_000
ENDLESS = {
    "groups": lambda client: client.groups(),
    "ids": lambda client: client.find_groups(range(1, 10**6)),
    "attribute-keys": lambda client: client.attribute_keys(),
    "credentials": lambda client: [len(page) for page in client.credential_pages([1])],
}


def item(number: int, length: int) -> dict[str, Any]:
    """A group, an attribute key or a credential, with a text of that length."""
    return {"id": number, "name": f"n-{number}", "course_description": "x" * length, "kind": "x" * length}


def endless(question: dict[str, Any], length: int, numbers: Any) -> dict[str, Any]:
    """What Accredible would answer if it had no end: pages of what was asked for."""
    wanted = question.get("ids") or [next(numbers) for _number in range(10)]
    listed = [item(number, length) for number in wanted]
    meta = {"meta": {"total_pages": 1}} if "ids" in question else {}
    return {"groups": listed, "attribute_keys": listed, "credentials": listed, **meta}


@pytest.mark.parametrize("kind", ["groups", "ids"])
def test_a_sync_reads_no_more_than_ten_of_the_largest_replies(serve: Serve, kind: str) -> None:
    numbers = itertools.count(1)
    server = serve(lambda request: [reply(endless(request.json, REPLY_BYTES // 70, numbers))])
    tracemalloc.start()

    with (
        open_client(server.url, max_reply_bytes=REPLY_BYTES, read_timeout=10) as client,
        pytest.raises(UnexpectedReply) as caught,
    ):
        ENDLESS[kind](client)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.value.detail == (
        "its pages hold more than 2000000 bytes, 10 times MAX_REPLY_BYTES: raise that if the account is so large"
    )
    assert len(server.requests) < 20
    assert most < 40_000_000


def test_workers_stop_before_somebody_takes_what_they_have_read(serve: Serve) -> None:
    def answer(request: Request) -> list[Any]:
        number = request.json["page"]
        listed = [item(number * 10 + each, REPLY_BYTES // 22) for each in range(10)]
        return [reply({"groups": listed, "meta": {"total_pages": 1000, "total_count": 10_000}})]

    server = serve(answer)
    with (
        open_client(server.url, max_reply_bytes=REPLY_BYTES, read_timeout=10) as client,
        pytest.raises(UnexpectedReply, match="10 times MAX_REPLY_BYTES"),
    ):
        client.groups()

    assert len(server.requests) < 20


@pytest.mark.parametrize("kind", ["groups", "attribute-keys", "credentials"])
def test_pages_that_never_end_come_to_an_end(serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credentials_accredible.client.groups._MOST_GROUPS", 200, raising=False)
    monkeypatch.setattr("credentials_accredible.client.credential_pages._MOST_CREDENTIALS", 200, raising=False)
    numbers = itertools.count(1)

    def answer(request: Request) -> list[Any]:
        assert len(server.requests) < 100, "it does not stop"
        return [reply(endless(request.json, 1, numbers))]

    server = serve(answer)
    with open_client(server.url) as client:
        if kind == "attribute-keys":
            assert len(client.attribute_keys()) == 200
        else:
            with pytest.raises(UnexpectedReply, match="more than 200 "):
                ENDLESS[kind](client)

    assert len(server.requests) < 25


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_page_of_more_than_anybody_asks_for_is_an_error(serve: Serve, kind: str) -> None:
    listed = [{"id": number, "name": f"n-{number}"} for number in range(1, 10_002)]
    body = json.dumps({"groups": listed, "attribute_keys": listed, "credentials": listed}).encode()
    server = serve(lambda request: [reply(body=body)])

    with open_client(server.url) as client, pytest.raises(UnexpectedReply, match="at most 10000 items"):
        ENDLESS[kind](client)


def test_more_results_than_anybody_sends_are_an_error(serve: Serve) -> None:
    server = serve(lambda request: [reply(body=b'{"results": [' + b"{}," * 10_000 + b"{}]}")])

    with open_client(server.url) as client, pytest.raises(UnexpectedReply, match="at most 10000 items") as caught:
        client.create_credentials([new()])

    assert caught.value.sent, "it may have been made"


@pytest.mark.parametrize("count", [10**30, "9" * 18, 2**31])
@pytest.mark.parametrize("name", ["total_count", "total_pages", "next_page"])
def test_a_count_that_no_account_reaches_makes_no_sense(
    accredible: responses.RequestsMock, client: AccredibleClient, name: str, count: int | str
) -> None:
    Pages(accredible, {1: page(groups(1, 1), **{name: count})})

    with pytest.raises(UnexpectedReply, match=f"meta.{name}: is not a whole number"):
        client.groups()


@pytest.mark.parametrize(
    ("text", "length", "fits"),
    [
        ("course_description", 4 * 1024 * 1024, True),
        ("course_description", 4 * 1024 * 1024 + 1, False),
        ("name", 64 * 1024, True),
        ("name", 64 * 1024 + 1, False),
        ("course_name", 64 * 1024 + 1, False),
    ],
)
@pytest.mark.parametrize("letter", ["x", "é", "🏅"])
def test_a_text_that_no_database_takes_makes_no_sense(
    accredible: responses.RequestsMock, text: str, length: int, fits: bool, letter: str
) -> None:
    size = len(letter.encode())
    value = letter * (length // size) + "x" * (length % size)
    Pages(accredible, {1: page([{"id": 1, text: value}], total_pages=1)})
    read: Callable[[], Any] = open_client(max_reply_bytes=20_000_000).groups

    if fits:
        assert len(read()) == 1
    else:
        with pytest.raises(UnexpectedReply, match="is longer than"):
            read()
