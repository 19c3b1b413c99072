"""All groups or an error: what to make of pages that make no sense, or contradict each other."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import UnexpectedReply
from tests.client.pages import Page, Pages, account, groups, ids, page


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


def test_an_account_that_changed_between_two_pages_is_read_again(
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


@pytest.mark.parametrize("total_pages", [10_001, 2**31 - 1])
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
