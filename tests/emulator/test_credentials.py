"""Credentials: making, viewing, changing, deleting."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api, day, made


def test_a_new_credential_is_published_and_its_id_is_a_text(api: Api, group: int) -> None:
    credential = made(api.create(group))

    assert isinstance(credential["id"], str)
    assert credential["approve"] is True
    assert credential["expired_on"] is None
    assert (credential["name"], credential["group_id"]) == ("Statistics", group)
    assert credential["issued_on"] in {day(0), day(-1)}
    assert (credential["recipient"]["name"], credential["recipient"]["email"]) == ("Ada", "ada@example.org")


def test_what_is_sent_comes_back(api: Api, group: int) -> None:
    sent: dict[str, Any] = {
        "name": "Applied Statistics 🏅",
        "description": "With honours",
        "issued_on": "2026-01-31",
        "expired_on": "2030-01-31",
        "custom_attributes": {"Grade": "A"},
        "meta_data": {"run": "1"},
        "complete": False,
    }
    credential = made(api.create(group, **sent))

    assert {name: credential[name] for name in sent} == sent
    assert made(api.get(f"/v1/credentials/{credential['id']}")) == credential


def test_the_deprecated_way_to_write_dates_works(api: Api, group: int) -> None:
    assert made(api.create(group, issued_on="31/01/2026"))["issued_on"] == "2026-01-31"


def test_ids_are_numbers_in_lists(api: Api, group: int) -> None:
    credential = made(api.create(group))

    (found,) = api.search({})["credentials"]
    assert found["id"] == int(credential["id"])


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
        ({"recipient": {"email": "ada@example.org"}}, {"recipient_name"}),
        ({"recipient": {"name": "Ada"}}, {"recipient_email"}),
        ({"recipient": {"name": " ", "email": "ada@example.org"}}, {"recipient_name"}),
        ({"recipient": {"name": "Ada", "email": "no address"}}, {"recipient_email"}),
        ({"recipient": {"name": "Ada", "email": "ada@nowhere"}}, {"recipient_email"}),
        ({"recipient": {"name": ["Ada"], "email": "ada@example.org"}}, {"recipient_name"}),
        ({"recipient": {"name": "Ada", "email": "ada@example.org", "meta_data": "x"}}, {"recipient_meta_data"}),
        ({"recipient": "Ada"}, {"recipient"}),
        ({"issued_on": "2026-02-30"}, {"issued_on"}),
        ({"issued_on": "yesterday"}, {"issued_on"}),
        ({"expired_on": 20270101}, {"expired_on"}),
        ({"expired_on": "2027-1-1", "issued_on": "x"}, {"expired_on", "issued_on"}),
        ({"custom_attributes": ["A"]}, {"custom_attributes"}),
        ({"meta_data": "x"}, {"meta_data"}),
        ({"approve": "yes"}, {"approve"}),
        ({"id": {"a": 1}}, {"id"}),
        ({"evidence_items": "x"}, {"evidence_items"}),
        ({"evidence_items": [{"category": "song"}]}, {"evidence_items_category"}),
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


@pytest.mark.parametrize("group_id", [None, 1, "1", "x", [1], True])
def test_an_unknown_group_is_invalid(api: Api, group: int, group_id: Any) -> None:
    reply = api.create(group_id)

    assert (reply.status_code, reply.json()) == (422, {"errors": "Invalid Group"})


def test_a_group_without_texts_asks_for_them(account: Account, api: Api) -> None:
    bare = account.add_group(course_name=None, course_description="")["id"]

    assert api.create(bare).json()["errors"].keys() == {"name", "description"}
    assert made(api.create(bare, name="Title", description="Text"))["name"] == "Title"


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


def test_the_same_address_can_have_credentials_of_several_groups(account: Account, api: Api, group: int) -> None:
    made(api.create(group))
    made(api.create(account.add_group()["id"]))

    assert len(account.credentials()) == 2


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


@pytest.mark.parametrize("change", [{"expired_on": "soon"}, {"group_id": 1}, {"recipient": {"email": ""}}])
def test_an_invalid_change_changes_nothing(api: Api, group: int, change: dict[str, Any]) -> None:
    before = made(api.create(group))

    reply = api.put(f"/v1/credentials/{before['id']}", {"credential": {"name": "Changed", **change}})

    assert reply.status_code == 422
    assert made(api.get(f"/v1/credentials/{before['id']}")) == before


def test_a_credential_moves_to_another_group(account: Account, api: Api, group: int) -> None:
    credential = made(api.create(group))
    other = account.add_group()["id"]

    assert (
        made(api.put(f"/v1/credentials/{credential['id']}", {"credential": {"group_id": other}}))["group_id"] == other
    )


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


def test_a_credential_outlives_its_group(account: Account, api: Api, group: int) -> None:
    credential = made(api.create(group))

    account.remove_group(group)

    assert made(api.get(f"/v1/credentials/{credential['id']}"))["name"] == "Statistics"
    assert "Statistics" in requests.get(credential["url"], timeout=PATIENCE).text


def test_changing_with_patch_is_not_offered(api: Api, group: int) -> None:
    credential = made(api.create(group))

    reply = api.request("PATCH", f"/v1/credentials/{credential['id']}", json={"credential": {}})

    assert (reply.status_code, reply.json()) == (404, {"error": "Not found"})
