"""What the history holds, for tests to look at."""

from __future__ import annotations

from typing import Any

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
)

CONFIGS = "/admin/credentials_accredible/accredibleapiconfig/"
GROUPS = "/admin/credentials_accredible/accrediblegroup/"
TRACKED: list[Any] = [
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
]


def kinds(model: Any, **about: Any) -> list[str]:
    """The kinds of the rows about something, the oldest first."""
    return list(model.history.filter(**about).order_by("history_id").values_list("history_type", flat=True))


def everything() -> int:
    """How many rows of history there are."""
    return sum(model.history.count() for model in TRACKED)
