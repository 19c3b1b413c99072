"""Whatever an address holds, the answer is 400 or 404 with a sentence, and never 500."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from tests import factories
from tests.rest_api.conftest import ROOT

pytestmark = pytest.mark.django_db

KEYS = [
    "0", "-1", "1.5", "1e3", "x", "9" * 18, "9" * 19, "9" * 30, "9" * 5000, "١", "²", "%00", "1%00", "%FF",
    "%F0%9F%8E%93",
    "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-00000000000g", "'; --", "<b>", "None", "mine.json",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=lambda key: str(key)[:24])
@pytest.mark.parametrize("resource", ["configs", "runs", "groups", "badges"])
def test_what_does_not_exist_is_not_found(superuser: APIClient, resource: str, key: str) -> None:
    factories.make_badge(factories.make_group())

    answer = superuser.get(f"{ROOT}{resource}/{quote(key, safe='%')}/")

    assert answer.status_code == 404
    assert f"GET {resource}/ lists" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["configs/{}/preview/", "configs/{}/sync/", "badges/{}/retry/"])
@pytest.mark.parametrize("key", ["999", "9" * 30, "%00", "00000000-0000-0000-0000-000000000000"])
def test_nor_is_anything_done_to_it(superuser: APIClient, path: str, key: str) -> None:
    assert superuser.post(ROOT + path.format(key)).status_code == 404


FILTERS = [
    ("configs", "environment", "%00"),
    ("configs", "search", "%00"),
    ("configs", "search", "x" * 201),
    ("configs", "ordering", "api_key"),
    ("runs", "config", "x"),
    ("runs", "config", "9" * 30),
    ("runs", "config", "-1"),
    ("runs", "config", "1.5"),
    ("runs", "status", "done"),
    ("runs", "trigger", "%00"),
    ("runs", "started_after", "yesterday"),
    ("runs", "started_after", "0001-01-01T00:00:00%2B14:00"),
    ("runs", "started_before", "9999-12-31T23:59:59-14:00"),
    ("runs", "started_before", "2026-02-30T00:00:00Z"),
    ("groups", "is_active", "maybe"),
    ("groups", "accredible_id", "9" * 19),
    ("groups", "ordering", "name,id"),
    ("groups", "ordering", "api_config__api_key"),
    ("badges", "group", "x"),
    ("badges", "group", "%00"),
    ("badges", "username", "%00"),
    ("badges", "state", "errors"),
    ("badges", "problem", "x"),
    ("badges", "ordering", "user__password"),
    ("badges/mine", "status", "x"),
    ("badges/mine", "ordering", "state"),
]


@pytest.mark.parametrize(("resource", "name", "value"), FILTERS)
def test_a_filter_that_makes_no_sense_is_refused(superuser: APIClient, resource: str, name: str, value: str) -> None:
    answer = superuser.get(f"{ROOT}{resource}/?{name}={value}")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [name]
    assert answer.json()["detail"].startswith(f"{name}: ")


def test_what_no_run_did_is_not_found(superuser: APIClient) -> None:
    assert superuser.get(f"{ROOT}runs/999/changes/").status_code == 404


@pytest.mark.parametrize("value", ["9" * 18, str(2**63 - 1), "0"])
@pytest.mark.parametrize("name", ["config", "accredible_id"])
def test_a_number_that_nothing_has_finds_nothing(superuser: APIClient, name: str, value: str) -> None:
    factories.make_group()
    assert superuser.get(f"{ROOT}groups/?{name}={value}").json()["count"] == 0


@pytest.mark.parametrize("text", ["🎓", "ﬀ", "'", "\\", "%", "_", "\u202e", "%F0%9F%8E", "a " * 99, "\r\n\t"])
def test_any_text_can_be_searched_for(superuser: APIClient, text: str) -> None:
    factories.make_badge(factories.make_group(name="Badge 🎓"))
    for address in ("configs/", "runs/", "groups/", "badges/"):
        answer = superuser.get(f"{ROOT}{address}?search={quote(text, safe='%')}")
        assert answer.status_code == 200
    assert superuser.get(f"{ROOT}badges/?username={quote(text, safe='%')}").status_code == 200
