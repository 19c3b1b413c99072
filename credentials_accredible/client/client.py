"""An account at Accredible, as far as a synchronisation needs it."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from credentials_accredible.client.designs import DesignBatch, read_designs
from credentials_accredible.client.groups import Progress, read_groups
from credentials_accredible.client.options import Options
from credentials_accredible.client.payloads import Group, Issuer, IssuerReply
from credentials_accredible.client.transport import Transport
from credentials_accredible.secrets import Secret

_ISSUER = "/v1/issuer/details"


class AccredibleClient:
    """Asks Accredible at ``api_url`` on behalf of the account of ``key``; a context manager that closes connections.

    ``options`` None: those of the settings. ConfigurationError where settings, address or key cannot be used.
    """

    def __init__(self, api_url: str, key: Secret, options: Options | None = None) -> None:
        self._options = options or Options.from_settings()
        self._transport = Transport(api_url, key, self._options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def requests_sent(self) -> int:
        """How many requests were sent so far, each try counted."""
        return self._transport.requests_sent

    def issuer(self) -> Issuer:
        """Whose key this is; the cheapest check that it works. Raises RequestFailed."""
        reply = self._transport.request("GET", _ISSUER, idempotent=True)
        return reply.read_as(IssuerReply, f"GET {_ISSUER}").issuer

    def groups(self, progress: Progress | None = None) -> list[Group]:
        """All groups that the key sees, in Accredible's order.

        ``progress`` is called in this thread with the number read and the number expected, None where that is not
        known. Raises RequestFailed; UnexpectedReply, after a second reading, where pages contradict each other.
        """
        return read_groups(self._transport, self._options, progress or _silent)

    def designs(self, ids: Iterable[int], progress: Progress | None = None) -> DesignBatch:
        """The designs of these ids; one that cannot be read is a failure in the batch, and raises nothing."""
        return read_designs(self._transport, self._options, ids, progress or _silent)


def _silent(done: int, total: int | None) -> None:
    """Nobody watches."""
