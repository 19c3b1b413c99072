"""The made-up content: as odd as real accounts, and the same every time."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulator.seed import seed
from demo.emulator.server import Emulator
from tests.emulator.api import Api


@pytest.fixture
def groups(emulator: Emulator) -> list[dict[str, Any]]:
    """The groups of a seeded account, as the API shows them."""
    emulator.add_account(key="seeded", seed=135)
    with Api(emulator.url, "seeded") as api:
        return [group for page in (1, 2) for group in api.groups(page=page, page_size=100)["groups"]]


def test_two_departments_both_need_more_than_a_page(groups: list[dict[str, Any]]) -> None:
    departments = [group["department_id"] for group in groups]

    assert sorted(departments.count(department) for department in set(departments)) == [54, 81]


def test_the_same_content_comes_every_time(emulator: Emulator) -> None:
    account = emulator.add_account(key="seeded", seed=135)
    first = (account.groups(), account.designs(), account.attribute_keys)
    emulator.world.empty()
    seed(account, 135)
    again = (account.groups(), account.designs(), account.attribute_keys)
    elsewhere = emulator.add_account(key="seeded", environment="other", seed=135)

    assert again == first
    assert elsewhere.groups() == first[0]
