"""How the API describes itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from rest_framework.test import APIClient

from credentials_accredible.rest_api.v1.errors import Code
from tests.rest_api.conftest import ROOT, Caller

DOCS = Path(__file__).resolve().parents[2] / "docs"
COMMITTED = DOCS / "openapi.yaml"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    """The description in the documentation."""
    return dict(yaml.safe_load(COMMITTED.read_text(encoding="utf-8")))


def generated(path: Path) -> str:
    call_command("generate_swagger", str(path), overwrite=True)
    # The command switches warnings off for good.
    logging.disable(logging.NOTSET)
    return path.read_text(encoding="utf-8")


def test_the_committed_description_is_current(tmp_path: Path) -> None:
    assert generated(tmp_path / "openapi.yaml") == COMMITTED.read_text(encoding="utf-8"), "run: make openapi"


def test_a_second_description_is_the_same(tmp_path: Path) -> None:
    assert generated(tmp_path / "first.yaml") == generated(tmp_path / "second.yaml")


def test_every_operation_says_what_it_answers_to_whom(committed: dict[str, Any]) -> None:
    operations = [item for path in committed["paths"].values() for name, item in path.items() if name != "parameters"]
    assert len(operations) == 16
    for operation in operations:
        assert operation["description"]
        assert {"401", "403", "405", "406", "429", "500"} < set(operation["responses"])
        assert all("schema" in answer for answer in operation["responses"].values())


def test_no_key_is_ever_told(committed: dict[str, Any]) -> None:
    assert not [name for item in committed["definitions"].values() for name in item["properties"] if "key" in name]


def test_the_page_of_api_documentation_opens(superuser: APIClient, anonymous: APIClient) -> None:
    page = superuser.get("/api-docs/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert anonymous.get("/api-docs/").status_code == 200


def test_it_shows_what_the_caller_may_use(superuser: APIClient, caller: Caller, anonymous: APIClient) -> None:
    def paths(client: APIClient) -> set[str]:
        found = client.get("/api-docs/?format=openapi").json()
        return {found.get("basePath", "").rstrip("/") + path for path in found["paths"]}

    assert len(paths(superuser)) == 15
    assert f"{ROOT}badges/mine/" in paths(caller())
    assert f"{ROOT}badges/" not in paths(caller())
    assert f"{ROOT}badges/" in paths(caller("view_accrediblebadge"))
    assert f"{ROOT}badges/{{uuid}}/retry/" not in paths(caller("view_accrediblebadge"))
    assert paths(anonymous) == set()


@pytest.mark.parametrize("code", Code.values)
def test_every_code_is_in_the_documentation(code: str) -> None:
    assert f"``{code}``" in (DOCS / "rest_api.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))["paths"]))
def test_every_address_is_in_the_documentation(path: str) -> None:
    assert f"``{path.removeprefix('/')}``" in (DOCS / "rest_api.rst").read_text(encoding="utf-8")
