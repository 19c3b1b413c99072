"""The controls over HTTP, for other processes and for people with curl."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api
from tests.emulator.conftest import KEY


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


def test_the_overview_tells_accounts_and_controls(emulator: Emulator, account: Account, control: Controls) -> None:
    account.add_group()

    overview = control("GET", "/").json()

    assert overview["environments"]["emulator"] == {
        "url": emulator.url,
        "accounts": [{"keys": {KEY: None}, "departments": account.departments, "groups": 1}],
    }
    assert any("/_emulator/faults" in name for name in overview["controls"])


def test_every_control_that_is_told_exists(emulator: Emulator, account: Account, control: Controls) -> None:
    for name in control("GET", "/").json()["controls"]:
        method, path = name.split()
        reply = control(method, path.removeprefix("/_emulator").replace("ID", "1"), {})
        assert reply.status_code != 405, name
        assert reply.status_code != 404 or "group" in reply.json()["error"], name


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


def test_duplicates_are_allowed_and_forbidden(account: Account, api: Api, control: Controls) -> None:
    group = control("POST", "/groups", {"allow_duplicates": True}).json()["group"]
    api.create(group["id"])
    assert api.create(group["id"]).status_code == 200

    control("PATCH", f"/groups/{group['id']}", {"allow_duplicates": False})

    assert api.create(group["id"]).status_code == 422
    assert "allow_duplicates" not in api.groups()["groups"][0]


def test_the_query_chooses_the_account(emulator: Emulator, account: Account, control: Controls) -> None:
    second = emulator.add_account(key="second")
    eu = emulator.add_account(key="eu-key", environment="eu")

    control("POST", "/groups?key=second", {})
    control("POST", "/groups?environment=eu", {})

    assert [len(each.groups()) for each in (account, second, eu)] == [0, 1, 1]


@pytest.mark.parametrize("path", ["/groups?key=none", "/groups?environment=none", "/seed?key=none"])
def test_an_account_that_does_not_exist_is_not_found(account: Account, control: Controls, path: str) -> None:
    reply = control("POST", path, {})

    assert (reply.status_code, reply.json()) == (404, {"error": "There is no such account"})


def test_an_account_is_filled(account: Account, api: Api, control: Controls) -> None:
    assert control("POST", "/seed", {"groups": 7}).json() == {"groups": 7}
    assert api.groups()["meta"]["total_count"] == 7


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


def test_requests_are_recorded_but_the_controls_are_not(account: Account, api: Api, control: Controls) -> None:
    api.post("/v1/issuer/groups/search", {"page": 3})
    control("GET", "/faults")

    (record,) = control("GET", "/requests").json()["requests"]

    assert (record["method"], record["path"], record["json"]) == ("POST", "/v1/issuer/groups/search", {"page": 3})
    assert record["headers"]["Authorization"] == f"Token token={KEY}"
    assert record["status"] == 200


BAD = [
    ("POST", "/groups", {"name": 5}),
    ("POST", "/groups", {"id": "5"}),
    ("POST", "/groups", {"id": True}),
    ("POST", "/groups", {"without": "id"}),
    ("POST", "/groups", {"meta_data": []}),
    ("POST", "/groups", []),
    ("POST", "/groups", "text"),
    ("PATCH", "/groups/12001", {"course_name": ["x"]}),
    ("POST", "/seed", {"groups": 0}),
    ("POST", "/seed", {"groups": "many"}),
    ("POST", "/seed", {"groups": 10**9}),
    ("POST", "/seed", {"amount": 3}),
    ("POST", "/accounts", {}),
    ("POST", "/accounts", {"key": None}),
    ("POST", "/accounts", {"key": "k", "credits": -1}),
    ("POST", "/accounts?environment=../x", {"key": "k"}),
    ("POST", "/rate_limit", {}),
    ("POST", "/rate_limit", {"limit": -1}),
    ("POST", "/rate_limit", {"limit": 1, "window": 0}),
    ("POST", "/rate_limit", {"limit": "1"}),
    ("POST", "/faults", {}),
    ("POST", "/faults", {"kind": "flood"}),
    ("POST", "/faults", {"kind": "status"}),
    ("POST", "/faults", {"kind": "html", "pattern": "("}),
    ("POST", "/faults", [{"kind": "html"}]),
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


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe\x00", b"[" * 5000, b'{"name": "\\ud800"}', b'{"x": NaN}'])
def test_an_order_that_is_not_json_is_refused(account: Account, control: Controls, data: bytes) -> None:
    reply = control("POST", "/groups", data=data, headers={"Content-Type": "application/json"})

    assert (reply.status_code, reply.json()) == (400, {"error": "The body is not valid JSON"})


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_an_order_has_to_say_that_it_is_json(account: Account, control: Controls, content_type: str) -> None:
    reply = control("POST", "/groups", data=b'{"name": "x"}', headers={"Content-Type": content_type})

    assert reply.status_code == 415
    assert account.groups() == []


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_pages_of_other_sites_are_kept_out(account: Account, control: Controls, site: str, status: int) -> None:
    account.add_group()

    assert control("POST", "/reset", headers={"Sec-Fetch-Site": site}).status_code == status
    assert len(account.groups()) == (1 if status == 403 else 0)


@pytest.mark.parametrize(("method", "status"), [("PATCH", 404), ("DELETE", 404), ("PUT", 405)])
@pytest.mark.parametrize("group_id", ["1", "x", "9" * 5000])
def test_a_group_that_does_not_exist_is_not_found(
    account: Account, control: Controls, method: str, status: int, group_id: str
) -> None:
    reply = control(method, f"/groups/{group_id}", {})

    assert reply.status_code == status
    assert reply.json().keys() == {"error"}


def test_an_id_in_use_is_a_conflict(account: Account, control: Controls) -> None:
    group = account.add_group()

    assert control("POST", "/groups", {"id": group["id"]}).status_code == 409
    assert control("PATCH", f"/groups/{group['id']}", {"id": 5}).status_code == 409


@pytest.mark.parametrize("name", ["self", "group_id", "account", "fields"])
def test_any_key_can_be_a_field(account: Account, control: Controls, name: str) -> None:
    added = control("POST", "/groups", {name: 1})
    group_id = added.json()["group"]["id"]

    assert added.json()["group"][name] == 1
    assert control("PATCH", f"/groups/{group_id}", {name: 2}).json()["group"][name] == 2
