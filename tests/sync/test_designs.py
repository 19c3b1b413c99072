"""How many requests the pictures of groups cost, and that nothing rests on Accredible's list of designs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _patient(emulator: Emulator, plugin_settings: PluginSettings) -> None:
    """What a busy machine answers late is not asked for again: requests are counted here."""
    plugin_settings(REQUEST_TIMEOUT=(20, 20))


def add_groups(account: Any, groups: int, designs: int, **design: Any) -> list[int]:
    """So many groups that share so many designs; returns the ids of the designs."""
    ids = [account.add_design(name=f"Design {number}", **design)["id"] for number in range(designs)]
    for number in range(groups):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}", badge_design_id=ids[number % designs])
    return ids


def asked(emulator: Emulator) -> Counter[str]:
    """How often each endpoint was asked."""
    return Counter("designs/…" if r.method == "GET" else r.path.removeprefix("/v1/") for r in emulator.requests)


def assert_all_have_icons(config: AccredibleAPIConfig) -> None:
    assert not config.groups.filter(icon_url="").exists()
    assert all(f"/designs/{group.design_id}.png" in group.icon_url for group in config.groups.all())


def test_a_first_sync_of_an_ordinary_account_takes_two_requests(emulator: Emulator, account: Any) -> None:
    add_groups(account, 50, designs=20)
    config = factories.make_config()

    outcome = api.sync(config)

    assert (outcome.succeeded, outcome.warnings) == (True, [])
    assert_all_have_icons(config)
    assert asked(emulator) == {"issuer/groups/search": 1, "designs/search": 1}


def test_many_designs_take_a_request_for_each_page(emulator: Emulator, account: Any) -> None:
    add_groups(account, 230, designs=230)
    config = factories.make_config()

    api.sync(config)

    assert_all_have_icons(config)
    assert asked(emulator) == {"issuer/groups/search": 3, "designs/search": 3}


def test_few_designs_are_asked_for_one_by_one_at_once(emulator: Emulator, account: Any) -> None:
    add_groups(account, 8, designs=4)

    api.sync(factories.make_config())

    assert asked(emulator) == {"issuer/groups/search": 1, "designs/…": 4}


def test_a_design_that_the_list_lacks_is_asked_for(emulator: Emulator, account: Any) -> None:
    add_groups(account, 150, designs=150)
    emulator.fault("half_page", path="/v1/designs/search", times=1)
    config = factories.make_config()

    api.sync(config)

    assert_all_have_icons(config)
    assert asked(emulator)["designs/…"] > 0


def test_a_design_that_is_listed_without_picture_is_asked_for(emulator: Emulator, account: Any) -> None:
    add_groups(account, 12, designs=6, picture="absent")
    config = factories.make_config()

    outcome = api.sync(config)

    assert (outcome.succeeded, outcome.warnings) == (True, [])
    assert asked(emulator)["designs/…"] == 6


def test_a_list_of_designs_that_nobody_wants_is_left(emulator: Emulator, account: Any) -> None:
    for number in range(300):
        account.add_design(name=f"Unused {number}")
    add_groups(account, 10, designs=10)
    config = factories.make_config()

    api.sync(config)

    assert_all_have_icons(config)
    assert asked(emulator) == {"issuer/groups/search": 1, "designs/search": 1, "designs/…": 10}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"status": 404}),
        ("status", {"status": 429}),
        ("status", {"status": 500}),
        ("html", {}),
        ("broken_json", {}),
        ("empty", {}),
        ("cut_before", {}),
    ],
)
def test_without_a_list_of_designs_each_is_asked_for(
    emulator: Emulator, account: Any, kind: str, options: dict[str, Any]
) -> None:
    add_groups(account, 12, designs=6)
    emulator.fault(kind, path="/v1/designs/search", times=1000, **options)
    config = factories.make_config()

    outcome = api.sync(config)

    assert (outcome.succeeded, outcome.warnings) == (True, [])
    assert_all_have_icons(config)
    assert asked(emulator) == {"issuer/groups/search": 1, "designs/search": 1, "designs/…": 6}
