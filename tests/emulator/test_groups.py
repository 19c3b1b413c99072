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


@pytest.mark.parametrize(("asked", "got"), [(100, 100), (101, 100), (5000, 100)])
def test_no_page_is_larger_than_what_is_known_to_be_accepted(account: Account, api: Api, asked: int, got: int) -> None:
    add_groups(account, 130)

    reply = api.groups(page_size=asked)

    assert len(reply["groups"]) == got
    assert reply["meta"]["total_pages"] == 2


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


def test_a_page_past_the_end_is_empty(account: Account, api: Api) -> None:
    add_groups(account, 3)

    reply = api.groups(page=9)

    assert reply["groups"] == []
    assert (reply["meta"]["next_page"], reply["meta"]["total_count"]) == (None, 3)


def test_attribute_keys_are_found(account: Account, api: Api) -> None:
    for name, kind in (("Grade", "text"), ("Mentor", "email"), ("Finished", "date")):
        account.add_attribute_key(name, kind)

    first, second = (api.post("/v1/attribute_keys/search", {"page": page, "page_size": 2}).json() for page in (1, 2))

    assert [entry["name"] for entry in first["attribute_keys"]] == ["Grade", "Mentor"]
    assert [entry["name"] for entry in second["attribute_keys"]] == ["Finished"]
    assert second["meta"]["total_count"] == 3
