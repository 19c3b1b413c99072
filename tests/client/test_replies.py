"""What is read from a reply, and what is not."""

from __future__ import annotations

import pytest
import requests
import responses
import urllib3

from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import RequestFailed, Unavailable, UnexpectedReply
from tests.client.asking import URL, ask
from tests.client.conftest import Clock, open_transport


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "an empty reply"),
        (b" \n", "an empty reply"),
        (b"<html><title>Maintenance</title></html>", "an HTML page instead of JSON"),
        (b'{"groups": [{"id": 1}, ', "not JSON"),
        (b'{"groups": NaN}', "not JSON"),
        (b'{"groups": -Infinity}', "not JSON"),
        (b'{"groups": ' + b"1" * 5000 + b"}", "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
        (b'{"name": "\xff"}', "not JSON"),
        (b"[]", "JSON, but no object"),
        (b"null", "JSON, but no object"),
        (b'"text"', "JSON, but no object"),
        (b"5", "JSON, but no object"),
    ],
)
def test_a_reply_that_is_no_json_object_is_unexpected(
    accredible: responses.RequestsMock, transport: Transport, body: bytes, detail: str
) -> None:
    accredible.get(URL, body=body)

    with pytest.raises(UnexpectedReply) as caught:
        ask(transport)

    assert (caught.value.detail, caught.value.status) == (detail, 200)
    assert transport.requests_sent == 1


def test_json_may_come_with_a_byte_order_mark(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, body=b'\xef\xbb\xbf{"ok": "\xf0\x9f\x8f\x85"}')

    assert ask(transport) == {"ok": "🏅"}


def test_other_statuses_of_success_are_success(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, json={"results": []}, status=207)

    assert ask(transport).status == 207


@pytest.mark.parametrize(("size", "fits"), [(5000, True), (5001, False)])
def test_a_reply_may_not_be_larger_than_the_limit(accredible: responses.RequestsMock, size: int, fits: bool) -> None:
    accredible.get(URL, body=b'{"a": "' + b"x" * (size - 9) + b'"}')
    transport = open_transport(max_reply_bytes=5000)

    if fits:
        assert len(ask(transport)["a"]) == size - 9
    else:
        with pytest.raises(UnexpectedReply, match="more than 5000 bytes"):
            ask(transport)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_a_reply_compressed_otherwise_than_asked_for_is_unexpected(
    accredible: responses.RequestsMock, transport: Transport, encoding: str
) -> None:
    accredible.get(URL, body=b"{}", headers={"Content-Encoding": encoding})

    with pytest.raises(UnexpectedReply, match="compressed"):
        ask(transport)


def test_a_refusal_compressed_otherwise_is_a_refusal(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, status=404, body=b"abc", headers={"Content-Encoding": "br"})

    with pytest.raises(RequestFailed) as caught:
        ask(transport)

    assert (caught.value.status, caught.value.detail) == (404, "an empty refusal")


def test_an_error_report_shows_nothing_of_a_reply(accredible: responses.RequestsMock, transport: Transport) -> None:
    accredible.get(URL, json={"secret": "of a learner"})

    assert repr(ask(transport)) == "<Payload of 1 keys>"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.InvalidProxyURL("http://user:pass@"), "the request could not be made (InvalidProxyURL)"),
        (urllib3.exceptions.LocationParseError("http://user:pass@"), "the request could not be made"),
        (OSError("no CA bundle at /nowhere"), "the request could not be made (OSError): no CA bundle at /nowhere"),
        (UnicodeError("label too long"), "the request could not be made (UnicodeError)"),
        (requests.exceptions.ChunkedEncodingError(urllib3.exceptions.ProtocolError("x")), "the connection was cut"),
    ],
)
def test_no_exception_of_a_library_leaves(
    accredible: responses.RequestsMock, transport: Transport, clock: Clock, error: Exception, words: str
) -> None:
    accredible.get(URL, body=error)

    with pytest.raises(Unavailable) as caught:
        ask(transport)

    assert words in caught.value.detail
    assert "pass" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
