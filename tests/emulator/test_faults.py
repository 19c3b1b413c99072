"""Faults on demand, as a client meets them."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import Api

DETAILS = "/v1/issuer/details"
SEARCH = "/v1/issuer/groups/search"


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, "application/json", '"code"'),
        (401, "text/plain", "HTTP Token: Access denied."),
        (403, "application/json", "may not do that"),
        (404, "application/json", "Doesn't exist"),
        (429, "application/json", "Too many requests"),
        (500, "application/json", "Internal server error"),
        (502, "text/html", "<html>"),
        (503, "text/html", "<html>"),
    ],
)
def test_a_status_comes_as_accredible_or_a_proxy_says_it(
    emulator: Emulator, api: Api, status: int, kind: str, said: str
) -> None:
    emulator.fault("status", status=status)
    emulator.fault("status", status=status, retry_after=7)

    first, second = api.get(DETAILS), api.get(DETAILS)

    assert (first.status_code, first.headers["Content-Type"].split(";")[0]) == (status, kind)
    assert said in first.text
    assert "Retry-After" not in first.headers
    assert second.headers["Retry-After"] == "7"


@pytest.mark.parametrize("options", [{"kind": "status", "status": 500}, {"kind": "html"}, {"kind": "reply"}])
def test_a_reply_from_elsewhere_means_that_nothing_was_done(
    emulator: Emulator, account: Account, api: Api, group: int, options: dict[str, Any]
) -> None:
    emulator.fault(**options)

    api.create(group)

    assert account.credentials() == []


def test_broken_json_looks_like_json_and_is_none(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("broken_json", times=2)

    reply = api.post(SEARCH, {})

    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.text.startswith('{"groups"')
    with pytest.raises(requests.exceptions.JSONDecodeError):
        reply.json()
    api.create(group)
    assert len(account.credentials()) == 1


def test_an_empty_body_comes_with_200(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("empty")

    reply = api.create(group)

    assert (reply.status_code, reply.content) == (200, b"")
    assert len(account.credentials()) == 1


def test_groups_can_be_missing(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("no_groups")

    reply = api.post(SEARCH, {})

    assert reply.status_code == 200
    assert reply.json().keys() == {"meta"}
    assert reply.json()["meta"]["total_count"] == 1


def test_meta_can_be_missing(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("no_meta")

    reply = api.post(SEARCH, {}).json()

    assert reply.keys() == {"groups"}
    assert len(reply["groups"]) == 1


def test_half_a_page_can_be_missing(emulator: Emulator, account: Account, api: Api) -> None:
    known = [account.add_group()["id"] for _ in range(30)]
    emulator.fault("half_page", json={"page": 2})

    first, second = (api.groups(page=page, page_size=10) for page in (1, 2))

    assert len(first["groups"]) == 10
    assert [group["id"] for group in second["groups"]] == known[10:15]
    assert (second["meta"]["total_count"], second["meta"]["next_page"]) == (30, 3)


def test_a_page_can_be_that_of_a_list_which_has_shifted(emulator: Emulator, account: Account, api: Api) -> None:
    known = [account.add_group()["id"] for _ in range(30)]
    emulator.fault("shifted", json={"page": 2})

    shown = [group["id"] for group in api.groups(page=2, page_size=10)["groups"]]

    assert shown[:-1] == known[11:20]
    assert shown[-1] not in known


def test_a_full_account_can_look_empty(emulator: Emulator, account: Account, api: Api) -> None:
    for _ in range(60):
        account.add_group()
    emulator.fault("empty_list")

    reply = api.groups()

    assert reply["groups"] == []
    assert (reply["meta"]["total_count"], reply["meta"]["next_page"]) == (0, None)
    assert len(api.groups()["groups"]) == 50


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection(
    emulator: Emulator, account: Account, api: Api, group: int, kind: Any, made: int, how: str
) -> None:
    fault = emulator.fault(kind, how=how)

    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        api.create(group, id="own")

    assert not isinstance(caught.value, requests.exceptions.Timeout)
    assert ("reset" in str(caught.value)) == (how == "rst")
    assert fault.hits == 1
    assert len(account.credentials()) == made
    assert len(api.search({"license_id": "own"})["credentials"]) == made


def test_a_slow_reply_has_done_its_work_when_patience_ends(
    emulator: Emulator, account: Account, api: Api, group: int
) -> None:
    emulator.fault("slow", seconds=60)

    with pytest.raises(requests.exceptions.ReadTimeout):
        api.request(
            "POST",
            "/v1/credentials",
            json={"credential": {"group_id": group, "recipient": {"name": "A", "email": "a@example.org"}}},
            timeout=0.2,
        )

    assert len(account.credentials()) == 1


def test_a_hanging_server_does_nothing(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("hang")

    with pytest.raises(requests.exceptions.ReadTimeout):
        api.request("POST", "/v1/credentials", json={}, timeout=0.2)

    assert account.credentials() == []


def test_a_dripping_reply_defeats_a_timeout_between_bytes(emulator: Emulator, api: Api) -> None:
    fault = emulator.fault("drip", seconds=0.02)
    start = time.monotonic()

    reply = api.get("/v1/designs/1", timeout=0.3)

    assert reply.json() == {"errors": "Doesn't exist"}
    assert time.monotonic() - start > 0.45
    assert fault.hits == 1


def test_any_reply_can_be_ordered(emulator: Emulator, api: Api) -> None:
    emulator.fault("reply", body={"groups": [{"id": 1}, {"id": 1}]}, headers={"X-Odd": "yes"})
    emulator.fault("reply", status=302, body="moved", headers={"Location": "https://elsewhere.example/"})

    first, second = api.post(SEARCH, {}), api.get(DETAILS, allow_redirects=False)

    assert (first.status_code, first.json(), first.headers["X-Odd"]) == (200, {"groups": [{"id": 1}, {"id": 1}]}, "yes")
    assert (second.status_code, second.text, second.headers["Location"]) == (302, "moved", "https://elsewhere.example/")


def test_a_reply_to_many_can_use_the_words_of_older_texts(emulator: Emulator, account: Account, api: Api) -> None:
    group = account.add_group(name="one", course_description="One")["id"]
    good = {"group_id": group, "recipient": {"name": "Ada", "email": "ada@example.com"}}
    bad = {"group_id": group, "recipient": {"name": "Bob"}}
    emulator.fault("old_words", path="/v2/credentials/bulk_create")

    reply = api.post("/v2/credentials/bulk_create", {"credentials": [good, bad]})

    assert reply.status_code == 207
    made, refused = reply.json()["results"]
    assert made["credential"]["id"]
    assert refused["error"]["reason"] == "The credential is not valid"
    assert refused["error"]["details"][0].keys() == {"property", "reason"}
    assert "errors" not in refused
