"""An account at Accredible: its groups, and the credentials that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.choices import NO_END
from credentials_accredible.client.attribute_keys import read_attribute_keys
from credentials_accredible.client.credential_pages import SEARCH, read_pages
from credentials_accredible.client.credential_payloads import (
    BulkReply,
    BulkResult,
    Credential,
    CredentialReply,
    FoundCredentials,
    NewCredential,
)
from credentials_accredible.client.errors import invalid
from credentials_accredible.client.groups import (
    DesignBatch,
    ReadProgress,
    find_groups,
    read_designs,
    read_groups,
)
from credentials_accredible.client.payloads import (
    AttributeKey,
    Group,
    GroupReply,
    Issuer,
    IssuerReply,
    JsonObject,
    whole_number,
)
from credentials_accredible.client.session import ClientOptions
from credentials_accredible.client.transport import Transport
from credentials_accredible.database import batches
from credentials_accredible.exceptions import ConfigurationError, Invalid, NotFound, UnexpectedReply
from credentials_accredible.secrets import Secret, hidden_locals

# The most credentials that Accredible takes at once.
BULK_LIMIT = 30

_ISSUER = "/v1/issuer/details"
_ONE = "/v1/credentials"
_MANY = "/v2/credentials/bulk_create"
_SEARCH_SIZE = 50


class Account(Protocol):
    """What says which account is meant, as an API configuration does."""

    @property
    def name(self) -> str: ...

    @property
    def environment(self) -> str: ...

    @property
    def api_key(self) -> Secret: ...


@dataclass(frozen=True)
class BulkItem:
    """What became of one of many: a credential, with an objection where it was made and not published, or an error.

    Without a credential, Invalid says that it was certainly not made, with the objections to all of the many: whose is
    whose, only their order tells. UnexpectedReply says that it may have been made.
    """

    credential: Credential | None
    error: Invalid | UnexpectedReply | None


def open_client(account: Account, options: ClientOptions | None = None) -> AccredibleClient:
    """A client for ``account``; ConfigurationError where its environment or its key is missing."""
    environment = conf.environment(account.environment)
    if not account.api_key:
        raise ConfigurationError(_("“%(name)s” has no API key: enter it in its admin page.") % {"name": account.name})
    return AccredibleClient(environment.api_url, account.api_key, options)


class AccredibleClient:
    """Asks Accredible at ``api_url`` on behalf of the account of ``key``; a context manager that closes connections.

    ``options`` None: those of the settings. ConfigurationError where settings, address or key cannot be used. All
    methods that ask Accredible raise RequestFailed, and NotFound where they name a credential that is not there.
    """

    def __init__(self, api_url: str, key: Secret, options: ClientOptions | None = None) -> None:
        self._options = options or ClientOptions.from_settings()
        self._key = key
        self._transport = Transport(api_url, key, self._options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    @property
    def requests_sent(self) -> int:
        return self._transport.requests_sent

    @property
    def seconds_kept_back(self) -> float:
        """For how long the rate limit keeps the next request back that waits for its turn; 0 where none does."""
        return self._transport.seconds_kept_back

    def issuer(self) -> Issuer:
        """Whose key this is; the cheapest check that it works."""
        reply = self._transport.request("GET", _ISSUER, idempotent=True)
        return reply.read_as(IssuerReply).issuer

    def groups(self, progress: ReadProgress | None = None) -> list[Group]:
        """All groups that the key sees, in Accredible's order; one can be missing if the account changes meanwhile.

        ``progress`` is called in this thread with the number read and the number expected, None where that is not
        known: for each page, and every now and then while none comes. UnexpectedReply, after a second reading, where
        pages contradict each other.
        """
        return read_groups(self._transport, self._options, progress or _silent)

    def find_groups(self, ids: Iterable[int], progress: ReadProgress | None = None) -> list[Group]:
        """Those groups of these ids that the key sees; the others are not there, whatever a list of all groups said.

        ``progress`` is told of each request's groups. UnexpectedReply as ``groups``, and for a group of another id.
        """
        return find_groups(self._transport, self._options, ids, progress or _silent)

    def sees_group(self, group_id: int) -> bool:
        """Whether there is a group of that id, and the key sees it."""
        try:
            reply = self._transport.request("GET", f"/v1/issuer/groups/{group_id}", idempotent=True)
        except NotFound:
            return False
        if reply.read_as(GroupReply).group.accredible_id != group_id:
            raise reply.unexpected(_("it is another group"))
        return True

    def designs(self, ids: Iterable[int], progress: ReadProgress | None = None) -> DesignBatch:
        """The designs of these ids; one that cannot be read is a failure in the batch, and raises nothing."""
        return read_designs(self._transport, self._options, ids, progress or _silent)

    def attribute_keys(self) -> list[AttributeKey]:
        """The names for custom attributes that the key sees."""
        return read_attribute_keys(self._transport, self._options)

    def take_turn(self, *, send_before: float) -> None:
        """Return when the rate limit lets the next request out, and count it; say ``has_turn`` with that request.

        NotSent at once where that would be after ``send_before``, of the monotonic clock.
        """
        self._transport.take_turn(send_before=send_before)

    def create_credential(
        self, new: NewCredential, *, send_before: float | None = None, has_turn: bool = False
    ) -> Credential:
        """Make a credential, with one try: a second credential could come of a second one.

        It does not leave after ``send_before``, of the monotonic clock. Where an error has ``sent`` and was no refusal,
        the credential may have been made; also after UnexpectedReply, where the one that came is another one.
        """
        body = {"credential": new.as_json()}
        reply = self._transport.request(
            "POST", _ONE, json=body, idempotent=False, send_before=send_before, has_turn=has_turn
        )
        credential = reply.read_as(CredentialReply).credential
        if credential.contradicts(new):
            raise reply.unexpected(_("it is another credential"))
        return credential

    @hidden_locals()
    def create_credentials(
        self, new: Sequence[NewCredential], *, send_before: float | None = None, has_turn: bool = False
    ) -> list[BulkItem]:
        """Make up to BULK_LIMIT credentials with one request; what became of each, in the order of ``new``.

        As ``create_credential``.
        """
        reply = self._transport.request(
            "POST",
            _MANY,
            json={"credentials": [each.as_json() for each in new]},
            idempotent=False,
            send_before=send_before,
            has_turn=has_turn,
            answers=frozenset({422}),
        )
        answer = reply.read_as(BulkReply)
        found = answer.by_position(new)
        refused = sum(result.credential is None and result.objects for result in answer.results)
        # Everything is accounted for: what was not made was refused.
        adds_up = len(answer.results) == len(new) == len(found) + refused
        words = "; ".join(dict.fromkeys(result.words for result in answer.results if result.credential is None))
        rest: Invalid | UnexpectedReply = (
            invalid(reply.endpoint, reply.status, words, {}, self._key)
            if adds_up
            else reply.unexpected(
                _("%(count)s results for %(count_2)s credentials; %(count_3)s fit")
                % {"count": len(answer.results), "count_2": len(new), "count_3": len(found)}
            )
        )
        return [
            self._item(found[place], reply) if place in found else BulkItem(None, rest) for place in range(len(new))
        ]

    def find_credentials(self, own_ids: Sequence[str]) -> dict[str, Credential]:
        """Those of our own ids that are at Accredible, in lower case, with their credentials; these have no ``url``."""
        found: dict[str, Credential] = {}
        for batch in batches((own_id.lower() for own_id in own_ids), _SEARCH_SIZE):
            for credential in self._search({"license_id[in]": batch}):
                if credential.own_id in batch:
                    found[credential.own_id] = credential
        return found

    def credentials_with(self, own_id: str) -> list[Credential]:
        """All that carry this own id of ours: two, where Accredible has made two; these have no ``url``."""
        wanted = own_id.lower()
        return [found for found in self._search({"license_id[in]": [wanted]}) if found.own_id == wanted]

    def credentials_of(self, group_id: int, email: str) -> list[Credential]:
        """The credentials of that group that this address has; its case does not matter."""
        found = self._search({"group.id": group_id, "recipient_email": email})
        return [
            credential
            for credential in found
            if credential.recipient_email.lower() == email.lower() and credential.group_id in {None, group_id}
        ]

    def credential_pages(self, group_ids: Sequence[int]) -> Iterator[list[Credential]]:
        """All credentials of these groups, page by page; ``url`` is empty in all of them.

        UnexpectedReply, at the latest after the last page, where pages contradict each other.
        """
        return read_pages(self._transport, group_ids, self._options.page_size)

    def credential(self, credential_id: str) -> Credential:
        """The credential of that id, Accredible's or ours."""
        reply = self._transport.request("GET", _path(credential_id), idempotent=True)
        return _asked_for(credential_id, reply)

    def expire_credential(self, credential_id: str, on: date) -> Credential:
        """Mark a credential as expired on that day."""
        return self._change(credential_id, {"expired_on": on.isoformat()})

    def unpublish_credential(self, credential_id: str) -> Credential:
        return self._change(credential_id, {"approve": False})

    def publish_credential(self, credential_id: str) -> Credential:
        return self._change(credential_id, {"approve": True})

    def reinstate_credential(self, credential_id: str, valid_until: date | None) -> Credential:
        """Undo that a credential was expired or hidden; ``valid_until`` None: without an end, as NO_END."""
        last_day = valid_until.isoformat() if valid_until and valid_until != NO_END else None
        return self._change(credential_id, {"expired_on": last_day, "approve": True})

    def delete_credential(self, credential_id: str) -> None:
        """Delete a credential. A reply that does not show it is believed once it is not found any more."""
        try:
            _asked_for(credential_id, self._transport.request("DELETE", _path(credential_id), idempotent=True))
        except UnexpectedReply:
            if self._is_found(credential_id):
                raise

    def _change(self, credential_id: str, values: Mapping[str, Any]) -> Credential:
        body = {"credential": dict(values)}
        reply = self._transport.request("PUT", _path(credential_id), json=body, idempotent=True)
        return _asked_for(credential_id, reply)

    def _is_found(self, credential_id: str) -> bool:
        try:
            self.credential(credential_id)
        except NotFound:
            return False
        return True

    def _search(self, query: Mapping[str, Any]) -> list[Credential]:
        # One page: nobody has more credentials of one group, or of one id of ours, than fit into it.
        body = {"query": dict(query), "page": {"from": 0, "size": _SEARCH_SIZE}}
        reply = self._transport.request("POST", SEARCH, json=body, idempotent=True)
        return reply.read_as(FoundCredentials).credentials

    def _item(self, result: BulkResult, reply: JsonObject) -> BulkItem:
        if not result.objects:
            return BulkItem(result.credential, None)
        objection = invalid(reply.endpoint, reply.status, result.words, result.by_field, self._key)
        return BulkItem(result.credential, objection)


def _asked_for(credential_id: str, reply: JsonObject) -> Credential:
    credential = reply.read_as(CredentialReply).credential
    # Asked for by an id of ours that the reply does not repeat, it has another id, and that says nothing.
    says_its_id = credential.own_id or whole_number(credential_id) is not None
    if says_its_id and credential_id not in {credential.id, credential.own_id}:
        raise reply.unexpected(_("it is another credential"))
    return credential


def _path(credential_id: str) -> str:
    return f"{_ONE}/{quote(credential_id, safe='')}"


def _silent(done: int, total: int | None) -> None:
    """Nobody watches."""
