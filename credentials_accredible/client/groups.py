"""Reads all pages of an account's groups, and does not believe pages that contradict each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from credentials_accredible.client.payloads import (
    AttributeKey,
    AttributeKeysPage,
    Design,
    DesignReply,
    Group,
    GroupsPage,
)
from credentials_accredible.client.session import ClientOptions
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import NotFound, RateLimited, RequestFailed, Unavailable, UnexpectedReply

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def calls(
    function: Callable[[Item, threading.Event], Result], items: Iterable[Item], at_once: int
) -> Iterator[Iterator[tuple[Item, Future[Result]]]]:
    """Call ``function(item, stop)`` for all items in threads; gives an item with its finished future at a time.

    Leaving the context, by whatever way, cancels what has not begun and sets ``stop`` for what has. It waits for
    nothing: a call that hangs ends in its own time, and its result is dropped.
    """
    stop = threading.Event()
    executor = ThreadPoolExecutor(at_once, thread_name_prefix="accredible")
    try:
        futures = {executor.submit(function, item, stop): item for item in items}
        yield ((futures[future], future) for future in as_completed(futures))
    finally:
        stop.set()
        executor.shutdown(wait=False, cancel_futures=True)


# (done, total); total is None where Accredible does not say.
Progress = Callable[[int, int | None], None]

_PATH = "/v1/issuer/groups/search"
_ENDPOINT = f"POST {_PATH}"
_MOST_PAGES = 10_000


def read_groups(transport: Transport, options: ClientOptions, progress: Progress) -> list[Group]:
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

    def __init__(self, transport: Transport, options: ClientOptions, progress: Progress) -> None:
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


_PATH_ATTRIBUTE_KEYS = "/v1/attribute_keys/search"
_ENDPOINT_ATTRIBUTE_KEYS = f"POST {_PATH_ATTRIBUTE_KEYS}"
_PAGE_SIZE = 100
# Somebody waits for them, and nobody chooses from more.
_MOST_PAGES_ATTRIBUTE_KEYS = 20


def read_attribute_keys(transport: Transport) -> list[AttributeKey]:
    """The attribute keys that the API key sees, each name once, in Accredible's order; 20 pages of them at most."""
    found: dict[str, AttributeKey] = {}
    for number in range(1, _MOST_PAGES_ATTRIBUTE_KEYS + 1):
        question = {"page": number, "page_size": _PAGE_SIZE}
        page = transport.request("POST", _PATH_ATTRIBUTE_KEYS, json=question, idempotent=True).read_as(
            AttributeKeysPage, _ENDPOINT_ATTRIBUTE_KEYS
        )
        new = {key.name: key for key in page.attribute_keys if key.name.strip() and key.name not in found}
        found |= new
        is_last = page.meta is not None and page.meta.knows_what_follows and page.meta.promised_after(number) <= number
        # A page without anything new: the last one, or paging that does nothing.
        if is_last or not new:
            break
    return list(found.values())


# Designs in a row without an answer, after which the others are not asked for.
_PATIENCE = 5


@dataclass
class DesignBatch:
    """The designs that were found, and for each of the others why it was not, in one sentence; both by id."""

    found: dict[int, Design] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)


def read_designs(transport: Transport, options: ClientOptions, ids: Iterable[int], progress: Progress) -> DesignBatch:
    """The designs of these ids, each asked for once. ``progress`` is called in this thread."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, Design] = {}
    failures: dict[int, str] = {}
    silent: list[int] = []  # the designs in a row that brought no answer

    def fetch(design_id: int, stop: threading.Event) -> None:
        path = f"/v1/designs/{design_id}"
        try:
            # While nothing answers, every further design gets one try: all tries of all of them could take hours.
            attempts = 1 if silent else None
            reply = transport.request("GET", path, idempotent=True, attempts=attempts, stop=stop)
        except (Unavailable, RateLimited):
            silent.append(design_id)
            if len(silent) >= _PATIENCE:
                stop.set()
            raise
        except RequestFailed:
            silent.clear()
            raise
        silent.clear()
        design = reply.read_as(DesignReply, f"GET {path}").design
        if design.id != design_id:
            raise UnexpectedReply(f"GET {path}", status=reply.status, detail=f"it is design {design.id}")
        found[design_id] = design

    with calls(fetch, wanted, options.concurrency) as results:
        for done, (design_id, fetched) in enumerate(results, start=1):
            try:
                fetched.result()
            except RequestFailed as error:
                failures[design_id] = str(error)
            except CancelledError:
                break
            progress(done, len(wanted))
            if len(silent) >= _PATIENCE:
                break  # without waiting for those that hang
    # What still hangs can end after this.
    batch = DesignBatch(dict(found), failures)
    for design_id in wanted:
        if design_id not in batch.found and design_id not in batch.failures:
            batch.failures[design_id] = f"Given up, because {_PATIENCE} designs in a row brought no answer."
    return batch
