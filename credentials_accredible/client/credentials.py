"""Makes, finds and changes credentials. Only making one is not repeated: a second one could come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from credentials_accredible.client.credential_payloads import (
    BulkReply,
    BulkResult,
    Credential,
    CredentialReply,
    CredentialsPage,
    FoundCredentials,
    NewCredential,
)
from credentials_accredible.client.errors import presentable
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import Invalid, UnexpectedReply
from credentials_accredible.secrets import Secret

# The most that Accredible takes at once.
BULK_LIMIT = 30

_ONE = "/v1/credentials"
_MANY = "/v2/credentials/bulk_create"
_SEARCH = "/v2/credentials/search"
_SEARCH_SIZE = 50


@dataclass(frozen=True)
class BulkItem:
    """What became of one of many: a credential, an objection, or both where it was made and not published."""

    credential: Credential | None
    error: Invalid | None


def create_one(transport: Transport, new: NewCredential, send_before: float | None, has_turn: bool) -> Credential:
    """Make one credential."""
    body = {"credential": new.as_json()}
    reply = transport.request("POST", _ONE, json=body, idempotent=False, send_before=send_before, has_turn=has_turn)
    return reply.read_as(CredentialReply, f"POST {_ONE}").credential


def create_many(
    transport: Transport, key: Secret, new: Sequence[NewCredential], send_before: float | None, has_turn: bool
) -> list[BulkItem]:
    """Make up to BULK_LIMIT credentials. UnexpectedReply where the answer does not fit what was sent."""
    endpoint = f"POST {_MANY}"
    body = {"credentials": [each.as_json() for each in new]}
    reply = transport.request(
        "POST",
        _MANY,
        json=body,
        idempotent=False,
        send_before=send_before,
        has_turn=has_turn,
        answers=frozenset({422}),
    )
    results = reply.read_as(BulkReply, endpoint).results
    if len(results) != len(new):
        problem = f"{len(results)} results for {len(new)} credentials"
        raise UnexpectedReply(endpoint, status=reply.status, detail=problem)
    return [_item(result, endpoint, reply.status, key) for result in results]


def _item(result: BulkResult, endpoint: str, status: int, key: Secret) -> BulkItem:
    if result.credential is None and not result.objects:
        raise UnexpectedReply(endpoint, status=status, detail="a result that is neither a credential nor an error")
    if not result.objects:
        return BulkItem(result.credential, None)
    fields = {
        presentable(name, key): [presentable(text, key) for text in texts] for name, texts in result.by_field.items()
    }
    error = Invalid(endpoint, status=status, detail=presentable(result.words, key), fields=fields)
    return BulkItem(result.credential, error)


def find(transport: Transport, own_ids: Sequence[str]) -> dict[str, Credential]:
    """The credentials of these ids of ours, by id in lower case. They come without their address."""
    wanted = [own_id.lower() for own_id in own_ids]
    found: dict[str, Credential] = {}
    for start in range(0, len(wanted), _SEARCH_SIZE):
        batch = wanted[start : start + _SEARCH_SIZE]
        for credential in _search(transport, {"license_id[in]": batch}):
            if credential.own_id in batch:
                found[credential.own_id] = credential
    return found


def find_of(transport: Transport, group_id: int, email: str) -> list[Credential]:
    """The credentials of that group and e-mail address, whose case does not matter."""
    found = _search(transport, {"group.id": group_id, "recipient_email": email})
    return [credential for credential in found if credential.recipient_email.lower() == email.lower()]


def _search(transport: Transport, query: Mapping[str, Any]) -> list[Credential]:
    # One page: nobody has more credentials of one group, or of one id of ours, than fit into it.
    body = {"query": dict(query), "page": {"from": 0, "size": _SEARCH_SIZE}}
    reply = transport.request("POST", _SEARCH, json=body, idempotent=True)
    return reply.read_as(FoundCredentials, f"POST {_SEARCH}").credentials


def read(transport: Transport, credential_id: str) -> Credential:
    """The credential of that id, Accredible's or ours."""
    path = f"{_ONE}/{quote(credential_id, safe='')}"
    return transport.request("GET", path, idempotent=True).read_as(CredentialReply, f"GET {path}").credential


