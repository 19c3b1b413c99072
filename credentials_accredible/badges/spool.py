"""Events on local disk, for the time in which the database takes nothing: files that outlive the process.

They hold what failed events hold, a learner's name and address too, so that only the process's user can read them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from credentials_accredible import conf
from credentials_accredible.events.event import Event

if TYPE_CHECKING:
    # The system checks look for waiting events when the service starts; who leaves is no matter then.
    from credentials_accredible.badges.learners import Leaver

log = logging.getLogger(__name__)

# Whatever goes wrong for long, the disk is not filled: an event has 200 KB at most.
_MOST_EVENTS = 10_000
_ENDING = ".json"


def put(event: Event, stored: dict[str, Any], error: Exception) -> bool:
    """Keep an event, ``stored`` as ``as_json`` gives it, until it is removed; whether it is on disk. Never raises.

    The same event again is one file. Names sort by when the events happened.
    """
    held = {"type": event.type, "id": event.id, "time": event.time.isoformat(), "payload": stored}
    name = f"{event.time:%Y%m%d%H%M%S%f}-{sha256((event.id or str(uuid4())).encode()).hexdigest()[:32]}{_ENDING}"
    try:
        directory = conf.event_spool()
        if spooled_events() >= _MOST_EVENTS:
            raise OSError("The spool is full.")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(directory, name, json.dumps(held))
    except Exception as failure:
        log.critical("event_not_spooled error=%s", type(failure).__name__)
        return False
    log.warning(
        "event_spooled event_type=%s event_id=%s event_time=%s error=%s",
        event.type,
        event.id,
        event.time.isoformat(),
        type(error).__name__,
    )
    return True


def waiting() -> list[Path]:
    """The files of the events, the oldest first."""
    directory = conf.event_spool()
    return sorted(directory.glob(f"[!.]*{_ENDING}")) if directory.exists() else []


def spooled_events() -> int:
    """How many events wait on this machine's disk, because the database did not take them."""
    return len(waiting())


def read(path: Path) -> tuple[Event, dict[str, Any]] | None:
    """The event of a file and what is stored of it; None where another process has removed it, or it cannot be read."""
    try:
        held = json.loads(path.read_text())
        time = datetime.fromisoformat(held["time"])
        return Event.from_json(held["type"], held["payload"], event_id=held["id"], time=time), held["payload"]
    except FileNotFoundError:
        return None
    except Exception as error:
        log.error("spooled_event_unreadable file=%s error=%s", path.name, type(error).__name__)
        return None


def remove(path: Path) -> None:
    """Forget an event; the directory goes with the last one."""
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def erase(leaver: Leaver) -> int:
    """Remove the events of somebody who leaves from this machine's disk; returns how many."""
    count = 0
    for path in waiting():
        found = read(path)
        if found and leaver.is_meant(found[0].learner.username, found[0].learner.lms_user_id):
            remove(path)
            count += 1
    return count


def wait_on(error: Exception) -> None:
    """Log that events stay on disk."""
    log.error("events_stay_spooled error=%s", type(error).__name__)


def lost(event: Event, error: Exception) -> None:
    """Log what it takes to find an event that could be kept nowhere."""
    log.critical(
        "event_lost event_type=%s event_id=%s event_time=%s error=%s",
        event.type,
        event.id,
        event.time.isoformat(),
        type(error).__name__,
    )


def _write(directory: Path, name: str, text: str) -> None:
    """Whole or not at all, and there after a power failure."""
    begun = directory / f".{name}.{uuid4().hex}"
    try:
        with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(directory / name)
    finally:
        begun.unlink(missing_ok=True)
    for changed in (directory, directory.parent):
        handle = os.open(changed, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
