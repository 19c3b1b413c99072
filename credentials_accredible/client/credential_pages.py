"""Reads all credentials of groups, page by page, and does not believe pages that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from credentials_accredible.client.credential_payloads import Credential, CredentialsPage
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import UnexpectedReply

SEARCH = "/v2/credentials/search"
_ENDPOINT = f"POST {SEARCH}"
_OFFSET_LIMIT = 10_000
# Of the groups of one question. Pages that come to more have no end.
_MOST_CREDENTIALS = 1_000_000


def read_pages(transport: Transport, group_ids: Sequence[int], size: int) -> Iterator[list[Credential]]:
    """The credentials of these groups, oldest first, ``size`` at a time.

    Raises RequestFailed; UnexpectedReply where pages contradict each other, which can be after the last one: nothing
    may be concluded from what is missing before the end has come.
    """
    pages = _Pages(group_ids)
    position: dict[str, Any] = {"from": 0}
    while True:
        # In the order of their ids, so that credentials made meanwhile come last and move no page.
        body = {
            "query": {"group.id[in]": list(group_ids)},
            "sort": {"id": "asc"},
            "page": {**position, "size": size},
        }
        page = transport.request("POST", SEARCH, json=body, idempotent=True).read_as(CredentialsPage)
        pages.add(page)
        yield page.credentials
        if not pages.goes_on_after(page):
            break
        position = {"cursor": page.meta.cursor} if page.meta.cursor else pages.offset(size)
    pages.close()


class _Pages:
    """What one pass over all pages has seen."""

    def __init__(self, group_ids: Sequence[int]) -> None:
        self._groups = frozenset(group_ids)
        self._ids: set[str] = set()
        self._counts: list[int] = []

    def add(self, page: CredentialsPage) -> None:
        """Note a page; UnexpectedReply where it holds what was there already, or what nobody asked for."""
        before = len(self._ids)
        self._ids.update(credential.id for credential in page.credentials)
        if len(self._ids) - before < len(page.credentials):
            raise _unexpected(_("the same credential comes twice"))
        if len(self._ids) > _MOST_CREDENTIALS:
            raise _unexpected(
                _("more than %(most_credentials)s credentials in %(count)s groups")
                % {"most_credentials": _MOST_CREDENTIALS, "count": len(self._groups)}
            )
        if any(found.group_id is not None and found.group_id not in self._groups for found in page.credentials):
            raise _unexpected(_("a credential of a group that was not asked for"))
        if page.meta.count is not None:
            self._counts.append(page.meta.count)

    def goes_on_after(self, page: CredentialsPage) -> bool:
        """Whether another page can follow. Where no number is told, only an empty page is certain to be the last."""
        if not page.credentials:
            return False
        return page.meta.count is None or len(self._ids) < page.meta.count

    def offset(self, size: int) -> dict[str, int]:
        """Where the next page begins, as there is no cursor; UnexpectedReply where no offset reaches that far."""
        if len(self._ids) + size > _OFFSET_LIMIT:
            raise _unexpected(
                _("more than %(offset_limit)s credentials, and no cursor to go on with")
                % {"offset_limit": _OFFSET_LIMIT}
            )
        return {"from": len(self._ids)}

    def close(self) -> None:
        """UnexpectedReply where it came to less than was told last, or to more than was ever told.

        In between, credentials were made or deleted while pages were read.
        """
        if self._counts and not self._counts[-1] <= len(self._ids) <= max(self._counts):
            told = get_text_list([str(count) for count in sorted(set(self._counts))])
            raise _unexpected(
                _("it says that there are %(told)s credentials, and sent %(count)s")
                % {"told": told, "count": len(self._ids)}
            )


def _unexpected(problem: str) -> UnexpectedReply:
    return UnexpectedReply(_ENDPOINT, status=200, detail=problem)
