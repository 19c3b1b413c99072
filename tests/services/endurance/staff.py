"""Staff who walk through the admin by its links, and what else goes on beside the test."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from html import unescape
from threading import Event, Thread
from urllib.parse import urljoin, urlsplit

import requests

NAME = PASSWORD = "staff"
_FIRST = "/admin/credentials_accredible/"
_LINK = re.compile(r'<a\b[^>]*?\shref="([^"]+)"')
# Seconds that a page may take.
_LONGEST = 30
# Where a walk ends, and the next one begins.
_STEPS = 20


class Repeated:
    """Calls ``work`` every so many seconds, in a thread of its own, until it is stopped. A context manager."""

    def __init__(self, seconds: float, work: Callable[[], None]) -> None:
        self._seconds = seconds
        self._work = work
        self._over = Event()
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._over.wait(self._seconds):
                self._work()
        except Exception as error:
            self._error = error


class Reader:
    """Opens one page of the plugin after the other, each by a link of the page before; ``seconds`` of each is kept."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        # Address and status of pages that the server could not show.
        self.broken: list[tuple[str, int]] = []
        self._url = url
        self._chance = chance
        self._session = requests.Session()
        self._next = _FIRST
        self._steps = 0

    def log_in(self) -> None:
        """Log in as ``NAME``, who has to be there."""
        address = f"{self._url}/admin/login/"
        self._session.get(address, timeout=_LONGEST)
        form = {"username": NAME, "password": PASSWORD, "csrfmiddlewaretoken": self._session.cookies["csrftoken"]}
        answer = self._session.post(f"{address}?next={_FIRST}", form, headers={"Referer": address}, timeout=_LONGEST)
        assert urlsplit(answer.url).path == _FIRST, answer.url

    def read(self) -> None:
        """Open the next page. What was removed since its link was shown is no fault."""
        address = self._next
        began = time.perf_counter()
        answer = self._session.get(urljoin(self._url, address), timeout=_LONGEST)
        self.seconds.append(time.perf_counter() - began)
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            self.broken.append((address, answer.status_code))
        links = [urljoin(answer.url, unescape(link)) for link in _LINK.findall(answer.text)]
        ours = sorted({link for link in links if link.startswith(f"{self._url}{_FIRST}")})
        self._steps = (self._steps + 1) % _STEPS
        self._next = self._chance.choice(ours) if ours and self._steps else _FIRST
