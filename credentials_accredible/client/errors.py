"""From a reply that is not what was asked for to one exception, with the provider's words and without the key.

Accredible's API says what is wrong in several ways: plain text, ``error``, ``errors`` as text or by field,
``message``, ``data``; what stands in front of it, with pages of HTML.
"""

from __future__ import annotations

import html
import http.client
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3.exceptions
from django.utils.translation import gettext as _
from urllib3.util.ssl_match_hostname import CertificateError

from credentials_accredible.client.payloads import Reply, parsed
from credentials_accredible.client.session import ClientOptions
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
from credentials_accredible.secrets import MASK, Secret
from credentials_accredible.text import one_line, shortened

_LONGEST_DETAIL = 300
_DEEPEST = 4
_TITLE = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
# All that Accredible says in plain text.
_NO_ACCESS = "HTTP Token: Access denied."
_REFUSALS = {401: AuthenticationFailed, 403: PermissionRefused, 404: NotFound}


def refusal(reply: Reply, key: Secret) -> RequestFailed:
    """The exception for a ``reply`` whose status is not one of success; returned, so that no frame shows the body."""
    endpoint, status = reply.endpoint, reply.status
    if status < 400 or status > 599:
        return UnexpectedReply(endpoint, status=status, detail=presentable(_deviation(reply), key))
    texts, fields, own = _complaints(reply)
    words = "; ".join(dict.fromkeys(texts))
    detail = presentable(words, key)
    if status == 429:
        # Who stands in front of Accredible can say so after Accredible has done its work.
        sent = None if own else True
        return RateLimited(endpoint, status=status, detail=detail, sent=sent, retry_after=_retry_after(reply))
    if status >= 500 or status == 408:
        return Unavailable(endpoint, status=status, detail=detail, retry_after=_retry_after(reply))
    if not own:
        return UnexpectedReply(endpoint, status=status, detail=detail or _("an empty refusal"))
    if status in _REFUSALS:
        return _REFUSALS[status](endpoint, status=status, detail=detail)
    return invalid(endpoint, status, words, fields, key)


def invalid(endpoint: str, status: int, words: str, by_field: Mapping[str, list[str]], key: Secret) -> Invalid:
    """The exception for what the provider objects to, in its ``words``, and ``by_field`` where it says so."""
    fields = {presentable(name, key): [presentable(text, key) for text in texts] for name, texts in by_field.items()}
    return Invalid(endpoint, status=status, detail=presentable(words, key), fields=fields)


def not_json(reply: Reply, problem: str) -> UnexpectedReply:
    """The exception for a successful ``reply`` without a JSON object in it."""
    detail = problem
    if reply.is_html:
        detail = _("an HTML page instead of JSON")
    elif not reply.body.strip():
        detail = _("an empty reply")
    return UnexpectedReply(reply.endpoint, status=reply.status, detail=detail)


def _deviation(reply: Reply) -> str:
    if not 300 <= reply.status < 400:
        return _("a status that HTTP does not use here")
    try:
        host = urlsplit(urljoin("//itself", reply.headers.get("Location", ""))).hostname or "itself"
    except ValueError:
        host = _("an unreadable address")
    if host == "itself":
        return _("Accredible redirected to another page of its own; redirects are not followed with the API key")
    return _("Accredible redirected to %(host)s; redirects are not followed with the API key") % {"host": host}


def _complaints(reply: Reply) -> tuple[list[str], dict[str, list[str]], bool]:
    """What the body says is wrong, as texts; the same by field where it is given so; whether Accredible says it."""
    try:
        content = parsed(reply.body)
    except ValueError:
        own = reply.status == 401 and reply.text.strip() == _NO_ACCESS
        return [_page_title(reply) if reply.is_html else reply.text], {}, own
    if not isinstance(content, dict):
        return _texts(content), {}, False
    errors = content.get("errors")
    fields = {str(name): _texts(messages) for name, messages in errors.items()} if isinstance(errors, dict) else {}
    texts = [text for key in ("message", "error", "errors", "data") for text in _texts(content.get(key))]
    return texts or _texts(content), fields, _is_accredibles(content)


def _is_accredibles(content: Mapping[str, Any]) -> bool:
    """Whether the JSON of a refusal has one of Accredible's shapes; a proxy's has others, or is none at all."""
    objection = content.get("errors", content.get("error"))
    if isinstance(objection, str | dict | list):
        return bool(objection)
    return content.get("success") is False and isinstance(content.get("data"), str)


