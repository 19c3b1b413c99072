"""The made-up content: as odd as real accounts, and the same every time."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from demo.emulator.catalogue import DESIGN_KEYS
from demo.emulator.seed import seed
from demo.emulator.server import Emulator
from tests.emulator.api import Api


@pytest.fixture
def groups(emulator: Emulator) -> list[dict[str, Any]]:
    """The groups of a seeded account, as the API shows them."""
    emulator.add_account(key="seeded", seed=135)
    with Api(emulator.url, "seeded") as api:
        return [group for page in (1, 2) for group in api.groups(page=page, page_size=100)["groups"]]


def names_with(groups: list[dict[str, Any]], *properties: str) -> list[str]:
    return [
        group["course_name"]
        for group in groups
        if any(unicodedata.bidirectional(character) in properties for character in group["course_name"])
    ]


def test_there_are_135_groups_with_ids_of_their_own(groups: list[dict[str, Any]]) -> None:
    assert len({group["id"] for group in groups}) == len(groups) == 135


def test_a_few_designs_are_shared_by_all(groups: list[dict[str, Any]]) -> None:
    used = {group.get(key) for group in groups for key in DESIGN_KEYS} - {None}

    assert 15 <= len(used) <= 20


def test_some_designs_are_null_and_some_keys_missing(groups: list[dict[str, Any]]) -> None:
    assert any(all(key in group and group[key] is None for key in DESIGN_KEYS) for group in groups)
    assert any(not set(DESIGN_KEYS) & group.keys() for group in groups)
    assert any(0 < len(set(DESIGN_KEYS) & group.keys()) < len(DESIGN_KEYS) for group in groups)


def test_internal_names_differ_from_titles(groups: list[dict[str, Any]]) -> None:
    assert any(group["name"] != group["course_name"] for group in groups)
    assert any(group["name"] == group["course_name"] for group in groups)
    assert len({group["name"] for group in groups}) == 135
    assert any(len(group["name"]) == 36 and group["name"].count("-") == 4 for group in groups)


def test_titles_come_in_many_scripts(groups: list[dict[str, Any]]) -> None:
    assert names_with(groups, "R")
    assert names_with(groups, "AL")
    assert any(ord(character) > 0xFFFF for group in groups for character in group["course_name"])
    assert any("CJK" in unicodedata.name(character, "") for group in groups for character in group["course_name"])


def test_descriptions_hold_html_and_are_long(groups: list[dict[str, Any]]) -> None:
    assert any("<p>" in group["course_description"] and len(group["course_description"]) > 255 for group in groups)


def test_meta_data_and_outcomes_can_be_null(groups: list[dict[str, Any]]) -> None:
    assert {type(group["meta_data"]) for group in groups} == {dict, type(None)}
    assert any(group["learning_outcomes"] is None for group in groups)
    assert any(group["learning_outcomes"] == [] for group in groups)
    assert any(group["learning_outcomes"] for group in groups)


def test_two_departments_both_need_more_than_a_page(groups: list[dict[str, Any]]) -> None:
    departments = [group["department_id"] for group in groups]

    assert sorted(departments.count(department) for department in set(departments)) == [54, 81]


def test_every_kind_of_picture_address_occurs(emulator: Emulator) -> None:
    account = emulator.add_account(key="seeded", seed=1)
    addresses = [design.get("rasterized_content_url") for design in account.designs()]

    assert len(addresses) == 20
    assert None in addresses
    assert any(address and len(address) > 255 for address in addresses)
    assert any(address and address.endswith("/rasterized") for address in addresses)
    assert {design["kind"] for design in account.designs()} == {"badge", "certificate"}


def test_the_same_content_comes_every_time(emulator: Emulator) -> None:
    account = emulator.add_account(key="seeded", seed=135)
    first = (account.groups(), account.designs(), account.attribute_keys)
    emulator.world.empty()
    seed(account, 135)
    again = (account.groups(), account.designs(), account.attribute_keys)
    elsewhere = emulator.add_account(key="seeded", environment="other", seed=135)

    assert again == first
    assert elsewhere.groups() == first[0]


def test_there_can_be_thousands(emulator: Emulator) -> None:
    account = emulator.add_account(key="seeded", seed=2000)

    assert len({group["name"] for group in account.groups()}) == 2000
