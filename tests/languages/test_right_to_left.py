"""Pages in a language that runs from right to left."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.languages.test_marked import PACKAGE

STYLES = sorted(PACKAGE.rglob("*.css"))
_SIDES = re.compile(
    r"(margin|padding|border|inset)-(left|right)|^\s*(left|right):|(float|clear|text-align): (left|right)|"
    # Four sides of which the second and the fourth differ.
    r"(margin|padding): \S+ (\S+) \S+ (?!\7;)\S+;",
    re.MULTILINE,
)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["overview", "accrediblegroup_change"])
def test_a_page_runs_as_its_language_does(admin_client: Client, settings: Any, name: str) -> None:
    settings.LANGUAGE_CODE = "ar"
    group = factories.configure(factories.make_group())
    address = reverse(f"admin:credentials_accredible_{name}", args=[group.pk] if name.endswith("change") else [])

    page = admin_client.get(address, headers={"accept-language": "ar"}).content.decode()

    assert re.search(r'<html[^>]* dir="rtl"', page)
    assert "admin/css/rtl.css" in page


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_name_no_side_that_is_another_one_there(path: Path) -> None:
    found = [match[0].strip() for match in _SIDES.finditer(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("style", "names_sides"),
    [
        ("margin: 1px 2px 3px 2px;", False),
        ("padding: 1px 2px 3px 4px;", True),
        ("margin-left: 1px;", True),
        ("margin-inline-start: 1px;", False),
        ("  left: 0;", True),
    ],
)
def test_sides_are_seen_where_they_differ(style: str, names_sides: bool) -> None:
    assert bool(_SIDES.search(style)) is names_sides
