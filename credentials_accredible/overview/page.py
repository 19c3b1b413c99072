"""All of it together, for those who may see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from credentials_accredible.choices import Area
from credentials_accredible.overview import needs
from credentials_accredible.overview.accounts import Account, accounts
from credentials_accredible.overview.figures import Day, GroupFigures, badges_per_day, group_figures, removed_lately
from credentials_accredible.overview.needs import Need


@dataclass
class Overview:
    """How things stand. What was not asked for is empty, or None; ``removed`` are groups of the last 30 days."""

    accounts: list[Account] = field(default_factory=list)
    groups: GroupFigures | None = None
    removed: int | None = None
    days: list[Day] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)


def overview(areas: Collection[Area] = tuple(Area)) -> Overview:
    """How things stand in these ``areas``, with a number of queries that does not depend on how much there is.

    ConfigurationError where a setting that it needs cannot be used.
    """
    found = Overview()
    known = accounts() if {Area.ACCOUNTS, Area.BADGES} & set(areas) else []
    if Area.ACCOUNTS in areas:
        found.accounts = known
        found.needs += needs.of_accounts(known)
    if Area.GROUPS in areas:
        found.groups = group_figures()
    if Area.BADGES in areas:
        found.days = badges_per_day()
        found.needs += needs.of_badges(known)
    if Area.EVENTS in areas:
        found.needs += needs.of_events()
    if Area.REMOVALS in areas:
        found.removed = removed_lately()
        found.needs += needs.of_removals()
    return found
