"""Reads what an account has: all its groups, and their designs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from credentials_accredible.client.payloads import (
    Design,
    DesignReply,
    DesignsPage,
    Group,
    GroupsPage,
)
from credentials_accredible.client.session import ClientOptions
from credentials_accredible.client.transport import Transport
from credentials_accredible.database import batches
from credentials_accredible.exceptions import RateLimited, RequestFailed, Unavailable, UnexpectedReply

Item = TypeVar("Item")
Result = TypeVar("Result")

# (done, total); total is None where Accredible does not say. Also called, with what it knows, while nothing comes.
ReadProgress = Callable[[int, int | None], None]

_GROUPS = "/v1/issuer/groups/search"
_DESIGNS = "/v1/designs/search"
_MOST_PAGES = 10_000
_MOST_GROUPS = 100_000
# All pages of one reading are in memory: together they may hold so many times what one reply may.
_REPLIES_IN_MEMORY = 10
# More groups a page than that are not known to work.
_IDS_AT_ONCE = 100
# Seconds. Who watches sees at least so often that it goes on, or what it waits for.
_PULSE = 0.5
# Designs in a row without an answer, after which the others are not asked for.
_PATIENCE = 5


@dataclass
class DesignBatch:
    """The designs that were found, and for each of the others why it was not, in one sentence; both by id."""

    found: dict[int, Design] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)


class Allowance:
    """What the pages of one reading may still hold, in bytes; they are read in several threads."""

    def __init__(self, options: ClientOptions, path: str) -> None:
        self._path = path
        self._most = self._left = _REPLIES_IN_MEMORY * options.max_reply_bytes
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Count a page of ``size`` bytes; UnexpectedReply where that is too much."""
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise _unexpected(
                    _(
                        "its pages hold more than %(most)s bytes, %(replies_in_memory)s times MAX_REPLY_BYTES: raise "
                        "that if the account is so large"
                    )
                    % {"most": self._most, "replies_in_memory": _REPLIES_IN_MEMORY},
                    self._path,
                )


def read_groups(
    transport: Transport,
    options: ClientOptions,
    progress: ReadProgress,
    ids: Sequence[int] | None = None,
    allowance: Allowance | None = None,
) -> list[Group]:
    """All groups, or those of these ``ids``, in Accredible's order. ``progress`` is called in this thread.

    Raises RequestFailed. An account that changes between two pages can hide a group from both: only where its id was
    asked for is it certain that there is none.
    """
    # Pages can contradict each other because the account changed between them; the second time it is an error.
    for _time in range(2):
        pages = _GroupPages(transport, options, progress, ids, allowance or Allowance(options, _GROUPS))
        problem = pages.read()
        if not problem:
            return pages.groups()
    raise _unexpected(problem)


def find_groups(
    transport: Transport, options: ClientOptions, ids: Iterable[int], progress: ReadProgress
) -> list[Group]:
    """Those groups of these ids that Accredible has, some ids with each request. As ``read_groups``."""
    allowance = Allowance(options, _GROUPS)
    found: list[Group] = []
    for batch in batches(ids, min(options.page_size, _IDS_AT_ONCE)):
        found += read_groups(transport, options, progress, batch, allowance)
    return found


def read_designs(
    transport: Transport, options: ClientOptions, ids: Iterable[int], progress: ReadProgress
) -> DesignBatch:
    """The designs of these ids: as many as pages list, the others one by one. ``progress`` is called in this thread."""
    wanted = list(dict.fromkeys(ids))
    found = _listed_designs(transport, options, frozenset(wanted), progress)
    missing = [design_id for design_id in wanted if design_id not in found]
    batch = _single_designs(transport, options, missing, lambda done, _total: progress(len(found) + done, len(wanted)))
    batch.found |= found
    return batch


