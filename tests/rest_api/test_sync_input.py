"""What is refused as a request for a sync, or for a preview."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

import credentials_accredible.tasks  # noqa: F401  # for the worker
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from tests.rest_api.conftest import ROOT

pytestmark = pytest.mark.django_db


BAD_BODIES: list[tuple[Any, str]] = [
    ({"force": "yes"}, "force"),
    ({"force": 1}, "force"),
    ({"force": None}, "force"),
    ({"refresh_icons": []}, "refresh_icons"),
    ({"approved": "abc"}, "approved"),
    ({"approved": "G" * 64}, "approved"),
    ({"approved": "a" * 64 + "\n"}, "approved"),
    ({"approved": {}}, "approved"),
    ({"site": 999}, "site"),
    ({"site": 10**30}, "site"),
    ({"site": 1.5}, "site"),
    ({"site": True}, "site"),
    ({"site": "1"}, "site"),
    ({"carry_over": {"1": 2}}, "carry_over"),
    ({"carry_over": [{"removed": 1}]}, "carry_over"),
    ({"carry_over": [{"removed": 1, "created": 10**30}]}, "carry_over"),
    ({"carry_over": [{"removed": 1, "created": 2, "name": "x"}]}, "carry_over"),
    ({"carry_over": [{"removed": 1, "created": 2}] * 1001}, "carry_over"),
    ({"aproved": "a" * 64}, "non_field_errors"),
    ([], "non_field_errors"),
    (None, "non_field_errors"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES, ids=[str(body)[:20] for body, _field in BAD_BODIES])
def test_input_that_cannot_be_used_is_refused(
    superuser: APIClient, config: AccredibleAPIConfig, body: Any, field: str
) -> None:
    address = f"{ROOT}configs/{config.pk}/sync/"
    answer = superuser.post(address, json.dumps(body), content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert field in answer.json()["detail"]
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize(
    "text",
    ["{", "nonsense", "\x00", "NaN", "[" * 100_000, '{"site": ' + "9" * 5000 + "}", '{"\\ud800": 1}', "\xff\xfe"],
)
def test_text_that_is_no_json_of_ours_is_refused(superuser: APIClient, config: AccredibleAPIConfig, text: str) -> None:
    address = f"{ROOT}configs/{config.pk}/sync/"
    answer = superuser.post(address, text.encode("latin-1"), content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_nothing_but_json_is_taken_and_given(superuser: APIClient, config: AccredibleAPIConfig) -> None:
    assert superuser.post(f"{ROOT}configs/{config.pk}/sync/", {"force": "true"}).status_code == 415
    assert superuser.get(f"{ROOT}configs/", headers={"Accept": "text/html"}).status_code == 406


def test_nothing_at_all_is_enough(superuser: APIClient, account: Any, config: AccredibleAPIConfig) -> None:
    assert superuser.post(f"{ROOT}configs/{config.pk}/sync/").status_code == 200
