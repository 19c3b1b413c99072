"""Credentials: making, viewing, changing, deleting."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api, made


@pytest.mark.parametrize("own_id", ["7c9d5b4e-own-id", 4711])
def test_the_issuers_own_id_finds_a_credential_everywhere(
    emulator: Emulator, api: Api, group: int, own_id: str | int
) -> None:
    credential = made(api.create(group, id=own_id))

    assert credential["id"] != str(own_id)
    assert made(api.get(f"/v1/credentials/{own_id}"))["id"] == credential["id"]
    (found,) = api.search({"license_id": str(own_id)})["credentials"]
    assert found["license_id"] == str(own_id)
    assert made(api.put(f"/v1/credentials/{own_id}", {"credential": {"name": "Changed"}}))["name"] == "Changed"
    assert requests.get(f"{emulator.url}/credentials/{own_id}", timeout=PATIENCE).status_code == 200
    assert made(api.delete(f"/v1/credentials/{own_id}"))["id"] == credential["id"]


def test_own_ids_are_not_kept_apart(account: Account, api: Api) -> None:
    # Nothing is known of a check at Accredible: a client that relied on one would issue twice.
    first, second = account.add_group()["id"], account.add_group()["id"]

    api.create(first, id="one")
    api.create(second, id="one")

    assert len(api.search({"license_id": "one"})["credentials"]) == 2


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"recipient": None}, {"recipient_name", "recipient_email"}),
        ({"recipient": {"name": "Ada"}}, {"recipient_email"}),
        ({"recipient": {"name": "Ada", "email": "no address"}}, {"recipient_email"}),
        ({"issued_on": "2026-02-30"}, {"issued_on"}),
        ({"expired_on": "2027-1-1", "issued_on": "x"}, {"expired_on", "issued_on"}),
        ({"custom_attributes": ["A"]}, {"custom_attributes"}),
        ({"approve": "yes"}, {"approve"}),
        ({"id": {"a": 1}}, {"id"}),
    ],
)
def test_what_is_invalid_is_told_field_by_field(
    account: Account, api: Api, group: int, change: dict[str, Any], errors: set[str]
) -> None:
    credential = {"group_id": group, "recipient": {"name": "Ada", "email": "ada@example.org"}, **change}

    reply = api.post("/v1/credentials", {"credential": credential})

    assert reply.status_code == 422
    assert reply.json()["errors"].keys() == errors
    assert all(isinstance(text, str) for messages in reply.json()["errors"].values() for text in messages)
    assert account.credentials() == []


def test_a_second_credential_for_one_address_is_refused_whatever_its_case(api: Api, group: int) -> None:
    made(api.create(group, "ada@example.org"))

    reply = api.create(group, "ADA@Example.org")

    assert reply.status_code == 422
    (message,) = reply.json()["errors"]["recipient_email"]
    assert message.startswith("has already been taken")


def test_a_group_can_allow_duplicates(account: Account, api: Api) -> None:
    group = account.add_group(allow_duplicates=True)["id"]

    first, second = made(api.create(group)), made(api.create(group))

    assert first["id"] != second["id"]
    account.update_group(group, allow_duplicates=False)
    assert api.create(group).status_code == 422


def test_a_change_of_address_must_not_make_a_duplicate(api: Api, group: int) -> None:
    made(api.create(group, "ada@example.org"))
    other = made(api.create(group, "bob@example.org"))

    reply = api.put(f"/v1/credentials/{other['id']}", {"credential": {"recipient": {"email": "Ada@example.org"}}})

    assert reply.status_code == 422
    assert made(api.get(f"/v1/credentials/{other['id']}"))["recipient"]["email"] == "bob@example.org"


def test_a_partial_change_leaves_the_rest(api: Api, group: int) -> None:
    before = made(api.create(group, meta_data={"a": "1"}, issued_on="2026-01-01"))

    after = made(api.put(f"/v1/credentials/{before['id']}", {"credential": {"recipient": {"name": "Ada L."}}}))

    assert after["recipient"] == before["recipient"] | {"name": "Ada L."}
    assert {**after, "recipient": None} == {**before, "recipient": None}


def test_a_deleted_credential_is_gone_for_good(account: Account, api: Api, group: int) -> None:
    credential = made(api.create(group))

    assert made(api.delete(f"/v1/credentials/{credential['id']}")) == credential

    for reply in (
        api.get(f"/v1/credentials/{credential['id']}"),
        api.put(f"/v1/credentials/{credential['id']}", {"credential": {}}),
        api.delete(f"/v1/credentials/{credential['id']}"),
    ):
        assert reply.status_code == 404
        assert reply.json()["success"] is False
    assert requests.get(credential["url"], timeout=PATIENCE).status_code == 404
    assert account.credentials() == []
    assert api.create(group).status_code == 200


@pytest.mark.parametrize(
    ("auto_expiry", "issued_on", "expired_on"),
    [
        (3, "2026-12-31", "2029-12-31"),
        (1, "2028-02-29", "2029-02-28"),
        (0, "2026-12-31", None),
        (None, "2026-12-31", None),
    ],
)
def test_the_groups_validity_ends_each_credential(
    account: Account, api: Api, auto_expiry: int | None, issued_on: str, expired_on: str | None
) -> None:
    group = account.add_group(auto_expiry=auto_expiry)["id"]

    assert made(api.create(group, issued_on=issued_on))["expired_on"] == expired_on
    own_end = made(api.create(group, "b@example.org", issued_on=issued_on, expired_on="2027-06-30"))
    assert own_end["expired_on"] == "2027-06-30"