def change(transport: Transport, credential_id: str, values: Mapping[str, Any]) -> Credential:
    """Change what ``values`` names of a credential, and return it as it is after that."""
    path = f"{_ONE}/{quote(credential_id, safe='')}"
    reply = transport.request("PUT", path, json={"credential": dict(values)}, idempotent=True)
    return reply.read_as(CredentialReply, f"PUT {path}").credential


def delete(transport: Transport, credential_id: str) -> None:
    """Remove a credential for good."""
    transport.request("DELETE", f"{_ONE}/{quote(credential_id, safe='')}", idempotent=True)


_PATH = "/v2/credentials/search"
_ENDPOINT = f"POST {_PATH}"
_OFFSET_LIMIT = 10_000


def read_pages(transport: Transport, group_ids: Sequence[int], size: int) -> Iterator[list[Credential]]:
    """The credentials of these groups, oldest first, ``size`` at a time.

    Raises RequestFailed; UnexpectedReply where pages contradict each other, which can be after the last one: nothing
    may be concluded from what is missing before the end has come.
    """
    reading = _Reading(group_ids)
    position: dict[str, Any] = {"from": 0}
    while True:
        # In the order of their ids, so that credentials made meanwhile come last and move no page.
        body = {
            "query": {"group.id[in]": list(group_ids)},
            "sort": {"id": "asc"},
            "page": {**position, "size": size},
        }
        page = transport.request("POST", _PATH, json=body, idempotent=True).read_as(CredentialsPage, _ENDPOINT)
        reading.take(page)
        yield page.credentials
        if not reading.goes_on_after(page):
            break
        position = {"cursor": page.cursor} if page.cursor else reading.offset(size)
    reading.close()


class _Reading:
    """What one pass over all pages has seen."""

    def __init__(self, group_ids: Sequence[int]) -> None:
        self._groups = frozenset(group_ids)
        self._ids: set[str] = set()
        self._counts: list[int] = []

    def take(self, page: CredentialsPage) -> None:
        """Note a page; UnexpectedReply where it holds what was there already, or what nobody asked for."""
        before = len(self._ids)
        self._ids.update(credential.id for credential in page.credentials)
        if len(self._ids) - before < len(page.credentials):
            raise _unexpected("the same credential comes twice")
        if any(found.group_id is not None and found.group_id not in self._groups for found in page.credentials):
            raise _unexpected("a credential of a group that was not asked for")
        if page.count is not None:
            self._counts.append(page.count)

    def goes_on_after(self, page: CredentialsPage) -> bool:
        """Whether another page can follow. Where no number is told, only an empty page is certain to be the last."""
        if not page.credentials:
            return False
        return page.count is None or len(self._ids) < page.count

    def offset(self, size: int) -> dict[str, int]:
        """Where the next page begins, as there is no cursor; UnexpectedReply where no offset reaches that far."""
        if len(self._ids) + size > _OFFSET_LIMIT:
            raise _unexpected(f"more than {_OFFSET_LIMIT} credentials, and no cursor to go on with")
        return {"from": len(self._ids)}

    def close(self) -> None:
        """UnexpectedReply where it came to less than was told last, or to more than was ever told.

        In between, credentials were made or deleted while pages were read.
        """
        if self._counts and not self._counts[-1] <= len(self._ids) <= max(self._counts):
            told = " or ".join(map(str, sorted(set(self._counts))))
            raise _unexpected(f"it says that there are {told} credentials, and sent {len(self._ids)}")


def _unexpected(problem: str) -> UnexpectedReply:
    return UnexpectedReply(_ENDPOINT, status=200, detail=problem)
