"""Groups: searching, paging, viewing, and changing them from outside."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulator.account import Account
from tests.emulator.api import Api


def ids(reply: Any) -> list[int]:
    return [group["id"] for group in reply["groups"]]


def add_groups(account: Account, count: int) -> list[int]:
    return [account.add_group(name=f"g-{number}")["id"] for number in range(count)]


def test_fifty_groups_make_a_page_unless_asked_otherwise(account: Account, api: Api) -> None:
    known = add_groups(account, 60)

    reply = api.groups()

    assert ids(reply) == known[:50]
    assert reply["meta"] == {
        "current_page": 1,
        "next_page": 2,
        "prev_page": None,
        "total_pages": 2,
        "total_count": 60,
    }


def test_the_pages_together_hold_every_group_once(account: Account, api: Api) -> None:
    known = add_groups(account, 25)

    pages = [api.groups(page=page, page_size=10) for page in (1, 2, 3)]

    assert [group for page in pages for group in ids(page)] == known
    assert [page["meta"]["prev_page"] for page in pages] == [None, 1, 2]
    assert [page["meta"]["next_page"] for page in pages] == [2, 3, None]


def test_a_page_past_the_end_is_empty(account: Account, api: Api) -> None:
    add_groups(account, 3)

    reply = api.groups(page=9)

    assert reply["groups"] == []
    assert reply["meta"] == {
        "current_page": 9,
        "next_page": None,
        "prev_page": None,
        "total_pages": 1,
        "total_count": 3,
    }


def test_an_account_without_groups_has_an_empty_page(api: Api) -> None:
    reply = api.groups()

    assert reply["groups"] == []
    assert reply["meta"]["total_count"] == 0
    assert reply["meta"]["total_pages"] == 1


@pytest.mark.parametrize(("asked", "got"), [(100, 100), (101, 100), (5000, 100)])
def test_no_page_is_larger_than_what_is_known_to_be_accepted(account: Account, api: Api, asked: int, got: int) -> None:
    add_groups(account, 130)

    reply = api.groups(page_size=asked)

    assert len(reply["groups"]) == got
    assert reply["meta"]["total_pages"] == 2


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"name": "ALPHA"}, [0, 2]),
        ({"course_name": "second"}, [1]),
        ({"name": "alpha", "course_name": "third"}, [2]),
        ({"meta_data": {"run": "1"}}, [0]),
        ({"start_updated_date": "2026-02-01"}, [1, 2]),
        ({"end_updated_date": "2026-02-01"}, [0, 1]),
        ({"start_updated_date": "2026-02-01", "end_updated_date": "2026-02-28"}, [1]),
        ({"name": "nothing has it"}, []),
    ],
)
def test_groups_are_found_by_what_is_said_of_them(
    account: Account, api: Api, body: dict[str, Any], found: list[int]
) -> None:
    known = [
        account.add_group(
            name="alpha-1", course_name="First", meta_data={"run": "1"}, updated_at="2026-01-31T23:59:59.999Z"
        ),
        account.add_group(name="beta", course_name="Second", updated_at="2026-02-01T00:00:00.000Z"),
        account.add_group(
            name="Alpha-2", course_name="Third", meta_data=["odd"], updated_at="2026-03-01T00:00:00.000Z"
        ),
    ]

    assert ids(api.groups(**body)) == [known[position]["id"] for position in found]


def test_groups_are_found_by_id(account: Account, api: Api) -> None:
    known = add_groups(account, 4)

    assert ids(api.groups(ids=[known[2], known[0], 999_999])) == [known[0], known[2]]


def test_the_deprecated_list_pages_alike(account: Account, api: Api) -> None:
    known = add_groups(account, 5)

    by_query = api.get("/v1/issuer/all_groups?page=2&page_size=2").json()
    by_body = api.request("GET", "/v1/issuer/all_groups", json={"page": 2, "page_size": 2}).json()

    assert ids(by_query) == ids(by_body) == known[2:4]
    assert by_query["meta"]["total_pages"] == 3


def test_a_group_is_viewed_by_its_id_until_it_is_gone(account: Account, api: Api) -> None:
    group = account.add_group(name="internal", course_name="Public")

    assert api.get(f"/v1/issuer/groups/{group['id']}").json() == {"group": group}

    account.remove_group(group["id"])
    reply = api.get(f"/v1/issuer/groups/{group['id']}")
    assert (reply.status_code, reply.json()) == (404, {"errors": "Doesn't exist"})
    assert api.groups()["groups"] == []


def test_any_text_survives(account: Account, api: Api) -> None:
    title = "Ünïcödé 🏅 مقدمة 機械学習 <b>&amp;</b> \u200f\u202e \x00\x1f " + "long " * 100
    group = account.add_group(course_name=title)

    reply = api.get(f"/v1/issuer/groups/{group['id']}")

    assert reply.json()["group"]["course_name"] == title
    assert "🏅".encode() in reply.content


def test_a_group_gets_a_badge_design_unless_one_is_named(account: Account) -> None:
    first, second = account.add_group(), account.add_group()
    bare = account.add_group(badge_design_id=None)

    designs = [design["id"] for design in account.designs()]
    assert designs == [first["primary_design_id"]] == [second["badge_design_id"]]
    assert [bare[name] for name in ("primary_design_id", "badge_design_id", "certificate_design_id", "design_id")] == [
        None
    ] * 4


def test_keys_can_be_left_out_and_unknown_ones_added(account: Account, api: Api) -> None:
    account.add_group(without=["badge_design_id", "meta_data"], added_in_2027=True)

    (group,) = api.groups()["groups"]
    assert "badge_design_id" not in group
    assert "meta_data" not in group
    assert group["added_in_2027"] is True


def test_a_change_shows_and_moves_the_date(account: Account, api: Api) -> None:
    group = account.add_group(course_name="Before", updated_at="2099-01-01T00:00:00.000Z")

    account.update_group(group["id"], course_name="After", without=["design_id"])

    (shown,) = api.groups()["groups"]
    assert shown["course_name"] == "After"
    assert shown["updated_at"] == "2099-01-01T00:00:00.001Z"
    assert "design_id" not in shown


@pytest.mark.parametrize("group_id", [0, -1, "12", True, 1.5])
def test_an_id_is_a_positive_whole_number(account: Account, group_id: Any) -> None:
    with pytest.raises(ValueError, match="positive whole number"):
        account.add_group(id=group_id)
    assert account.groups() == []


def test_an_id_is_free_again_once_its_group_is_gone(account: Account) -> None:
    account.add_group(id=5)
    with pytest.raises(ValueError, match="already"):
        account.add_group(id=5)

    account.remove_group(5)

    assert account.add_group(id=5)["id"] == 5


def test_what_is_handed_out_is_a_copy(account: Account, api: Api) -> None:
    account.add_group(course_name="Kept", meta_data={"a": "b"})["meta_data"]["a"] = "changed"
    account.groups()[0]["course_name"] = "changed"

    (group,) = api.groups()["groups"]
    assert (group["course_name"], group["meta_data"]) == ("Kept", {"a": "b"})


def test_the_account_tells_what_is_left_to_publish(emulator: Any) -> None:
    emulator.add_account(key="poor", credits=3)

    with Api(emulator.url, "poor") as api:
        issuer = api.get("/v1/issuer/details").json()["issuer"]

    assert issuer["certificate_left"] == 3
    assert {"id", "name", "email", "url"} <= issuer.keys()


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["Grade", "Mentor", "Finished"]),
        ({"kind": "email"}, ["Mentor"]),
        ({"name": "grad"}, ["Grade"]),
        ({"department_id": 2}, ["Finished"]),
        ({"page": 2, "page_size": 2}, ["Finished"]),
    ],
)
def test_attribute_keys_are_found(account: Account, api: Api, body: dict[str, Any], names: list[str]) -> None:
    account.add_attribute_key("Grade")
    account.add_attribute_key("Mentor", "email")
    account.add_attribute_key("Finished", "date", department_id=2)

    reply = api.post("/v1/attribute_keys/search", body).json()

    assert [entry["name"] for entry in reply["attribute_keys"]] == names
    assert reply["meta"]["total_count"] >= len(names)
