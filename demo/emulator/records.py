"""A record of every request, for tests and for the curious."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Recorded:
    """A request as it came in, and how it was answered.

    ``path`` is without the prefix of the environment, ``json`` None where the body is no JSON, ``headers`` are as
    sent, the API key included. ``time``: seconds since the epoch; ``seconds``: how long it took, None while it is
    being worked on; ``status``: None while it is, and where no reply was sent; ``fault``: the kind of the fault it
    met.
    """

    method: str
    path: str
    query: dict[str, str]
    environment: str
    headers: dict[str, str]
    body: str
    json: Any
    time: float = field(default_factory=time.time)
    seconds: float | None = None
    status: int | None = None
    fault: str | None = None

    def finish(self, status: int | None) -> None:
        """Note how it ended."""
        self.seconds = time.time() - self.time
        self.status = status