def _listed_designs(
    transport: Transport, options: ClientOptions, wanted: frozenset[int], progress: ReadProgress
) -> dict[int, Design]:
    """Those of the ``wanted`` designs that Accredible's search lists with their pictures; raises nothing.

    The reference does not say what the search lists, nor how it pages: it is a short cut, and nothing rests on it. It
    is left as soon as it fails, brings less than requests for single designs would, or these take no longer.
    """
    found: dict[int, Design] = {}
    allowance = Allowance(options, _DESIGNS)

    def fetch(number: int, stop: threading.Event) -> DesignsPage:
        question = {"page": number, "page_size": options.page_size}
        # Another try would keep the single designs waiting.
        reply = transport.request("POST", _DESIGNS, json=question, idempotent=True, attempts=1, stop=stop)
        allowance.take(reply.size)
        return reply.read_as(DesignsPage)

    def tell() -> None:
        progress(len(found), len(wanted))

    asked, pages, a_page = 0, 1, 1
    with suppress(RequestFailed):
        while len(wanted) - len(found) > options.concurrency:
            before = len(found)
            numbers = range(asked + 1, asked + pages + 1)
            with calls(fetch, numbers, options.concurrency, tell) as results:
                for _number, fetched in results:
                    designs = fetched.result().designs
                    a_page = max(a_page, len(designs))
                    found |= {each.id: each for each in designs if each.id in wanted - found.keys() and each.image_url}
                    tell()
            if len(found) - before <= pages:
                break
            asked, pages = asked + pages, ceil((len(wanted) - len(found)) / a_page)
    return found


def _single_designs(
    transport: Transport, options: ClientOptions, wanted: list[int], progress: ReadProgress
) -> DesignBatch:
    found: dict[int, Design] = {}
    failures: dict[int, str] = {}
    silent: list[int] = []  # the designs in a row that brought no answer

    def fetch(design_id: int, stop: threading.Event) -> None:
        try:
            # While nothing answers, every further design gets one try: all tries of all of them could take hours.
            attempts = 1 if silent else None
            reply = transport.request("GET", f"/v1/designs/{design_id}", idempotent=True, attempts=attempts, stop=stop)
        except (Unavailable, RateLimited):
            silent.append(design_id)
            if len(silent) >= _PATIENCE:
                stop.set()
            raise
        except RequestFailed:
            silent.clear()
            raise
        silent.clear()
        design = reply.read_as(DesignReply).design
        if design.id != design_id:
            raise reply.unexpected(_("it is design %(id)s") % {"id": design.id})
        found[design_id] = design

    done = 0
    with calls(fetch, wanted, options.concurrency, lambda: progress(done, len(wanted))) as results:
        for design_id, fetched in results:
            done += 1
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
            batch.failures[design_id] = _("Given up, because %(patience)s designs in a row brought no answer.") % {
                "patience": _PATIENCE
            }
    return batch


