"""An account's groups, there and here."""

from __future__ import annotations

from typing import Any

from credentials_accredible.models import AccredibleAPIConfig


def ids(config: AccredibleAPIConfig) -> list[int]:
    """The Accredible ids of a configuration's groups."""
    return sorted(config.groups.values_list("accredible_id", flat=True))


def add_groups(account: Any, count: int) -> list[int]:
    """New groups at Accredible; their ids."""
    return sorted(account.add_group(name=f"g-{number}", course_name=f"Group {number}")["id"] for number in range(count))
