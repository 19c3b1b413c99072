"""The search of the second version: conditions and cursors."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulator.account import Account
from tests.emulator.api import Api


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
        ({"license_id[in]": ["own-3", "own-1", "none"]}, [0, 2]),
        ({"recipient_email": "ADA@example.org"}, [0, 2]),
        ({"recipient_email[in]": ["eve@example.org", "Bob@Example.org"]}, [1, 3]),
        ({"approve": False}, [2]),
        ({"issued_on[gte]": "2026-02-10"}, [1, 2, 3]),
        ({"issued_on[lt]": "2026-02-10"}, [0]),
        ({"issued_on[gt]": "2026-01-10", "issued_on[lt]": "2026-03-10"}, [1]),
        ({"updated_at[lt]": "2000-01-01"}, []),
        ({"meta_data": {"run": "1"}}, [0]),
        ({"custom_attributes": {"Grade": "A"}}, [3]),
        ({"recipient_email": "ada@example.org", "approve": True}, [0]),
    ],
)
def test_conditions_all_hold(api: Api, known: list[dict[str, Any]], query: dict[str, Any], found: list[int]) -> None:
    reply = api.search(query)

    assert positions(reply, known) == found
    assert reply["meta"]["count"] == len(found)


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