def _page_title(reply: Reply) -> str:
    found = _TITLE.search(reply.text)
    return html.unescape(found[1]).strip() if found and found[1].strip() else _("an HTML page")


def _texts(value: Any, depth: int = 0) -> list[str]:
    if depth > _DEEPEST or value is None or isinstance(value, bool):
        return []
    if isinstance(value, dict):
        found = {str(name): ", ".join(_texts(item, depth + 1)) for name, item in value.items()}
        return [f"{name}: {text}" for name, text in found.items() if text]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, depth + 1)]
    return [str(value)] if value != "" else []


def presentable(text: str, key: Secret) -> str:
    """``text`` of the provider as one short line without the key."""
    # First cleaned, then masked, then cut: otherwise a key could come together, or a part of it be left over.
    return shortened(_without(one_line(text), key), _LONGEST_DETAIL)


def _without(text: str, key: Secret) -> str:
    plain = key.reveal()
    forms = {plain, html.escape(plain), quote(plain, safe="")}
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(pattern, MASK, text, flags=re.IGNORECASE)


def _retry_after(reply: Reply) -> float | None:
    """Seconds, from a number of them or from an HTTP date; None where there is neither."""
    value = reply.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


# Everything that sending a request and reading its reply can raise on account of the network or the other side.
LIBRARY_ERRORS = (
    OSError,
    ValueError,
    http.client.HTTPException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
)

_DECODING = (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError)
_PROXY = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
_TLS = (ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError)
# What happens before a request can leave.
_NO_CONNECTION = (
    socket.gaierror,
    ConnectionRefusedError,
    requests.ConnectTimeout,
    urllib3.exceptions.NewConnectionError,
)
_TIMEOUT = (TimeoutError, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)
_CUT = (ConnectionError, http.client.IncompleteRead, urllib3.exceptions.IncompleteRead)


def no_reply(endpoint: str, error: Exception, options: ClientOptions) -> RequestFailed:
    """The exception for a request that brought no whole reply; returned, so that ``error`` is not its context."""
    causes = list(_causes(error))
    if any(isinstance(cause, _DECODING) for cause in causes):
        return UnexpectedReply(endpoint, detail=_("the reply could not be decompressed"))
    connected = not any(isinstance(cause, _NO_CONNECTION) for cause in causes)
    return Unavailable(endpoint, detail=_reason(causes, options), sent=connected)


def _reason(causes: list[BaseException], options: ClientOptions) -> str:
    # From the particular to the general, since the libraries wrap one in the other.
    reasons: list[tuple[type[BaseException] | tuple[type[BaseException], ...], str]] = [
        (_PROXY, _("the proxy cannot be reached, or refused")),
        (
            (ssl.SSLCertVerificationError, CertificateError),
            _("its TLS certificate is not trusted%(causes)s") % {"causes": _verdict(causes)},
        ),
        (_TLS, _("no TLS connection could be made")),
        (socket.gaierror, _("its host name was not found")),
        (ConnectionRefusedError, _("the connection was refused")),
        (
            urllib3.exceptions.NewConnectionError,
            _("no connection could be made%(causes)s") % {"causes": _system_message(causes)},
        ),
        (
            requests.ConnectTimeout,
            _("no connection within %(connect_timeout)s seconds") % {"connect_timeout": f"{options.connect_timeout:g}"},
        ),
        (
            _TIMEOUT,
            _("it did not answer within %(read_timeout)s seconds") % {"read_timeout": f"{options.read_timeout:g}"},
        ),
        (_CUT, _("the connection was cut")),
        (http.client.HTTPException, _("what came was not HTTP")),
        (urllib3.exceptions.ProtocolError, _("the connection was cut")),
    ]
    for kind, reason in reasons:
        if any(isinstance(cause, kind) for cause in causes):
            return reason
    return _("the request could not be made (%(name)s)%(causes)s") % {
        "name": type(causes[0]).__name__,
        "causes": _system_message(causes),
    }


def _verdict(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f" ({cause.verify_message})"
    return ""


def _system_message(causes: list[BaseException]) -> str:
    """The operating system's words; or requests' own about a CA bundle that is not there, the only bare OSError."""
    for cause in causes:
        if isinstance(cause, OSError) and isinstance(cause.errno, int):
            return f": {os.strerror(cause.errno)}"
        if type(cause) is OSError:
            return f": {cause}"
    return ""


def _causes(error: object) -> Iterator[BaseException]:
    """``error`` and all errors in it: the libraries keep them as arguments, as ``reason``, or as context."""
    waiting, seen = [error], set[int]()
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
