"""Whatever goes wrong, no error and no error report shows the key, Django's debug page included."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.views.debug import ExceptionReporter

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import AccredibleError
from credentials_accredible.secrets import MaskedText
from tests.client.conftest import KEY, open_client, open_transport
from tests.client.server import CLOSE, Request, Server, reply


def all_reports(error: BaseException) -> str:
    """Everything that a log, a console and Django's debug page can make of ``error``."""
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    parts = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    return "\n".join([*parts, reporter.get_traceback_html(), reporter.get_traceback_text()])


def echo(request: Request) -> str:
    return request.headers["Authorization"]


FAULTS: dict[str, Callable[[Request], Any]] = {
    "cut": lambda request: [CLOSE],
    "cut in the body": lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", CLOSE],
    "silent": lambda request: [5],
    "dripping": lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", *[b" ", 0.05] * 50],
    "not HTTP": lambda request: [b"hello " + echo(request).encode() + b"\r\n\r\n", CLOSE],
    "too much": lambda request: [reply(body=b" " * 60_000)],
    "not compressed": lambda request: [reply(body=echo(request).encode(), Content_Encoding="gzip")],
    "401 in text": lambda request: [reply(body=echo(request).encode(), status="401 No")],
    "403": lambda request: [reply({"errors": f"{echo(request)} may not"}, status="403 No")],
    "404": lambda request: [reply({"error": {echo(request): echo(request)}}, status="404 No")],
    "422": lambda request: [reply({"errors": {"key": [echo(request)], echo(request): ["bad"]}}, status="422 No")],
    "429": lambda request: [reply({"errors": echo(request)}, status="429 No", Retry_After=echo(request))],
    "500": lambda request: [reply(body=f"<html><title>{echo(request)}</title>".encode(), status="500 No")],
    "redirect": lambda request: [
        reply(status="302 Found", Location=f"https://{echo(request).split('=')[1]}.example.com/{echo(request)}")
    ],
    "odd status": lambda request: [reply({}, status=f"299 {echo(request)}")],
    "header": lambda request: [reply({}, status="404 No", X_Echo=echo(request), Set_Cookie=echo(request))],
    "not JSON": lambda request: [reply(body=echo(request).encode())],
    "no object": lambda request: [reply([echo(request)])],
    "no groups": lambda request: [reply({"echo": echo(request)})],
    "odd groups": lambda request: [reply({"groups": [{"id": echo(request), "name": echo(request)}]})],
    "odd meta": lambda request: [reply({"groups": [], "meta": {"total_count": echo(request)}})],
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [AccredibleClient.issuer, AccredibleClient.groups])
def test_no_report_of_a_failure_shows_the_key(
    serve: Callable[..., Server], fault: str, call: Callable[[AccredibleClient], Any]
) -> None:
    server = serve(FAULTS[fault])
    options = {"read_timeout": 0.1, "attempts": 1, "max_reply_bytes": 50_000}

    with open_client(server.url, **options) as client, pytest.raises(AccredibleError) as caught:
        call(client)

    # Case does not hide it: names of hosts come in lower case.
    assert KEY not in all_reports(caught.value).lower()
    assert server.requests[0].headers["Authorization"].endswith(KEY)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_reason_of_a_design_that_fails_shows_the_key(serve: Callable[..., Server], fault: str) -> None:
    with open_client(serve(FAULTS[fault]).url, read_timeout=0.1, attempts=1, max_reply_bytes=50_000) as client:
        batch = client.designs([1])

    assert batch.failures[1]
    assert KEY not in batch.failures[1]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://127.0.0.1:1", "http://a..example.invalid"])
def test_no_report_of_an_accredible_out_of_reach_shows_the_key(url: str) -> None:
    with open_client(url, attempts=1) as client, pytest.raises(AccredibleError) as caught:
        client.groups()

    assert KEY not in all_reports(caught.value)


def test_no_report_of_a_key_that_cannot_be_sent_shows_it() -> None:
    with pytest.raises(AccredibleError) as caught:
        open_transport(key=f"{KEY}\r\nX-Evil: 1")

    frames = [
        frame
        for frame in traceback.walk_tb(caught.value.__traceback__)
        if "credentials_accredible/" in frame[0].f_code.co_filename
    ]
    assert frames
    assert not any(KEY in repr(frame.f_locals) for frame, _line in frames)


def test_a_mistake_inside_the_http_library_shows_where_it_was_and_no_headers(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(self: Any, request: Any, **options: Any) -> None:
        headers = dict(request.headers)
        raise LookupError(len(headers))

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", mistaken)

    with open_client("http://127.0.0.1:1") as client, pytest.raises(LookupError) as caught:
        client.issuer()

    reports = all_reports(caught.value)
    assert KEY not in reports
    # Where it was stays to be seen; what the variables held does not.
    assert "in mistaken" in reports
    variables = {frame.f_code.co_name: frame.f_locals for frame, _line in traceback.walk_tb(caught.value.__traceback__)}
    assert variables["mistaken"] == variables["send"] == variables["_exchange"] == {}


def test_these_reports_would_show_a_key_that_is_kept_in_the_open() -> None:
    def careless() -> None:
        headers = {"Authorization": "Token token=" + KEY}
        raise LookupError(len(headers))

    try:
        careless()
    except LookupError:
        error = sys.exc_info()[1]

    assert error is not None
    assert KEY in all_reports(error)


def test_a_masked_text_is_itself_everywhere_but_in_a_report() -> None:
    text = MaskedText("Token token=x")

    assert text == "Token token=x"
    assert text.encode("latin-1") == b"Token token=x"
    assert repr(text) == "'••••'"
    assert repr({"Authorization": text}) == "{'Authorization': '••••'}"
