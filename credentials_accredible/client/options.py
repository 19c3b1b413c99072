"""How patient and how busy a client is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from redis.connection import parse_url

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError

# Sockets and clocks refuse what is much longer.
_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Options:
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
                f"{conf.SETTING}['RATE_LIMIT'] must begin with a whole number of requests, from 1 to 1000000."
            )
        return cls(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            attempts=conf.integer("REQUEST_ATTEMPTS", least=1, most=100),
            max_wait=conf.number("RETRY_MAX_WAIT", least=0, most=_DAY),
            max_reply_bytes=conf.integer("MAX_REPLY_BYTES", least=1024, most=2**31),
            page_size=conf.integer("PAGE_SIZE", least=1, most=10_000),
            concurrency=conf.integer("FETCH_CONCURRENCY", least=1, most=64),
            rate_limit=(int(requests), window),
            rate_limit_shares=conf.integer("RATE_LIMIT_SHARES", least=1, most=int(requests)),
            redis_url=_redis_url(),
        )


def _seconds(name: str, *values: float) -> tuple[float, ...]:
    if max(values) > _DAY:
        raise ConfigurationError(f"{conf.SETTING}['{name}'] must not hold more than {_DAY} seconds.")
    return values


def _redis_url() -> str | None:
    written = conf.get("REDIS_URL")
    if not written:
        return None
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
        f"{conf.SETTING}['REDIS_URL'] must be the address of a Redis, as redis://host:6379/0, rediss://... or unix://..."
    )
