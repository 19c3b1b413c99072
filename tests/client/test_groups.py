"""All groups or an error: pages, in order, several at a time, and what to make of pages that contradict each other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import AuthenticationFailed, Unavailable, UnexpectedReply
from tests.client.conftest import API, Clock, open_client
from tests.client.server import Request, Server, reply

URL = f"{API}/v1/issuer/groups/search"
Page = dict[str, Any]


def groups(first: int, last: int) -> list[dict[str, Any]]:
    return [{"id": id_, "name": f"g-{id_}", "course_name": f"Group {id_}"} for id_ in range(first, last + 1)]


def page(items: list[Any], **meta: Any) -> Page:
    return {"groups": items, "meta": meta}


def account(total: int, size: int = 10) -> dict[int, Page]:
    """The pages of a well-behaved account."""
    count = max(1, -(-total // size))
    return {
        number: page(
            groups((number - 1) * size + 1, min(number * size, total)),
            current_page=number,
            next_page=number + 1 if number < count else None,
            prev_page=number - 1 or None,
            total_pages=count,
            total_count=total,
        )
        for number in range(1, count + 1)
    }


class Pages:
    """Answers with pages by number, an empty one past the end; keeps what was asked."""

    def __init__(self, accredible: responses.RequestsMock, pages: dict[int, Any], empty: Any = None) -> None:
        self.pages = pages
        self.empty = {"groups": []} if empty is None else empty
        self.asked: list[int] = []
        self.sizes: set[int] = set()
        accredible.add_callback("POST", URL, self.answer)

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        question = json.loads(request.body)
        self.asked.append(question["page"])
        self.sizes.add(question["page_size"])
        return 200, {}, json.dumps(self.pages.get(question["page"], self.empty))


def ids(client: AccredibleClient, **options: Any) -> list[int]:
    return [group.accredible_id for group in client.groups(**options)]


# --- accounts that make sense -------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [1, 9, 10, 11, 95])
def test_all_pages_are_read_in_order(accredible: responses.RequestsMock, client: AccredibleClient, total: int) -> None:
    served = Pages(accredible, account(total))

    assert ids(client) == list(range(1, total + 1))
    assert sorted(served.asked) == sorted(account(total))
    assert served.sizes == {10}
    assert client.requests_sent == len(account(total))


@pytest.mark.parametrize("total_pages", [0, 1, None])
def test_an_account_can_be_empty(
    accredible: responses.RequestsMock, client: AccredibleClient, total_pages: int | None
) -> None:
    Pages(accredible, {1: page([], current_page=1, next_page=None, total_pages=total_pages, total_count=0)})

    assert client.groups() == []


def test_progress_is_told_in_the_callers_thread(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    Pages(accredible, account(35))
    told: list[tuple[int, int | None, int]] = []

    client.groups(progress=lambda done, total: told.append((done, total, threading.get_ident())))

    assert [done for done, _total, _thread in told][-1] == 35
    assert [done for done, _total, _thread in told] == sorted(done for done, _total, _thread in told)
    assert {total for _done, total, _thread in told} == {35}
    assert {thread for _done, _total, thread in told} == {threading.get_ident()}
    assert len(told) == 4


def test_counts_can_be_digits(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    Pages(
        accredible,
        {
            1: page(groups(1, 10), next_page="2", total_pages="2", total_count="12"),
            2: page(groups(11, 12), next_page=None, total_pages="2", total_count="12"),
        },
    )

    assert ids(client) == list(range(1, 13))


def test_pages_of_another_size_than_asked_for_are_read(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    Pages(accredible, account(23, size=4))

    assert ids(client) == list(range(1, 24))


def test_next_page_is_followed_where_the_number_of_pages_is_not_said(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    served = Pages(
        accredible,
        {
            1: page(groups(1, 10), next_page=2),
            2: page(groups(11, 20), next_page=3),
            3: page(groups(21, 25), next_page=None),
        },
    )

    assert ids(client) == list(range(1, 26))
    assert served.asked == [1, 2, 3]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ({"next_page": None, "total_pages": 2}, {"next_page": None, "total_pages": 2}),
        ({"next_page": 2, "total_pages": 1}, {"next_page": None, "total_pages": 1}),
        ({"next_page": None, "total_pages": 2}, {"next_page": 3, "total_pages": 2}),
        ({"next_page": 2, "total_pages": None}, {"next_page": None, "total_pages": 1}),
        ({"next_page": None, "total_pages": 5}, {"next_page": None, "total_pages": 5}),
    ],
)
def test_where_next_page_and_total_pages_differ_the_number_of_groups_decides(
    accredible: responses.RequestsMock, client: AccredibleClient, first: Page, last: Page
) -> None:
    Pages(
        accredible,
        {1: page(groups(1, 10), total_count=15, **first), 2: page(groups(11, 15), total_count=15, **last)},
    )

    assert ids(client) == list(range(1, 16))


def test_pages_that_the_first_did_not_know_of_are_read(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    Pages(
        accredible,
        {
            1: page(groups(1, 10), total_pages=2),
            2: page(groups(11, 20), total_pages=3),
            3: page(groups(21, 30), total_pages=3),
        },
    )

    assert ids(client) == list(range(1, 31))


@pytest.mark.parametrize("meta", [{}, {"meta": None}, {"meta": {}}, {"meta": {"total_count": 25, "current_page": 1}}])
def test_replies_that_do_not_say_what_follows_are_read_until_one_is_empty(
    accredible: responses.RequestsMock, client: AccredibleClient, meta: Page
) -> None:
    pages = {1: groups(1, 10), 2: groups(11, 20), 3: groups(21, 25)}
    served = Pages(accredible, {number: {"groups": items, **meta} for number, items in pages.items()})

    assert ids(client) == list(range(1, 26))
    assert served.asked == [1, 2, 3, 4]


def test_short_pages_without_meta_lose_nothing(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    Pages(accredible, {1: {"groups": groups(1, 5)}, 2: {"groups": groups(6, 10)}, 3: {"groups": groups(11, 12)}})

    assert ids(client) == list(range(1, 13))


# --- accounts that do not -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "groups: Field required"),
        ({"meta": {"total_count": 0}}, "groups: Field required"),
        ({"groups": None}, "groups: "),
        ({"groups": {"id": 1}}, "groups: "),
        ({"groups": "none"}, "groups: "),
        ({"groups": [None]}, "groups.0: "),
        ({"groups": [{"id": 1}, 5]}, "groups.1: "),
        ({"groups": [{"id": 1}, {"name": "no id"}]}, "groups.1.accredible_id: is not a positive whole number"),
        ({"groups": [{"id": "x"}]}, "groups.0.accredible_id: is not a positive whole number"),
        ({"groups": [{"id": 1, "name": ["x"]}]}, "is not a text"),
        ({"groups": [], "meta": "none"}, "meta: "),
        ({"groups": [], "meta": {"total_count": "some"}}, "meta.total_count: is not a whole number"),
        ({"groups": [], "meta": {"total_pages": -1}}, "meta.total_pages: is not a whole number"),
        ({"groups": [], "meta": {"next_page": 1.5}}, "meta.next_page: is not a whole number"),
    ],
)
def test_a_page_of_another_shape_is_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient, body: Any, words: str
) -> None:
    served = Pages(accredible, {1: body})

    with pytest.raises(UnexpectedReply) as caught:
        client.groups()

    assert words in caught.value.detail
    assert (caught.value.endpoint, caught.value.status) == ("POST /v1/issuer/groups/search", 200)
    assert served.asked == [1]


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("missing", [[], groups(100, 105)], ids=["empty", "short"])
def test_a_page_that_is_missing_is_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient, number: int, missing: list[Any]
) -> None:
    pages = account(40)
    pages[number]["groups"] = missing
    served = Pages(accredible, pages)

    with pytest.raises(UnexpectedReply, match="there are 40 groups, and sent"):
        client.groups()

    assert served.asked.count(1) == 2


def test_more_groups_than_announced_are_an_error(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    Pages(accredible, {1: page(groups(1, 5), next_page=None, total_pages=1, total_count=4)})

    with pytest.raises(UnexpectedReply, match="there are 4 groups, and sent 5"):
        client.groups()


def test_pages_that_count_differently_are_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    Pages(
        accredible,
        {
            1: page(groups(1, 10), total_pages=2, total_count=15),
            2: page(groups(11, 15), total_pages=2, total_count=16),
        },
    )

    with pytest.raises(UnexpectedReply, match="there are 15 or 16 groups, and sent 15"):
        client.groups()


@pytest.mark.parametrize(
    "pages",
    [
        {1: page(groups(1, 10), total_pages=3), 3: page(groups(21, 30), total_pages=3)},
        {1: page(groups(1, 10), total_pages=2)},
        {1: page([], total_pages=3)},
        {1: page(groups(1, 10), next_page=2)},
    ],
)
def test_a_promised_page_that_is_empty_is_an_error_where_nothing_is_counted(
    accredible: responses.RequestsMock, client: AccredibleClient, pages: dict[int, Page]
) -> None:
    Pages(accredible, pages)

    with pytest.raises(UnexpectedReply, match="is empty"):
        client.groups()


@pytest.mark.parametrize("total", [{}, {"total_count": 20}, {"total_count": 19}])
def test_an_id_that_comes_twice_is_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient, total: Page
) -> None:
    served = Pages(
        accredible,
        {1: page(groups(1, 10), total_pages=2, **total), 2: page(groups(10, 19), total_pages=2, **total)},
    )

    with pytest.raises(UnexpectedReply, match="comes twice"):
        client.groups()

    assert sorted(served.asked) == [1, 1, 2, 2]


def test_an_id_that_comes_twice_on_one_page_is_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    Pages(accredible, {1: page([*groups(1, 3), *groups(2, 2)], total_pages=1)})

    with pytest.raises(UnexpectedReply, match="comes twice"):
        client.groups()


def test_a_server_that_repeats_itself_is_soon_found_out(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    served = Pages(accredible, {}, empty={"groups": groups(1, 10)})

    with pytest.raises(UnexpectedReply, match="comes twice"):
        client.groups()

    assert served.asked == [1, 2, 1, 2]


def test_an_account_that_changed_between_two_pages_is_read_anew(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    served = Pages(accredible, account(20))
    served.pages[2] = page(groups(10, 19), total_pages=2, total_count=19)
    told: list[int] = []

    def changed(done: int, total: int | None) -> None:
        told.append(done)
        if done == 20:
            served.pages.update(account(19))

    assert ids(client, progress=changed) == list(range(1, 20))
    assert told == [10, 20, 10, 19]
    assert client.requests_sent == 4


@pytest.mark.parametrize("total_pages", [10_001, 10**18])
def test_an_absurd_number_of_pages_is_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient, total_pages: int
) -> None:
    served = Pages(accredible, {1: page(groups(1, 10), total_pages=total_pages)})

    with pytest.raises(UnexpectedReply, match="more than 10000 pages"):
        client.groups()

    assert served.asked == [1]


def test_more_pages_than_any_account_has_are_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credentials_accredible.client.groups._MOST_PAGES", 12)
    served = Pages(accredible, {number: page([{"id": number}], next_page=number + 1) for number in range(1, 30)})

    with pytest.raises(UnexpectedReply, match="more than 12 pages"):
        client.groups()

    assert max(served.asked) == 12


def test_nothing_is_asked_for_after_a_first_page_that_is_empty(
    accredible: responses.RequestsMock, client: AccredibleClient
) -> None:
    served = Pages(accredible, {1: page([], next_page=2, total_pages=50, total_count=500)})

    with pytest.raises(UnexpectedReply, match="there are 500 groups, and sent 0"):
        client.groups()

    assert served.asked == [1, 1]


def test_pages_without_end_come_to_one(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    pages = {number: page([{"id": number}], next_page=number + 1) for number in range(1, 30)}
    pages[30] = page([{"id": 30}], next_page=31, total_pages=10**6)
    pages[31] = page([], next_page=32)
    served = Pages(accredible, pages)

    with pytest.raises(UnexpectedReply, match="is empty"):
        client.groups()

    assert max(served.asked) == 31


# --- failures -----------------------------------------------------------------------------------------------------


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

    with open_client(serve(answer).url, read_timeout=0.3, attempts=1) as client, pytest.raises(Unavailable) as caught:
        client.groups()

    assert caught.value.detail == "it did not answer within 0.3 seconds"
