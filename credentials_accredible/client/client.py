"""An account at Accredible: its groups, and the credentials that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from types import TracebackType
from typing import Self

from credentials_accredible.client import credentials
from credentials_accredible.client.credential_payloads import Credential, NewCredential
from credentials_accredible.client.credentials import BulkItem
from credentials_accredible.client.groups import (
    DesignBatch,
    Progress,
    read_attribute_keys,
    read_designs,
    read_groups,
    sees_group,
)
from credentials_accredible.client.options import Options
from credentials_accredible.client.payloads import AttributeKey, Group, Issuer, IssuerReply
from credentials_accredible.client.transport import Transport
from credentials_accredible.secrets import Secret

_ISSUER = "/v1/issuer/details"


class AccredibleClient:
    """Asks Accredible at ``api_url`` on behalf of the account of ``key``; a context manager that closes connections.

    ``options`` None: those of the settings. ConfigurationError where settings, address or key cannot be used.
    """

    def __init__(self, api_url: str, key: Secret, options: Options | None = None) -> None:
        self._options = options or Options.from_settings()
        self._key = key
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

    def sees_group(self, group_id: int) -> bool:
        """Whether there is a group of that id, and the key sees it. Raises RequestFailed."""
        return sees_group(self._transport, group_id)

    def designs(self, ids: Iterable[int], progress: Progress | None = None) -> DesignBatch:
        """The designs of these ids; one that cannot be read is a failure in the batch, and raises nothing."""
        return read_designs(self._transport, self._options, ids, progress or _silent)

    def take_turn(self, *, send_before: float) -> None:
        """Return when the rate limit lets the next request out, and count it; say ``has_turn`` with that request.

        NotSent at once where that would be after ``send_before``, of the monotonic clock.
        """
        self._transport.take_turn(send_before=send_before)

    def attribute_keys(self) -> list[AttributeKey]:
        """The names for custom attributes that the key sees. Raises RequestFailed."""
        return read_attribute_keys(self._transport)

    def create_credential(
        self, new: NewCredential, *, send_before: float | None = None, has_turn: bool = False
    ) -> Credential:
        """Make a credential, with one try. It does not leave after ``send_before``, of the monotonic clock.

        Raises RequestFailed; where ``sent`` is true and there was no refusal, the credential may have been made.
        """
        return credentials.create_one(self._transport, new, send_before, has_turn)

    def create_credentials(
        self, new: Sequence[NewCredential], *, send_before: float | None = None, has_turn: bool = False
    ) -> list[BulkItem]:
        """Make up to BULK_LIMIT credentials with one request; what became of each, in the order of ``new``."""
        return credentials.create_many(self._transport, self._key, new, send_before, has_turn)

    def find_credentials(self, own_ids: Sequence[str]) -> dict[str, Credential]:
        """Those of our own ids that are at Accredible, with their credentials, whose ``url`` is empty."""
        return credentials.find(self._transport, own_ids)

    def credentials_of(self, group_id: int, email: str) -> list[Credential]:
        """The credentials of that group that this address has."""
        return credentials.find_of(self._transport, group_id, email)

    def credential_pages(self, group_ids: Sequence[int]) -> Iterator[list[Credential]]:
        """All credentials of these groups, page by page; ``url`` is empty in all of them.

        Raises RequestFailed; UnexpectedReply, at the latest after the last page, where pages contradict each other.
        """
        return credentials.read_pages(self._transport, group_ids, self._options.page_size)

    def credential(self, credential_id: str) -> Credential:
        """The credential of that id, Accredible's or ours; NotFound where there is none."""
        return credentials.read(self._transport, credential_id)

    def expire_credential(self, credential_id: str, on: date) -> Credential:
        """Mark a credential as expired on that day."""
        return credentials.change(self._transport, credential_id, {"expired_on": on.isoformat()})

    def unpublish_credential(self, credential_id: str) -> Credential:
        """Hide a credential."""
        return credentials.change(self._transport, credential_id, {"approve": False})

    def publish_credential(self, credential_id: str) -> Credential:
        """Ask Accredible to publish a credential; whether it did is in the result."""
        return credentials.change(self._transport, credential_id, {"approve": True})

    def reinstate_credential(self, credential_id: str) -> Credential:
        """Undo that a credential was expired or hidden."""
        return credentials.change(self._transport, credential_id, {"expired_on": None, "approve": True})

    def delete_credential(self, credential_id: str) -> None:
        """Remove a credential for good; NotFound where it is gone already."""
        credentials.delete(self._transport, credential_id)


def _silent(done: int, total: int | None) -> None:
    """Nobody watches."""
