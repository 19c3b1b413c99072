"""Reads designs, several at a time; one that cannot be read does not stop the others."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

from credentials_accredible.client.groups import Progress
from credentials_accredible.client.options import Options
from credentials_accredible.client.parallel import calls
from credentials_accredible.client.payloads import Design, DesignReply
from credentials_accredible.client.transport import Transport
from credentials_accredible.exceptions import RateLimited, RequestFailed, Unavailable, UnexpectedReply

# Designs in a row without an answer, after which the others are not asked for.
_PATIENCE = 5


@dataclass
class DesignBatch:
    """The designs that were found, and for each of the others why it was not, in one sentence; both by id."""

    found: dict[int, Design] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)


def read_designs(transport: Transport, options: Options, ids: Iterable[int], progress: Progress) -> DesignBatch:
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
