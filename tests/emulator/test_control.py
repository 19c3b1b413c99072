"""The controls over HTTP, for other processes and for people with curl."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api


class Controls:
    """The controls of an emulator, without a key."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_emulator"

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        return requests.request(method, self._url + path, json=body, timeout=PATIENCE, **options)


@pytest.fixture
def control(emulator: Emulator) -> Controls:
    """The controls of the emulator."""
    return Controls(emulator.url)


def test_groups_are_added_changed_and_deleted(account: Account, api: Api, control: Controls) -> None:
    added = control("POST", "/groups", {"name": "new", "course_name": "New 🏅", "added_in_2027": [1]})
    group_id = added.json()["group"]["id"]
    changed = control("PATCH", f"/groups/{group_id}", {"course_name": "Newer", "without": ["design_id"]})

    assert (added.status_code, changed.status_code) == (201, 200)
    (shown,) = api.groups()["groups"]
    assert (shown["name"], shown["course_name"], shown["added_in_2027"]) == ("new", "Newer", [1])
    assert "design_id" not in shown
    assert control("DELETE", f"/groups/{group_id}").json() == {"removed": group_id}
    assert api.groups()["groups"] == []


def test_the_query_chooses_the_account(emulator: Emulator, account: Account, control: Controls) -> None:
    second = emulator.add_account(key="second")
    eu = emulator.add_account(key="eu-key", environment="eu")

    control("POST", "/groups?key=second", {})
    control("POST", "/groups?environment=eu", {})

    assert [len(each.groups()) for each in (account, second, eu)] == [0, 1, 1]


def test_an_account_is_added(emulator: Emulator, control: Controls) -> None:
    reply = control("POST", "/accounts?environment=eu", {"key": "new", "seed": 10, "credits": 2, "department_id": 4})

    assert reply.status_code == 201
    with Api(emulator.url_of("eu"), "new") as api:
        assert {group["department_id"] for group in api.groups()["groups"]} == {4}
        assert api.get("/v1/issuer/details").json()["issuer"]["certificate_left"] == 2
    assert control("POST", "/accounts?environment=eu", {"key": "new"}).status_code == 409


def test_a_reset_empties_accounts_and_keeps_their_keys(
    emulator: Emulator, account: Account, api: Api, control: Controls
) -> None:
    group = account.add_group()
    api.create(group["id"])
    emulator.fault("status", status=500, times=None)
    emulator.rate_limit(0)

    assert control("POST", "/reset").status_code == 200

    assert emulator.requests == []
    assert api.groups()["groups"] == []
    assert api.search({})["credentials"] == []
    assert api.get("/v1/issuer/details").json()["issuer"]["certificate_left"] == account.initial_credits
    assert account.add_group()["id"] == group["id"]


def test_faults_are_added_told_and_cleared(account: Account, api: Api, control: Controls) -> None:
    added = control("POST", "/faults", {"kind": "status", "status": 503, "path": "/v1/issuer", "times": None})
    assert added.status_code == 201
    assert api.get("/v1/issuer/details").status_code == 503

    (fault,) = control("GET", "/faults").json()["faults"]
    assert (fault["kind"], fault["status"], fault["hits"]) == ("status", 503, 1)

    assert control("DELETE", "/faults").json() == {"faults": []}
    assert api.get("/v1/issuer/details").status_code == 200


def test_the_rate_limit_is_set_told_and_lifted(account: Account, api: Api, control: Controls) -> None:
    limit = {"limit": 0, "window": 12.5, "retry_after": False}

    assert control("POST", "/rate_limit", limit).json() == {"rate_limit": limit}
    assert control("GET", "/rate_limit").json() == {"rate_limit": limit}
    assert api.get("/v1/issuer/details").status_code == 429
    assert control("POST", "/rate_limit", {"limit": None}).json() == {"rate_limit": None}
    assert api.get("/v1/issuer/details").status_code == 200


BAD = [
    ("POST", "/groups", {"name": 5}),
    ("POST", "/groups", {"without": "id"}),
    ("POST", "/groups", []),
    ("PATCH", "/groups/12001", {"course_name": ["x"]}),
    ("POST", "/seed", {"groups": 0}),
    ("POST", "/accounts", {"key": "k", "credits": -1}),
    ("POST", "/accounts?environment=../x", {"key": "k"}),
    ("POST", "/rate_limit", {"limit": -1}),
    ("POST", "/rate_limit", {"limit": 1, "window": 0}),
    ("POST", "/faults", {"kind": "flood"}),
    ("POST", "/faults", {"kind": "html", "pattern": "("}),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_an_order_that_makes_no_sense_is_refused_with_the_reason(
    account: Account, control: Controls, method: str, path: str, body: Any
) -> None:
    account.add_group()

    reply = control(method, path, body)

    assert reply.status_code == 400, reply.text
    assert reply.json().keys() == {"error"}
    assert reply.json()["error"]


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_pages_of_other_sites_are_kept_out(account: Account, control: Controls, site: str, status: int) -> None:
    account.add_group()

    assert control("POST", "/reset", headers={"Sec-Fetch-Site": site}).status_code == status
    assert len(account.groups()) == (1 if status == 403 else 0)
