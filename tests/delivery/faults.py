"""What can go wrong with a request, as the emulator plays it."""

from __future__ import annotations

from typing import Any

# Nothing is done, and that is certain; or it is not known what was done.
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "429": {"kind": "status", "status": 429},
    "429-retry-after": {"kind": "status", "status": 429, "retry_after": 0},
    "cut-before": {"kind": "cut_before"},
    "cut-after": {"kind": "cut_after"},
    "timeout-after-the-work": {"kind": "slow", "seconds": 0.8},
    "timeout-without-work": {"kind": "hang", "seconds": 0.8},
    "html": {"kind": "html"},
    "broken-json": {"kind": "broken_json"},
    "empty": {"kind": "empty"},
}
# What stands in front of Accredible answers in its place, and knows nothing of badges.
FAULTS |= {f"html-{status}": {"kind": "html", "status": status} for status in (400, 401, 403, 404, 408, 422, 429, 502)}
FAULTS |= {
    "a-proxys-empty-200": {"kind": "reply", "status": 200},
    "a-proxys-json": {"kind": "reply", "status": 200, "body": {"status": "ok"}},
}
# Some of what was sent together is not where it belongs in the reply, or not in it.
IN_LISTS = ("reversed", "repeated", "missing")
FAULTS |= {kind: {"kind": kind} for kind in IN_LISTS}
# The work is done, and the reply does not say so.
LOST = {name: FAULTS[name] for name in ("cut-after", "timeout-after-the-work", "broken-json", "empty")}
# The work is done when nobody waits for the answer any more.
LATE: dict[str, dict[str, Any]] = {kind: {"kind": kind, "seconds": 0.8} for kind in ("late", "cut_late")}

CREATING = {"pattern": "^/v(1/credentials|2/credentials/bulk_create)$", "method": "POST"}
SEARCHING = {"pattern": "^/v(1/credentials/.+|2/credentials/search)$"}
CHANGING = {"pattern": "^/v1/credentials/", "method": "PUT"}
DELETING = {"pattern": "^/v1/credentials/", "method": "DELETE"}
