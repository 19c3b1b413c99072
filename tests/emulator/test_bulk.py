"""Making many credentials with one request."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import Api


def order(group: int, email: str, **fields: Any) -> dict[str, Any]:
    return {"group_id": group, "recipient": {"name": "Ada", "email": email}, **fields}


def test_all_made_is_200_in_the_order_sent(account: Account, api: Api, group: int) -> None:
    reply = api.bulk(*(order(group, f"{number}@example.org", id=f"own-{number}") for number in range(30)))

    assert reply.status_code == 200
    results = reply.json()["results"]
    assert [result["credential"]["recipient"]["email"] for result in results] == [
        f"{number}@example.org" for number in range(30)
    ]
    assert all(isinstance(result["credential"]["id"], int) for result in results)
    assert all(result["credential"]["approve"] and result["credential"]["url"] for result in results)
    assert not any("errors" in result for result in results)
    assert [found["license_id"] for found in account.credentials()] == [f"own-{number}" for number in range(30)]


def test_some_made_is_207_with_a_result_for_each(account: Account, api: Api, group: int) -> None:
    reply = api.bulk(
        order(group, "a@example.org"),
        order(group, "A@example.org"),
        order(1, "b@example.org"),
        "nonsense",
        order(group, "c@example.org", issued_on="soon"),
        order(group, "d@example.org"),
    )

    assert reply.status_code == 207
    results = reply.json()["results"]
    assert ["credential" in result for result in results] == [True, False, False, False, False, True]
    refused = [result["errors"] for result in results if "errors" in result]
    assert {errors["code"] for errors in refused} == {"credential_invalid"}
    assert [errors["details"][0]["property"] for errors in refused] == [
        "recipient.email",
        "group_id",
        "credential",
        "issued_on",
    ]
    assert refused[0]["details"][0]["message"].startswith("has already been taken")
    assert len(account.credentials()) == 2


@pytest.mark.parametrize("count", [0, 31])
def test_no_more_than_thirty_at_once(account: Account, api: Api, group: int, count: int) -> None:
    reply = api.bulk(*(order(group, f"{number}@example.org") for number in range(count)))

    assert reply.status_code == 400
    assert reply.json()["status"] == 400
    assert account.credentials() == []


def test_out_of_credits_both_credential_and_errors_come(emulator: Emulator) -> None:
    account = emulator.add_account(key="poor", credits=1)
    group = account.add_group()["id"]
    with Api(emulator.url, "poor") as api:
        reply = api.bulk(order(group, "a@example.org"), order(group, "b@example.org"))

    first, second = reply.json()["results"]
    assert reply.status_code == 207
    assert "errors" not in first
    assert second["credential"]["approve"] is False
    assert second["errors"]["code"] == "insufficient_credits"
    assert len(account.credentials()) == 2
