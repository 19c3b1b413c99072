"""The search of the second version: conditions, sorting, offsets and cursors."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulator.account import Account
from tests.emulator.api import Api

PATH = "/v2/credentials/search"


@pytest.fixture
def known(account: Account, api: Api) -> list[dict[str, Any]]:
    """Four credentials of two groups, by id."""
    first, second = account.add_group(name="b-group")["id"], account.add_group(name="a-group")["id"]
    api.create(first, "ada@example.org", "Ada", id="own-1", issued_on="2026-01-10", meta_data={"run": "1", "x": [1]})
    api.create(first, "bob@example.org", "Bob", id="own-2", issued_on="2026-02-10", expired_on="2026-05-01")
    api.create(second, "ada@example.org", "Ada", id="own-3", issued_on="2026-03-10", approve=False)
    api.create(second, "eve@example.org", "Eve", issued_on="2026-03-10", custom_attributes={"Grade": "A"})
    return account.credentials()


def positions(reply: Any, known: list[dict[str, Any]]) -> list[int]:
    """Where the found ones stand among the known ones."""
    ids = [credential["id"] for credential in known]
    return [ids.index(found["id"]) for found in reply["credentials"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"license_id": "own-2"}, [1]),
        ({"license_id[eq]": "own-2"}, [1]),
        ({"license_id[in]": ["own-3", "own-1", "none"]}, [0, 2]),
        ({"license_id[in]": []}, []),
        ({"recipient_email": "ADA@example.org"}, [0, 2]),
        ({"recipient_email[in]": ["eve@example.org", "Bob@Example.org"]}, [1, 3]),
        ({"recipient_name": "Eve"}, [3]),
        ({"approve": False}, [2]),
        ({"approve": True}, [0, 1, 3]),
        ({"issued_on": "2026-03-10"}, [2, 3]),
        ({"issued_on[in]": ["2026-03-10", "2026-01-10"]}, [0, 2, 3]),
        ({"issued_on[gt]": "2026-02-10"}, [2, 3]),
        ({"issued_on[gte]": "2026-02-10"}, [1, 2, 3]),
        ({"issued_on[lt]": "2026-02-10"}, [0]),
        ({"issued_on[lte]": "2026-02-10"}, [0, 1]),
        ({"issued_on[gt]": "2026-01-10", "issued_on[lt]": "2026-03-10"}, [1]),
        ({"expired_on[lte]": "2030-01-01"}, [1]),
        ({"created_at[gte]": "2000-01-01"}, [0, 1, 2, 3]),
        ({"updated_at[lt]": "2000-01-01"}, []),
        ({"meta_data": {"run": "1"}}, [0]),
        ({"meta_data": {"x": [1]}}, [0]),
        ({"custom_attributes": {"Grade": "A"}}, [3]),
        ({"custom_attributes": {"Grade": "B"}}, []),
        ({"recipient_email": "ada@example.org", "approve": True}, [0]),
    ],
)
def test_conditions_all_hold(api: Api, known: list[dict[str, Any]], query: dict[str, Any], found: list[int]) -> None:
    reply = api.search(query)

    assert positions(reply, known) == found
    assert reply["meta"]["count"] == len(found)


def test_groups_and_uuids_are_searched_for_as_numbers_or_texts(api: Api, known: list[dict[str, Any]]) -> None:
    group, other = known[0]["group"]["id"], known[2]["group"]["id"]

    assert positions(api.search({"group.id": group}), known) == [0, 1]
    assert positions(api.search({"group.id": str(group)}), known) == [0, 1]
    assert positions(api.search({"group.id[in]": [group, str(other)]}), known) == [0, 1, 2, 3]
    assert positions(api.search({"uuid": known[3]["uuid"]}), known) == [3]


def test_what_is_found_is_flat_and_has_no_url(api: Api, known: list[dict[str, Any]]) -> None:
    found = api.search({"license_id": "own-2"})["credentials"][0]

    assert "url" not in found
    assert (found["license_id"], found["recipient_email"]) == ("own-2", "bob@example.org")
    assert found["group"]["id"] == known[0]["group"]["id"]
    assert found["expired_on"] == "2026-05-01"
    assert found["approve"] is True


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ({"id": "desc"}, [3, 2, 1, 0]),
        ({"recipient_name": "desc"}, [3, 1, 0, 2]),
        ({"group.name": "asc"}, [2, 3, 0, 1]),
        ({"issued_on": "desc", "id": "desc"}, [3, 2, 1, 0]),
        ({"expired_on": "asc", "recipient_name": "desc"}, [1, 3, 0, 2]),
    ],
)
def test_sorting(api: Api, known: list[dict[str, Any]], sort: dict[str, str], order: list[int]) -> None:
    assert positions(api.search({}, sort=sort), known) == order


def test_pages_by_offset(api: Api, known: list[dict[str, Any]]) -> None:
    first = api.search({}, page={"from": 0, "size": 3})
    second = api.search({}, page={"from": 3, "size": 3})
    past = api.search({}, page={"from": 9, "size": 3})

    assert [positions(page, known) for page in (first, second, past)] == [[0, 1, 2], [3], []]
    assert (second["meta"]["count"], second["meta"]["from"], second["meta"]["size"]) == (4, 3, 3)


@pytest.mark.parametrize("sort", [{}, {"issued_on": "desc"}, {"expired_on": "asc"}])
def test_pages_by_cursor_show_each_credential_once(api: Api, known: list[dict[str, Any]], sort: dict[str, str]) -> None:
    seen: list[int] = []
    page: dict[str, Any] = {"size": 1}
    while True:
        reply = api.search({}, sort=sort, page=page)
        seen += positions(reply, known)
        if reply["meta"]["cursor"] is None:
            break
        page = {"size": 1, "cursor": reply["meta"]["cursor"]}

    assert seen == positions(api.search({}, sort=sort), known)


def test_a_cursor_goes_on_although_what_it_stood_on_is_gone(api: Api, known: list[dict[str, Any]]) -> None:
    cursor = api.search({}, page={"size": 2})["meta"]["cursor"]
    api.delete(f"/v1/credentials/{known[1]['id']}")

    assert positions(api.search({}, page={"size": 2, "cursor": cursor}), known) == [2, 3]


def test_offsets_stop_at_ten_thousand(api: Api, known: list[dict[str, Any]]) -> None:
    assert api.search({}, page={"from": 9_950, "size": 50})["credentials"] == []

    reply = api.post(PATH, {"page": {"from": 9_951, "size": 50}})

    assert (reply.status_code, reply.json()["status"]) == (400, 400)


@pytest.mark.parametrize(
    "body",
    [
        {"query": []},
        {"query": {"shoe_size": "9"}},
        {"query": {"license_id[like]": "own"}},
        {"query": {"license_id[gt]": "own"}},
        {"query": {"license_id[": "own"}},
        {"query": {"license_id[in]": "own"}},
        {"query": {"license_id": ["own"]}},
        {"query": {"license_id": None}},
        {"query": {"license_id[in]": [{}]}},
        {"query": {"approve": "true"}},
        {"query": {"approve[in]": [True]}},
        {"query": {"issued_on": "soon"}},
        {"query": {"issued_on[in]": [20260101]}},
        {"query": {"expired_on": None}},
        {"query": {"meta_data": "run"}},
        {"sort": {"recipient_email": "asc"}},
        {"sort": {"id": "up"}},
        {"sort": {"id": ["asc"]}},
        {"sort": "id"},
        {"page": 2},
        {"page": {"from": -1}},
        {"page": {"from": "0"}},
        {"page": {"size": 0}},
        {"page": {"size": True}},
        {"page": {"size": 10_001}},
        {"page": {"from": 0, "cursor": "W10="}},
        {"page": {"cursor": "no cursor"}},
        {"page": {"cursor": 7}},
        {"page": {"cursor": "e30="}},
        {"page": {"cursor": "W10="}},
        {"page": {"cursor": "WzFd"}},
        {"page": {"cursor": "W1tmYWxzZSwgIngiXV0="}},
    ],
)
def test_a_search_that_makes_no_sense_is_refused(api: Api, known: list[dict[str, Any]], body: dict[str, Any]) -> None:
    reply = api.post(PATH, body)

    assert reply.status_code == 400, reply.text
    assert reply.json().keys() == {"code", "message", "status", "errors"}
