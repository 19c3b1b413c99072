"""All credentials of groups are read, or it is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from credentials_accredible.client import AccredibleClient, ClientOptions
from credentials_accredible.exceptions import Unavailable, UnexpectedReply
from credentials_accredible.secrets import Secret
from demo.emulator.server import Emulator
from tests.client.conftest import OPTIONS, open_client
from tests.client.server import Server, reply
from tests.conftest import KEY
from tests.emulator.api import Api

SEARCH = "/v2/credentials/search"


@pytest.fixture
def client(emulator: Emulator, account: Any) -> Iterator[AccredibleClient]:
    """A client of the emulated account, with small pages."""
    with AccredibleClient(emulator.url, Secret(plain=KEY), ClientOptions(**{**OPTIONS, "max_wait": 0.01})) as opened:
        yield opened


def issue(account: Any, emulator: Emulator, number: int, **group: Any) -> int:
    """A group with so many credentials; its id."""
    group_id = int(account.add_group(allow_duplicates=True, **group)["id"])
    with Api(emulator.url, KEY) as api:
        for start in range(0, number, 30):
            api.bulk(
                *(
                    {"group_id": group_id, "recipient": {"name": "Ada", "email": f"a{n}@example.com"}}
                    for n in range(start, min(start + 30, number))
                )
            )
    return group_id


def numbers(client: AccredibleClient, *groups: int) -> list[int]:
    """How many credentials each page has."""
    return [len(page) for page in client.credential_pages(groups)]


def test_pages_follow_each_other_by_cursor(emulator: Emulator, account: Any, client: AccredibleClient) -> None:
    first, second = issue(account, emulator, 13), issue(account, emulator, 12)
    issue(account, emulator, 5)

    assert numbers(client, first, second) == [10, 10, 5]
    assert numbers(client, first) == [10, 3]
    asked = [request.json["page"] for request in emulator.requests if request.path == SEARCH]
    assert asked[0] == {"from": 0, "size": 10}
    assert all("cursor" in page for page in asked[1:3])


def test_no_credentials_are_an_empty_page(account: Any, client: AccredibleClient) -> None:
    assert numbers(client, account.add_group()["id"]) == [0]


def test_credentials_that_are_made_meanwhile_disturb_nothing(
    emulator: Emulator, account: Any, client: AccredibleClient
) -> None:
    group = issue(account, emulator, 15)
    pages = client.credential_pages([group])
    next(pages)
    with Api(emulator.url, KEY) as api:
        api.create(group, "new@example.com")

    assert [len(page) for page in pages] == [6]


def test_credentials_that_are_deleted_meanwhile_disturb_nothing(
    emulator: Emulator, account: Any, client: AccredibleClient
) -> None:
    group = issue(account, emulator, 25)
    pages = client.credential_pages([group])
    read = next(pages)
    del account.credential_by_id[int(read[0].id)]

    assert [len(page) for page in pages] == [10, 5]


@pytest.mark.parametrize("fault", ["half_page", "no_groups"])
@pytest.mark.parametrize("after", [0, 1])
def test_pages_that_hold_less_than_they_say_are_an_error(
    emulator: Emulator, account: Any, client: AccredibleClient, fault: str, after: int
) -> None:
    group = issue(account, emulator, 25)
    emulator.fault(fault, path=SEARCH, after=after)

    with pytest.raises(UnexpectedReply):
        numbers(client, group)


def test_an_empty_page_in_the_middle_is_an_error(emulator: Emulator, account: Any, client: AccredibleClient) -> None:
    group = issue(account, emulator, 25)
    emulator.fault("empty_list", path=SEARCH, after=1)

    with pytest.raises(UnexpectedReply, match="there are 25 credentials, and sent 10"):
        numbers(client, group)


def test_without_meta_it_goes_on_to_an_empty_page(emulator: Emulator, account: Any, client: AccredibleClient) -> None:
    group = issue(account, emulator, 25)
    emulator.fault("no_meta", path=SEARCH, times=None)

    assert numbers(client, group) == [10, 10, 5, 0]


def test_a_page_that_does_not_come_is_asked_for_again_and_then_an_error(
    emulator: Emulator, account: Any, client: AccredibleClient
) -> None:
    group = issue(account, emulator, 25)
    emulator.fault("status", status=500, path=SEARCH, after=1)
    assert numbers(client, group) == [10, 10, 5]
    emulator.fault("status", status=500, path=SEARCH, after=1, times=None)

    with pytest.raises(Unavailable):
        numbers(client, group)


def page(ids: range, count: int | None, cursor: str | None = None, group: int = 1) -> dict[str, Any]:
    """A page with credentials of these ids."""
    credentials = [{"id": number, "group": {"id": group}} for number in ids]
    return {"credentials": credentials, "meta": {"count": count, "cursor": cursor}}


def pages_of(serve: Callable[..., Server], *pages: dict[str, Any]) -> list[int]:
    """How many credentials each page has, of a server that gives these pages one after the other."""
    waiting = list(pages)
    server = serve(lambda request: [reply(waiting.pop(0))])
    with open_client(server.url, attempts=1) as client:
        return numbers(client, 1)


def test_a_cursor_that_comes_with_the_last_page_too_costs_nothing(serve: Callable[..., Server]) -> None:
    assert pages_of(serve, page(range(10), 12, "x"), page(range(10, 12), 12, "y")) == [10, 2]


def test_where_no_number_is_told_only_an_empty_page_is_the_last(serve: Callable[..., Server]) -> None:
    pages = [page(range(10), None, "x"), page(range(10, 12), None, "y"), page(range(0), None)]

    assert pages_of(serve, *pages) == [10, 2, 0]


def test_pages_without_cursor_go_on_by_offset(serve: Callable[..., Server]) -> None:
    assert pages_of(serve, page(range(7), 12), page(range(7, 12), 12)) == [7, 5]


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([page(range(10), 20, "x"), page(range(9, 19), 20, "y")], "comes twice"),
        ([page(range(10), 20, "x"), page(range(10), 20, "x")], "comes twice"),
        ([page(range(10), 5)], "there are 5 credentials, and sent 10"),
        ([page(range(10), 20, group=2)], "a group that was not asked for"),
        ([page(range(9_995), 12_000)], "more than 10000 credentials, and no cursor"),
    ],
)
def test_pages_that_contradict_each_other_are_an_error(
    serve: Callable[..., Server], pages: list[dict[str, Any]], problem: str
) -> None:
    with pytest.raises(UnexpectedReply, match=problem):
        pages_of(serve, *pages)
