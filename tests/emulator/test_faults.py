"""Faults on demand, as a client meets them."""

from __future__ import annotations

import time
from http.client import IncompleteRead
from typing import Any
from urllib.request import urlopen

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import Api

DETAILS = "/v1/issuer/details"
SEARCH = "/v1/issuer/groups/search"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"errors": "This API key may not do that"}),
        (404, {"errors": "Doesn't exist"}),
        (422, {"errors": "Invalid Group"}),
        (429, {"errors": "Too many requests, try again later"}),
        (500, {"errors": "Internal server error"}),
    ],
)
def test_a_status_comes_with_a_body_in_json(emulator: Emulator, api: Api, status: int, body: Any) -> None:
    emulator.fault("status", status=status)

    reply = api.get(DETAILS)

    assert (reply.status_code, reply.json()) == (status, body)
    assert "Retry-After" not in reply.headers


def test_a_bad_request_names_code_message_status_and_errors(emulator: Emulator, api: Api) -> None:
    emulator.fault("status", status=400)

    assert api.get(DETAILS).json().keys() == {"code", "message", "status", "errors"}


def test_a_refused_key_is_told_in_plain_text(emulator: Emulator, api: Api) -> None:
    emulator.fault("status", status=401)

    reply = api.get(DETAILS)

    assert (reply.status_code, reply.text.strip()) == (401, "HTTP Token: Access denied.")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_answers_in_html(emulator: Emulator, api: Api, status: int) -> None:
    emulator.fault("status", status=status)

    reply = api.get(DETAILS)

    assert reply.status_code == status
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "<html>" in reply.text


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_comes_where_asked_for(emulator: Emulator, api: Api, status: int) -> None:
    emulator.fault("status", status=status, retry_after=7)

    assert api.get(DETAILS).headers["Retry-After"] == "7"


@pytest.mark.parametrize("options", [{"kind": "status", "status": 500}, {"kind": "html"}, {"kind": "reply"}])
def test_a_reply_from_elsewhere_means_that_nothing_was_done(
    emulator: Emulator, account: Account, api: Api, group: int, options: dict[str, Any]
) -> None:
    emulator.fault(**options)

    api.create(group)

    assert account.credentials() == []


def test_html_comes_with_200(emulator: Emulator, api: Api) -> None:
    emulator.fault("html")

    reply = api.post(SEARCH, {})

    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "<html>" in reply.text


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


def test_a_design_can_be_missing_from_its_reply(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("no_groups")

    assert api.get(f"/v1/designs/{account.designs()[0]['id']}").json() == {}


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


def test_half_of_a_design_can_be_missing(emulator: Emulator, account: Account, api: Api) -> None:
    design = account.add_design()
    emulator.fault("half_page")

    shown = api.get(f"/v1/designs/{design['id']}").json()["design"]

    assert shown["id"] == design["id"]
    assert "rasterized_content_url" not in shown


def test_a_full_account_can_look_empty(emulator: Emulator, account: Account, api: Api) -> None:
    for _ in range(60):
        account.add_group()
    emulator.fault("empty_list")

    reply = api.groups()

    assert reply["groups"] == []
    assert (reply["meta"]["total_count"], reply["meta"]["next_page"]) == (0, None)
    assert len(api.groups()["groups"]) == 50


def test_a_spoilt_reply_leaves_refusals_alone(emulator: Emulator, api: Api) -> None:
    emulator.fault("no_groups")

    assert api.get("/v1/designs/1").json() == {"errors": "Doesn't exist"}


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


def test_a_connection_that_was_used_before_can_be_cut(emulator: Emulator, api: Api) -> None:
    api.get(DETAILS)
    emulator.fault("cut_before")

    with pytest.raises(requests.exceptions.ConnectionError):
        api.get(DETAILS)

    assert api.get(DETAILS).status_code == 200


def test_a_slow_reply_comes_in_the_end(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("slow", seconds=0.3)
    start = time.monotonic()

    reply = api.create(group)

    assert reply.status_code == 200
    assert time.monotonic() - start >= 0.3


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


def test_others_are_served_while_one_waits(emulator: Emulator, api: Api) -> None:
    emulator.fault("hang", path=DETAILS)
    with Api(emulator.url, "key-0001") as other, pytest.raises(requests.exceptions.ReadTimeout):
        api.get(DETAILS, timeout=0.1)
    with Api(emulator.url, "key-0001") as other:
        assert other.get(DETAILS).status_code == 200


def test_a_hanging_server_does_nothing(emulator: Emulator, account: Account, api: Api, group: int) -> None:
    emulator.fault("hang")

    with pytest.raises(requests.exceptions.ReadTimeout):
        api.request("POST", "/v1/credentials", json={}, timeout=0.2)

    assert account.credentials() == []


def test_a_hanging_server_does_not_hang_for_ever(emulator: Emulator, api: Api) -> None:
    emulator.fault("hang", seconds=0.1)

    with pytest.raises(requests.exceptions.ConnectionError):
        api.get(DETAILS)


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


def test_a_length_that_promises_too_much_ends_in_an_error(emulator: Emulator, api: Api) -> None:
    emulator.fault("reply", body="short", headers={"Content-Length": "500"})

    # Not with requests, which lets it pass on top of urllib3 1.26.
    with pytest.raises(IncompleteRead), urlopen(emulator.url + DETAILS, timeout=5) as reply:
        reply.read()

    assert api.get(DETAILS).status_code == 200


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
