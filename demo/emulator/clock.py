"""Time the way Accredible writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> str:
    """The present moment."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """``moment`` as ISO 8601 in UTC with milliseconds and ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later_than(previous: object) -> str:
    """The present moment, or a millisecond past ``previous`` where the clock has not moved on: changes show."""
    try:
        moment = datetime.fromisoformat(str(previous)).astimezone(UTC)
    except ValueError:
        return now()
    return max(now(), stamp(moment + timedelta(milliseconds=1)))


def today() -> str:
    """Today's date in UTC."""
    return datetime.now(UTC).date().isoformat()
