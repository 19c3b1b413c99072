"""All pages of an account, in order."""

from __future__ import annotations

import threading

import pytest
import responses

from credentials_accredible.client import AccredibleClient
from tests.client.pages import Page, Pages, account, groups, ids, page


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
