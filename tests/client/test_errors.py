"""Whatever Accredible refuses with becomes one exception: status, the provider's words, the endpoint, no secret."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import pytest
import responses

from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import (
    AuthenticationFailed,
    Invalid,
    NotFound,
    PermissionRefused,
    RateLimited,
    RequestFailed,
    Unavailable,
    UnexpectedReply,
)
from tests.client.conftest import API, KEY, open_transport

PAGE = "<!DOCTYPE html>\n<html><head><title>\n 502 Bad\n Gateway &amp; more</title></head><body>nginx</body></html>"


def refused(
    accredible: responses.RequestsMock, transport: Transport, status: int, body: Any = b"", **headers: str
) -> RequestFailed:
    """The exception for a reply."""
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    accredible.add("POST", f"{API}/v1/things", body=content, status=status, headers=headers)
    with pytest.raises(RequestFailed) as caught:
        transport.request("POST", "/v1/things", idempotent=False)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "detail"),
    [
        (401, "HTTP Token: Access denied.\n", AuthenticationFailed, "HTTP Token: Access denied."),
        (401, {"success": False, "data": "Unauthorized"}, AuthenticationFailed, "Unauthorized"),
        (404, {"success": False, "data": "No such page"}, NotFound, "No such page"),
        (404, {"errors": "Doesn't exist"}, NotFound, "Doesn't exist"),
        (404, {"error": "Not found"}, NotFound, "Not found"),
        (422, {"errors": "Invalid Group"}, Invalid, "Invalid Group"),
        (422, {"errors": {"name": ["is taken", "is odd"]}}, Invalid, "name: is taken, is odd"),
        (
            400,
            {"code": 400, "message": "Bad input", "status": "error", "errors": ["page is invalid"]},
            Invalid,
            "Bad input; page is invalid",
        ),
        (403, {"errors": "Not yours"}, PermissionRefused, "Not yours"),
        (500, {"errors": "Internal server error"}, Unavailable, "Internal server error"),
        (502, PAGE, Unavailable, "502 Bad Gateway & more"),
        (503, "<html><body>down</body></html>", Unavailable, "an HTML page"),
        (429, "Retry later\n", RateLimited, "Retry later"),
        (409, {"error": {"code": "conflict", "message": "twice"}}, Invalid, "code: conflict; message: twice"),
        (408, PAGE, Unavailable, "502 Bad Gateway & more"),
        (400, {"errors": {"name": []}}, Invalid, ""),
        (599, b"\xff\xfe\x00", Unavailable, "��"),
    ],
)
def test_every_documented_body_becomes_one_exception(
    accredible: responses.RequestsMock,
    transport: Transport,
    status: int,
    body: Any,
    kind: type[RequestFailed],
    detail: str,
) -> None:
    error = refused(accredible, transport, status, body)

    assert type(error) is kind
    assert (error.status, error.detail, error.endpoint) == (status, detail, "POST /v1/things")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (PAGE, "502 Bad Gateway & more"),
        ("", "an empty refusal"),
        ("Forbidden by the firewall", "Forbidden by the firewall"),
        ({"message": "Forbidden"}, "Forbidden"),
        ({"success": False, "data": None}, "an empty refusal"),
        ({"reason": "odd", "success": False}, "reason: odd"),
        ({"errors": None}, "an empty refusal"),
        (["one", {"two": 2}], "one; two: 2"),
        ('"just text"', "just text"),
        ("null", "an empty refusal"),
        ('{"errors": "cut in the mid', '{"errors": "cut in the mid'),
    ],
)
def test_words_that_are_not_accredibles_leave_open_what_was_done(
    accredible: responses.RequestsMock, transport: Transport, status: int, body: Any, detail: str
) -> None:
    error = refused(accredible, transport, status, body)

    assert type(error) is UnexpectedReply
    assert (error.status, error.detail) == (status, detail)


@pytest.mark.parametrize(("body", "sent"), [({"errors": "Too many requests"}, False), (PAGE, True), ("", True)])
def test_only_accredible_itself_says_for_certain_that_too_many_requests_came(
    accredible: responses.RequestsMock, transport: Transport, body: Any, sent: bool
) -> None:
    error = refused(accredible, transport, 429, body)

    assert (type(error), error.sent) == (RateLimited, sent)


def test_messages_are_kept_by_field(accredible: responses.RequestsMock, transport: Transport) -> None:
    body = {"errors": {"recipient_email": ["has already been\ntaken", f"by {KEY}"], "name": "is too long"}}

    error = refused(accredible, transport, 422, body)

    assert isinstance(error, Invalid)
    assert error.fields == {"recipient_email": ["has already been taken", "by ••••"], "name": ["is too long"]}


def test_a_page_for_people_is_known_by_its_type_too(accredible: responses.RequestsMock, transport: Transport) -> None:
    error = refused(accredible, transport, 403, "<head><TITLE lang=en>Blocked</TITLE>", **{"Content-Type": "text/html"})

    assert error.detail == "Blocked"


@pytest.mark.parametrize(
    "body",
    [
        {"errors": "a\nb\t c\x00\x1b[31m \u0085d"},
        "a\r\nb   c[31m d",
    ],
)
def test_a_detail_is_one_clean_line(accredible: responses.RequestsMock, transport: Transport, body: Any) -> None:
    assert refused(accredible, transport, 422, body).detail == "a b c[31m d"


def test_a_detail_is_cut(accredible: responses.RequestsMock, transport: Transport) -> None:
    error = refused(accredible, transport, 422, {"errors": "x" * 5000})

    assert error.detail == "x" * 299 + "…"


@pytest.mark.parametrize("limit", [1024, 10_000_000])
def test_only_the_beginning_of_a_long_refusal_is_read(accredible: responses.RequestsMock, limit: int) -> None:
    transport = open_transport(max_reply_bytes=limit)

    error = refused(accredible, transport, 422, {"errors": {"name": ["no " * 100_000]}})

    assert isinstance(error, UnexpectedReply)
    assert error.detail.startswith('{"errors": {"name": ["no no no')
    assert error.fields == {}


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        KEY.upper(),
        f"\ud83d{KEY}",
        f"{KEY[:5]}\x00{KEY[5:]}",
        "x" * 290 + KEY,
    ],
)
def test_an_echoed_key_is_masked(accredible: responses.RequestsMock, transport: Transport, echo: str) -> None:
    error = refused(accredible, transport, 422, {"errors": {echo: [f"Token token={echo} is bad"]}})

    assert isinstance(error, Invalid)
    for shown in (str(error), repr(error), repr(error.fields)):
        assert KEY[:6] not in shown.lower()
    assert "••••" in repr(error.fields)


@pytest.mark.parametrize("form", [str, html.escape, lambda key: quote(key, safe="")])
def test_an_echoed_key_is_masked_in_other_notations(accredible: responses.RequestsMock, form: Any) -> None:
    key = "a+b/c&d=<e>"
    transport = open_transport(key=key)

    error = refused(accredible, transport, 401, {"errors": f"The key {form(key)} is not known"})

    assert error.detail == "The key •••• is not known"


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Unavailable)])
def test_retry_after_is_read_in_seconds(
    accredible: responses.RequestsMock, transport: Transport, status: int, kind: type[RequestFailed]
) -> None:
    error = refused(accredible, transport, status, **{"Retry-After": "17"})

    assert isinstance(error, kind)
    assert error.retry_after == 17  # type: ignore[attr-defined]


@pytest.mark.parametrize(("offset", "least", "most"), [(60, 55, 60), (-60, 0, 0)])
def test_retry_after_is_read_as_a_date(
    accredible: responses.RequestsMock, transport: Transport, offset: int, least: float, most: float
) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=offset), usegmt=True)

    error = refused(accredible, transport, 429, **{"Retry-After": moment})

    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


def test_a_date_without_a_zone_is_utc(accredible: responses.RequestsMock, transport: Transport) -> None:
    moment = (datetime.now(UTC) + timedelta(seconds=60)).strftime("%a, %d %b %Y %H:%M:%S -0000")

    error = refused(accredible, transport, 429, **{"Retry-After": moment})

    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert 55 <= error.retry_after <= 60


@pytest.mark.parametrize("value", ["", "soon", "-5", "inf", "nan", "1e9", "٣", "9" * 400, "Sun, 99 Nov 2020 1:1:1 GMT"])
def test_an_unreadable_retry_after_is_none(
    accredible: responses.RequestsMock, transport: Transport, value: str
) -> None:
    error = refused(accredible, transport, 429, **{"Retry-After": value})

    assert isinstance(error, RateLimited)
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://elsewhere.example.com/login?next=1", "redirected to elsewhere.example.com;"),
        ("//elsewhere.example.com/login", "redirected to elsewhere.example.com;"),
        (f"https://{KEY}.example.com/", "redirected to ••••.example.com;"),
        ("/login", "redirected to another page of its own;"),
        ("", "redirected to another page of its own;"),
        ("https://[broken", "redirected to an unreadable address;"),
    ],
)
def test_a_redirect_is_an_error_that_names_the_host(
    accredible: responses.RequestsMock, transport: Transport, location: str, words: str
) -> None:
    error = refused(accredible, transport, 302, Location=location)

    assert type(error) is UnexpectedReply
    assert words in error.detail
    assert error.detail.endswith("redirects are not followed with the API key")
    assert error.status == 302


@pytest.mark.parametrize("status", [304, 600, 799])
def test_a_surprising_status_is_an_error(accredible: responses.RequestsMock, transport: Transport, status: int) -> None:
    error = refused(accredible, transport, status)

    assert type(error) is UnexpectedReply
    assert error.status == status


def test_nesting_without_end_does_no_harm(accredible: responses.RequestsMock, transport: Transport) -> None:
    error = refused(accredible, transport, 422, '{"errors":' + "[" * 20_000)
    nested: Any = "deep"
    for _level in range(50):
        nested = [nested]
    accredible.reset()

    assert isinstance(error, UnexpectedReply)
    assert refused(accredible, transport, 422, {"errors": nested}).detail == ""