class _GroupPages:
    """One pass over all pages, and what they contradict each other in."""

    def __init__(
        self,
        transport: Transport,
        options: ClientOptions,
        progress: ReadProgress,
        wanted: Sequence[int] | None,
        allowance: Allowance,
    ) -> None:
        self._transport = transport
        self._options = options
        self._progress = progress
        self._wanted = wanted
        self._allowance = allowance
        self._by_number: dict[int, GroupsPage] = {}
        self._ids: set[int] = set()
        self._done = 0

    def groups(self) -> list[Group]:
        return [group for _number, page in sorted(self._by_number.items()) for group in page.groups]

    def read(self) -> str:
        self._read([1])
        last = self._page_count(self._by_number[1])
        self._read(range(2, last + 1))
        # A page can promise more than the first one did, and old replies promise nothing at all.
        while self._goes_on_after(last):
            last += 1
            self._read([_checked(last)])
        return self._contradiction()

    def _read(self, numbers: Sequence[int]) -> None:
        with calls(self._fetch, numbers, self._options.concurrency, self._tell) as results:
            for number, fetched in results:
                self._take(number, fetched.result())

    def _tell(self) -> None:
        self._progress(self._done, self._by_number[1].meta.total_count if self._by_number else None)

    def _fetch(self, number: int, stop: threading.Event) -> GroupsPage:
        question: dict[str, Any] = {"page": number, "page_size": self._options.page_size}
        if self._wanted is not None:
            question["ids"] = self._wanted
        reply = self._transport.request("POST", _GROUPS, json=question, idempotent=True, stop=stop)
        # Here and not where pages are taken: threads that read them could be far ahead.
        self._allowance.take(reply.size)
        return reply.read_as(GroupsPage)

    def _take(self, number: int, page: GroupsPage) -> None:
        self._by_number[number] = page
        self._ids.update(group.accredible_id for group in page.groups)
        if self._wanted is not None and not self._ids.issubset(self._wanted):
            raise _unexpected(_("a group that was not asked for"))
        self._done += len(page.groups)
        if self._done > _MOST_GROUPS:
            raise _unexpected(_("more than %(most_groups)s groups") % {"most_groups": _MOST_GROUPS})
        self._tell()

    def _page_count(self, first: GroupsPage) -> int:
        promised = first.meta.total_pages if first.groups else None
        return _checked(max(1, promised or 1))

    def _goes_on_after(self, number: int) -> bool:
        page = self._by_number[number]
        if not page.groups or len(self._ids) < self._done:
            return False
        if not page.meta.knows_what_follows:
            # Not even a short page is known to be the last: Accredible may give fewer groups than were asked for.
            return True
        return page.meta.promised_after(number) > number

    def _contradiction(self) -> str:
        if len(self._ids) < self._done:
            return _("the same group comes twice")
        told = {page.meta.total_count for page in self._by_number.values()}
        totals = {total for total in told if total is not None}
        if totals and totals != {self._done}:
            return _("it says that there are %(told)s groups, and sent %(done)s") % {
                "told": get_text_list([str(total) for total in sorted(totals)]),
                "done": self._done,
            }
        promised = max(page.meta.promised_after(number) for number, page in self._by_number.items())
        empty = [number for number, page in self._by_number.items() if not page.groups and number <= promised]
        if not totals and promised > 1 and empty:
            return _("it says that there are %(promised)s pages, and page %(empty)s is empty") % {
                "promised": promised,
                "empty": min(empty),
            }
        return ""


def _checked(number: int) -> int:
    if number > _MOST_PAGES:
        raise _unexpected(_("more than %(most_pages)s pages") % {"most_pages": _MOST_PAGES})
    return number


def _unexpected(problem: str, path: str = _GROUPS) -> UnexpectedReply:
    return UnexpectedReply(f"POST {path}", status=200, detail=problem)


@contextmanager
def calls(
    function: Callable[[Item, threading.Event], Result],
    items: Iterable[Item],
    at_once: int,
    pulse: Callable[[], object],
) -> Iterator[Iterator[tuple[Item, Future[Result]]]]:
    """Call ``function(item, stop)`` for all items in threads; gives an item with its finished future at a time.

    ``pulse`` is called in this thread every now and then while none has finished.

    Leaving the context, by whatever way, cancels what has not begun and sets ``stop`` for what has. It waits for
    nothing: a call that hangs ends in its own time, and its result is dropped.
    """
    stop = threading.Event()
    executor = ThreadPoolExecutor(at_once, thread_name_prefix="accredible")
    try:
        finished = SimpleQueue[Future[Result]]()
        futures: dict[Future[Result], Item] = {}
        for item in items:
            future = executor.submit(function, item, stop)
            futures[future] = item
            future.add_done_callback(finished.put)
        yield ((futures[future], future) for future in _each(finished, len(futures), pulse))
    finally:
        stop.set()
        executor.shutdown(wait=False, cancel_futures=True)


def _each(finished: SimpleQueue[Result], count: int, pulse: Callable[[], object]) -> Iterator[Result]:
    for _number in range(count):
        while True:
            try:
                yield finished.get(timeout=_PULSE)
                break
            except Empty:
                pulse()
