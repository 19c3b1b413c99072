"""How requests are sent: what the settings say about them, and the HTTP session.

The session knows who we are, the key and where it may go, keeps connections, and limits the time of a reply.
"""

from __future__ import annotations

import functools
import http.client
import io
import re
import socket
import time
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connectionpool import HTTPConnectionPool

from credentials_accredible import __version__, conf
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.secrets import MaskedText, Secret

# Sockets and clocks refuse what is much longer.
_DAY = 24 * 60 * 60
# Nobody asks for more at once, see PAGE_SIZE.
LARGEST_PAGE = 10_000
_HEADERS = {
    "Accept": "application/json",
    # What every supported release of the libraries can undo piece by piece.
    "Accept-Encoding": "gzip, deflate",
    "Accredible-Integration": "credentials-accredible",
    "User-Agent": f"credentials-accredible/{__version__}",
}


@dataclass(frozen=True)
class ClientOptions:
    """What the settings say about requests. Times are in seconds.

    ``connect_timeout``: for a connection. ``read_timeout``: for the whole reply, once the request is sent.
    ``attempts``: tries of a request that may be repeated. ``max_wait``: the longest pause between two tries.
    ``max_reply_bytes``: of a reply, decompressed. ``page_size``: groups asked for per page. ``concurrency``: requests
    under way at once. ``rate_limit``: so many requests in so many seconds to an API address, from all processes
    together through the Redis at ``redis_url``; without one each process keeps to one of ``rate_limit_shares``.
    ``longest_wait``: a request that would be kept back for longer than that fails with NotSent at once; None: it waits
    for as long as it must.
    """

    connect_timeout: float
    read_timeout: float
    attempts: int
    max_wait: float
    max_reply_bytes: int
    page_size: int
    concurrency: int
    rate_limit: tuple[int, float]
    rate_limit_shares: int = 1
    # It may hold a password: not in error reports.
    redis_url: str | None = field(default=None, repr=False)
    longest_wait: float | None = None

    @classmethod
    def from_settings(cls) -> Self:
        """The options that the settings hold now; ConfigurationError names a setting that cannot be used."""
        connect_timeout, read_timeout = _seconds("REQUEST_TIMEOUT", *conf.pair("REQUEST_TIMEOUT"))
        requests, window = conf.pair("RATE_LIMIT")
        _seconds("RATE_LIMIT", window)
        if not 1 <= requests <= 1_000_000 or requests != int(requests):
            raise ConfigurationError(
                _("%(setting)s['RATE_LIMIT'] must begin with a whole number of requests, from 1 to 1000000.")
                % {"setting": conf.SETTING}
            )
        return cls(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            attempts=conf.integer("REQUEST_ATTEMPTS", least=1, most=100),
            max_wait=conf.number("RETRY_MAX_WAIT", least=0, most=_DAY),
            max_reply_bytes=conf.integer("MAX_REPLY_BYTES", least=1024, most=2**31),
            page_size=conf.integer("PAGE_SIZE", least=1, most=LARGEST_PAGE),
            concurrency=conf.integer("FETCH_CONCURRENCY", least=1, most=64),
            rate_limit=(int(requests), window),
            rate_limit_shares=conf.integer("RATE_LIMIT_SHARES", least=1, most=int(requests)),
            redis_url=_redis_url(),
        )


def open_session(api_url: str, key: Secret, connections: int) -> requests.Session:
    """A session that sends ``key`` to the host of ``api_url`` alone, and keeps so many connections open.

    Proxies and CA bundles named in the environment are used, its netrc is not. ConfigurationError where the address
    or the key cannot be sent at all; KeyUnreadable where the key cannot be decrypted.
    """
    try:
        requests.Request("GET", api_url).prepare()
    except (requests.RequestException, ValueError):
        raise ConfigurationError(
            _("“%(api_url)s” is not an address that requests can be sent to.") % {"api_url": api_url}
        ) from None
    if not re.fullmatch(r"[!-~]+", key.reveal()):
        raise ConfigurationError(
            _("The API key is empty, or holds spaces, line breaks or letters that no API key has: copy it again.")
        )
    session = _Session()
    session.headers.update(_HEADERS)
    # With an auth of its own the session never looks into a netrc.
    session.auth = TokenAuth(api_url, key)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=connections))
    return session


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

    A socket's timeout begins again with every byte, so that a reply that drips could go on forever.
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
            raise TimeoutError(_("the reply did not end in time"))
        self._sock.settimeout(left)
        try:
            return self._stream.raw.readinto(buffer)
        finally:
            # The connection goes back to the pool, for a request with all of its time.
            self._sock.settimeout(self._seconds)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _seconds(name: str, *values: float) -> tuple[float, ...]:
    if max(values) > _DAY:
        raise ConfigurationError(
            _("%(setting)s['%(name)s'] must not hold more than %(day)s seconds.")
            % {"setting": conf.SETTING, "name": name, "day": _DAY}
        )
    return values


def _redis_url() -> str | None:
    written = conf.get("REDIS_URL")
    if not written:
        return None
    from redis.connection import parse_url  # noqa: PLC0415  # only where there is one

    try:
        if not isinstance(written, str):
            raise TypeError
        parse_url(written)  # type: ignore[no-untyped-call]
    except (TypeError, ValueError):
        # The value may hold a password: it is not repeated, and the library's error is not its context.
        pass
    else:
        return written
    raise ConfigurationError(
        _("%(setting)s['REDIS_URL'] must be the address of a Redis, as redis://host:6379/0, rediss://... or unix://...")
        % {"setting": conf.SETTING}
    )
