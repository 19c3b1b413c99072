"""Whatever is sent, the API answers with one of its own refusals, and goes on."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import Api, Reply

POSTS = [
    "/v1/issuer/groups/search",
    "/v1/designs/search",
    "/v1/attribute_keys/search",
    "/v1/credentials",
    "/v1/credentials/own/evidence_items",
    "/v2/credentials/bulk_create",
    "/v2/credentials/search",
]
WORDS = [
    *("credential", "credentials", "evidence_item", "query", "page", "sort", "recipient", "group_id", "id", "ids"),
    *("name", "email", "from", "size", "cursor", "page_size", "kind", "category", "url", "string_object", "approve"),
    *("issued_on", "expired_on", "meta_data", "custom_attributes", "license_id[in]", "issued_on[gt]", "evidence_items"),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["grade", "2026-01-01", "ada@example.org", "asc", "12001", 12001])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner),
    max_leaves=12,
)

NO_JSON = [b"{", b"nonsense", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b'"\\ud800"', b'{"a": ' + b"9" * 5000 + b"}"]
NESTED_TOO_DEEPLY = [b"[" * 5000, b'{"a":' * 200 + b"1" + b"}" * 200]
NO_OBJECTS = [*NO_JSON, *NESTED_TOO_DEEPLY, b"[]", b"7", b"null", b'"text"', b"true"]


@pytest.fixture
def known(account: Account, api: Api) -> int:
    """A group, and a credential called ``own`` of another one."""
    api.create(account.add_group(id=20_001)["id"], id="own")
    return int(account.add_group(id=12_001)["id"])


def is_documented(reply: Reply) -> bool:
    """Whether a refusal has one of the shapes that are known to occur."""
    body = reply.json()
    match body:
        case {"code": str(), "message": str(), "status": int(), "errors": list()}:
            return reply.status_code == 400
        case {"success": False, "data": str()}:
            return reply.status_code in {401, 404}
        case {"errors": str()} | {"error": str()}:
            return reply.status_code in {403, 404, 422}
        case {"errors": dict(errors)}:
            return reply.status_code == 422 and all(isinstance(messages, list) for messages in errors.values())
        case {"results": [*results]}:
            return reply.status_code == 422 and all("errors" in result for result in results)
    return False


@pytest.mark.parametrize("path", POSTS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=VALUES)
def test_any_json_is_answered_or_refused(api: Api, known: int, path: str, body: Any) -> None:
    reply = api.post(path, body)

    assert reply.status_code in {200, 207} or is_documented(reply), reply.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(credential=st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4))
def test_any_change_is_made_or_refused(api: Api, known: int, credential: dict[str, Any]) -> None:
    credential.pop("id", None)

    reply = api.put("/v1/credentials/own", {"credential": credential})

    assert reply.status_code == 200 or is_documented(reply), reply.text


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_is_no_json_object_is_refused(api: Api, known: int, path: str) -> None:
    for data in NO_OBJECTS:
        reply = api.request("POST", path, data=data, headers={"Content-Type": "application/json"})

        assert reply.status_code == 400, data[:30]
        assert is_documented(reply), data[:30]


@pytest.mark.parametrize("path", POSTS)
def test_a_body_has_to_say_that_it_is_json(api: Api, known: int, path: str) -> None:
    reply = api.request("POST", path, data={"page": 1})

    assert reply.status_code == 400
    assert is_documented(reply)


@pytest.mark.parametrize("path", ["/v1/issuer/groups/search", "/v1/designs/search", "/v2/credentials/search"])
def test_a_search_without_a_body_searches_for_everything(api: Api, known: int, path: str) -> None:
    assert api.request("POST", path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/credentials", "/v1/credentials/own/evidence_items", POSTS[5]])
@pytest.mark.parametrize("body", [None, {}, {"credential": []}, {"evidence_item": "x"}, {"credentials": {}}])
def test_nothing_is_made_of_nothing(account: Account, api: Api, known: int, path: str, body: Any) -> None:
    reply = api.request("POST", path, json=body)

    assert reply.status_code == 400
    assert is_documented(reply)
    assert len(account.credentials()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"page": 0},
        {"page": -1},
        {"page": 1.5},
        {"page": True},
        {"page": "one"},
        {"page": [1]},
        {"page_size": 0},
        {"page_size": "many"},
        {"ids": 5},
        {"ids": ["x"]},
        {"ids": [None]},
        {"name": 5},
        {"course_name": ["x"]},
        {"meta_data": "x"},
        {"start_updated_date": "soon"},
        {"end_updated_date": 20260101},
    ],
)
def test_a_search_for_groups_with_wrong_types_is_refused(api: Api, known: int, body: dict[str, Any]) -> None:
    reply = api.post("/v1/issuer/groups/search", body)

    assert reply.status_code == 400
    assert is_documented(reply)


@pytest.mark.parametrize("body", [{"kind": 1}, {"page": "x"}])
def test_a_search_for_designs_with_wrong_types_is_refused(api: Api, known: int, body: dict[str, Any]) -> None:
    assert is_documented(api.post("/v1/designs/search", body))


@pytest.mark.parametrize("body", [{"kind": "song"}, {"kind": 1}, {"department_id": "x"}, {"name": {}}])
def test_a_search_for_attribute_keys_with_wrong_types_is_refused(api: Api, body: dict[str, Any]) -> None:
    reply = api.post("/v1/attribute_keys/search", body)

    assert reply.status_code == 400
    assert is_documented(reply)


@pytest.mark.parametrize("path", ["/v1/issuer/groups/", "/v1/designs/", "/v1/credentials/"])
def test_a_reference_to_nothing_is_not_found(api: Api, known: int, path: str) -> None:
    for reference in ("0", "-1", "x", "1e3", "9" * 5000, "%00", "%ff%fe", "%F0%9F%8F%85", "..%2f.."):
        reply = api.get(path + reference)

        assert reply.status_code == 404, reference
        assert is_documented(reply), reference


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("POST", "/v1/issuer/groups/search/"),
        ("GET", "/v1/issuer/groups/search/more"),
        ("DELETE", "/v1/issuer/details"),
        ("PATCH", "/v1/credentials/own"),
        ("GET", "/v2/"),
    ],
)
def test_an_address_that_does_not_exist_is_not_found(api: Api, known: int, method: str, path: str) -> None:
    reply = api.request(method, path)

    assert (reply.status_code, reply.json()) == (404, {"error": "Not found"})


@pytest.mark.parametrize(
    "head",
    [
        "POST /v1/issuer/groups/search HTTP/1.1\r\nContent-Length: many",
        "POST /v1/issuer/groups/search HTTP/1.1\r\nContent-Length: 99999999999",
        "POST /v1/issuer/groups/search HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense",
        "GET / HTTP/9.9",
        "NONSENSE",
        "GET /v1/issuer/details HTTP/1.1\r\nHost: [::bad",
    ],
)
def test_broken_http_is_answered_and_the_connection_ends(
    emulator: Emulator, account: Account, api: Api, head: str
) -> None:
    address = urlsplit(emulator.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
        connection.sendall(head.encode() + b"\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        reply = b""
        while chunk := connection.recv(65_536):
            reply += chunk

    assert b" 500 " not in reply.split(b"\r\n")[0]
    assert api.get("/v1/issuer/details").status_code == 200
