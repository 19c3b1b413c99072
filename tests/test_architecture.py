"""The page about the architecture says which way events, badges, syncs and restorations take through the modules."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import journeys
from tests.conftest import PluginSettings

PACKAGE = Path(__file__).resolve().parent.parent / "credentials_accredible"
PAGE = (PACKAGE.parent / "docs" / "architecture.rst").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def patience(plugin_settings: PluginSettings) -> None:
    """A busy machine is no reason for errors, which take a way of their own."""
    plugin_settings(REQUEST_TIMEOUT=(20, 20))


def section(heading: str) -> str:
    """What the page says below that heading."""
    return re.split(r"\n(?=[^\n]+\n[-~]{3,}\n)", PAGE.partition(f"\n{heading}\n")[2])[0]


def modules_of(heading: str) -> list[str]:
    """The modules in the table of that journey."""
    return re.findall(r"^   \* - ``([\w.]+)``$", section(heading), re.MULTILINE)


def modules_of_the_admin(heading: str) -> list[str]:
    """The modules that the page says are entered on top of those, by somebody in the admin."""
    return re.findall(r"``([\w.]+)``", section(heading).partition("In the admin")[2])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("heading", "journey", "most"),
    [
        ("From an event to a badge", journeys.event_to_badge, 15),
        ("From a due badge to Accredible and back", journeys.badge_to_accredible, 18),
        ("From “Sync groups” to the database", journeys.sync_groups, 25),
        ("From a snapshot back to a group", journeys.restore_group, 16),
    ],
)
def test_a_journey_enters_the_modules_that_the_page_lists(
    account: Any, heading: str, journey: Callable[[Any], list[str]], most: int
) -> None:
    entered = journey(account)

    assert modules_of(heading) == entered
    assert len(entered) <= most


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("heading", "journey", "most"),
    [
        ("From “Sync groups” to the database", journeys.sync_groups, 25),
        ("From a snapshot back to a group", journeys.restore_group, 16),
    ],
)
def test_a_journey_that_begins_in_the_admin_enters_what_the_page_says_as_well(
    account: Any, admin_client: Client, heading: str, journey: Callable[[Any, Client], list[str]], most: int
) -> None:
    entered = journey(account, admin_client)

    assert modules_of_the_admin(heading) == [module for module in entered if module not in modules_of(heading)]
    assert len(entered) <= most


def test_the_page_names_every_room() -> None:
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    rooms -= {"__init__", "__pycache__", "migrations", "templates", "static", "locale"}

    assert sorted(room for room in rooms if f"``{room}``" not in PAGE) == []


def test_every_module_that_the_page_names_exists() -> None:
    named = {name.replace(".", "/") for name in re.findall(r"``([a-z]\w*(?:\.\w+)+)``", PAGE)}

    assert len(named) > 50
    assert sorted(name for name in named if not (PACKAGE / f"{name}.py").exists()) == []
