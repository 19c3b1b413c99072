"""From what the HTTP libraries raise to one exception with a short, clear reason.

Their own messages name addresses, proxies with their passwords, and objects; none of that is passed on.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions
from urllib3.util.ssl_match_hostname import CertificateError

from credentials_accredible.client.options import Options
from credentials_accredible.exceptions import RequestFailed, Unavailable, UnexpectedReply

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


def no_reply(endpoint: str, error: Exception, options: Options) -> RequestFailed:
    """The exception for a request that brought no whole reply; returned, so that ``error`` is not its context."""
    causes = list(_causes(error))
    if any(isinstance(cause, _DECODING) for cause in causes):
        return UnexpectedReply(endpoint, detail="the reply could not be decompressed")
    connected = not any(isinstance(cause, _NO_CONNECTION) for cause in causes)
    return Unavailable(endpoint, detail=_reason(causes, options), sent=connected)


def _reason(causes: list[BaseException], options: Options) -> str:
    # From the particular to the general, since the libraries wrap one in the other.
    reasons: list[tuple[type[BaseException] | tuple[type[BaseException], ...], str]] = [
        (_PROXY, "the proxy cannot be reached, or refused"),
        ((ssl.SSLCertVerificationError, CertificateError), f"its TLS certificate is not trusted{_verdict(causes)}"),
        (_TLS, "no TLS connection could be made"),
        (socket.gaierror, "its host name was not found"),
        (ConnectionRefusedError, "the connection was refused"),
        (urllib3.exceptions.NewConnectionError, f"no connection could be made{_system_message(causes)}"),
        (requests.ConnectTimeout, f"no connection within {options.connect_timeout:g} seconds"),
        (_TIMEOUT, f"it did not answer within {options.read_timeout:g} seconds"),
        (_CUT, "the connection was cut"),
        (http.client.HTTPException, "what came was not HTTP"),
        (urllib3.exceptions.ProtocolError, "the connection was cut"),
    ]
    for kind, reason in reasons:
        if any(isinstance(cause, kind) for cause in causes):
            return reason
    return f"the request could not be made ({type(causes[0]).__name__}){_system_message(causes)}"


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
