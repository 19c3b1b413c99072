"""Reads all pages of an account's groups, and does not believe pages that contradict each other."""

from __future__ import annotations

import threading
from collections.abc import Callable

from credentials_accredible.client.options import Options
from credentials_accredible.client.parallel import calls
from credentials_accredible.client.payloads import Group, GroupsPage
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import NotFound, UnexpectedReply

# (done, total); total is None where Accredible does not say.
Progress = Callable[[int, int | None], None]

_PATH = "/v1/issuer/groups/search"
_ENDPOINT = f"POST {_PATH}"
_MOST_PAGES = 10_000


def read_groups(transport: Transport, options: Options, progress: Progress) -> list[Group]:
    """All groups, in Accredible's order. Raises RequestFailed; ``progress`` is called in this thread."""
    # Pages can contradict each other because the account changed between them; the second time it is an error.
    for _time in range(2):
        reading = _Reading(transport, options, progress)
        problem = reading.read()
        if not problem:
            return [group for page in reading.pages for group in page.groups]
    raise _unexpected(problem)


def sees_group(transport: Transport, group_id: int) -> bool:
    """Whether there is a group of that id that the key sees."""
    try:
        transport.request("GET", f"/v1/issuer/groups/{group_id}", idempotent=True)
    except NotFound:
        return False
    return True


class _Reading:
    """One pass over all pages."""

    def __init__(self, transport: Transport, options: Options, progress: Progress) -> None:
        self._transport = transport
        self._options = options
        self._progress = progress
        self._by_number: dict[int, GroupsPage] = {}
        self._ids: set[int] = set()
        self._done = 0

    @property
    def pages(self) -> list[GroupsPage]:
        return [page for _number, page in sorted(self._by_number.items())]

    def read(self) -> str:
        """Read all pages; what they contradict each other in, or nothing."""
        first = self._fetch(1)
        self._take(1, first)
        last = self._page_count(first)
        with calls(self._fetch, range(2, last + 1), self._options.concurrency) as results:
            for number, fetched in results:
                self._take(number, fetched.result())
        # A page can promise more than the first one did, and old replies promise nothing at all.
        while self._goes_on_after(last):
            last += 1
            self._take(last, self._fetch(_checked(last)))
        return self._contradiction()

    def _fetch(self, number: int, stop: threading.Event | None = None) -> GroupsPage:
        question = {"page": number, "page_size": self._options.page_size}
        reply = self._transport.request("POST", _PATH, json=question, idempotent=True, stop=stop)
        return reply.read_as(GroupsPage, _ENDPOINT)

    def _take(self, number: int, page: GroupsPage) -> None:
        self._by_number[number] = page
        self._ids.update(group.accredible_id for group in page.groups)
        self._done += len(page.groups)
        first = self._by_number[1].meta
        self._progress(self._done, first.total_count if first else None)

    def _page_count(self, first: GroupsPage) -> int:
        promised = first.meta.total_pages if first.meta and first.groups else None
        return _checked(max(1, promised or 1))

    def _goes_on_after(self, number: int) -> bool:
        page = self._by_number[number]
        if not page.groups or len(self._ids) < self._done:
            return False
        if page.meta is None or not page.meta.knows_what_follows:
            # Not even a short page is known to be the last: Accredible may give fewer groups than were asked for.
            return True
        return page.meta.promised_after(number) > number

    def _contradiction(self) -> str:
        if len(self._ids) < self._done:
            return "the same group comes twice"
        metas = {number: page.meta for number, page in self._by_number.items() if page.meta}
        totals = {meta.total_count for meta in metas.values() if meta.total_count is not None}
        if totals and totals != {self._done}:
            return f"it says that there are {' or '.join(map(str, sorted(totals)))} groups, and sent {self._done}"
        promised = max((meta.promised_after(number) for number, meta in metas.items()), default=0)
        empty = [number for number, page in self._by_number.items() if not page.groups and number <= promised]
        if not totals and promised > 1 and empty:
            return f"it says that there are {promised} pages, and page {min(empty)} is empty"
        return ""


def _checked(number: int) -> int:
    if number > _MOST_PAGES:
        raise _unexpected(f"more than {_MOST_PAGES} pages")
    return number


def _unexpected(problem: str) -> UnexpectedReply:
    return UnexpectedReply(_ENDPOINT, status=200, detail=problem)
