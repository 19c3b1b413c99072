"""The HTTP session: who we are, the key and where it may go, connections, and a limit on the time of a reply."""

from __future__ import annotations

import functools
import http.client
import io
import re
import socket
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connectionpool import HTTPConnectionPool

from credentials_accredible import __version__
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.secrets import MASK, Secret

_HEADERS = {
    "Accept": "application/json",
    # What every supported release of the libraries can undo piece by piece.
    "Accept-Encoding": "gzip, deflate",
    "Accredible-Integration": "credentials-accredible",
    "User-Agent": f"credentials-accredible/{__version__}",
}


def open_session(api_url: str, key: Secret, connections: int) -> requests.Session:
    """A session that sends ``key`` to the host of ``api_url`` alone, and keeps so many connections open.

    Proxies and CA bundles named in the environment are used, its netrc is not. ConfigurationError where the address
    or the key cannot be sent at all; KeyUnreadable where the key cannot be decrypted.
    """
    try:
        requests.Request("GET", api_url).prepare()
    except (requests.RequestException, ValueError):
        raise ConfigurationError(f"“{api_url}” is not an address that requests can be sent to.") from None
    if not re.fullmatch(r"[!-~]+", key.reveal()):
        raise ConfigurationError(
            "The API key is empty, or holds spaces, line breaks or letters that no API key has: copy it anew."
        )
    session = _Session()
    session.headers.update(_HEADERS)
    # With an auth of its own the session never looks into a netrc.
    session.auth = TokenAuth(api_url, key)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=connections))
    return session


class MaskedText(str):
    """A header's value that error reports show as a mask; on the wire it is what it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"


class TokenAuth(AuthBase):
    """Puts the key into requests to the scheme, host and port of ``api_url``, and into no other."""

    def __init__(self, api_url: str, key: Secret) -> None:
        self._origin = _origin(api_url)
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if _origin(request.url or "") == self._origin:
            # Never in a local variable of ours: error reports show those.
            request.headers["Authorization"] = MaskedText(f"Token token={self._key.reveal()}")
        return request


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even where redirects are not followed, requests would read the whole body of one, however long."""


class _Adapter(HTTPAdapter):
    """Makes connections, direct ones and those through a proxy, whose replies have to end in time."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _bound(manager)
        return manager


def _bound(manager: Any) -> None:
    manager.pool_classes_by_scheme = {scheme: _bounded(pool) for scheme, pool in manager.pool_classes_by_scheme.items()}


@functools.cache
def _bounded(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    connection: Any = pool.ConnectionCls
    if issubclass(connection.response_class, _BoundedResponse):
        return pool
    bounded = type(connection.__name__, (connection,), {"response_class": _BoundedResponse})
    return type(pool.__name__, (pool,), {"ConnectionCls": bounded})


class _BoundedResponse(http.client.HTTPResponse):
    """A response for which the read timeout counts as a whole.

    A socket's timeout begins anew with every byte, so that a reply that drips could go on for ever.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        timeout = sock.gettimeout()
        if timeout is not None:
            self.fp = io.BufferedReader(_BoundedStream(self.fp, sock, timeout))


class _BoundedStream(io.RawIOBase):
    def __init__(self, stream: io.BufferedReader, sock: socket.socket, seconds: float) -> None:
        self._stream = stream
        self._sock = sock
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the reply did not end in time")
        self._sock.settimeout(left)
        try:
            return self._stream.raw.readinto(buffer)
        finally:
            # The connection goes back to the pool, for a request with all of its time.
            self._sock.settimeout(self._seconds)

    def close(self) -> None:
        self._stream.close()
        super().close()
