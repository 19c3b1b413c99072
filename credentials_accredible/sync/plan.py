"""What a synchronisation would change: a pure comparison of what Accredible has with what is here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from credentials_accredible.exceptions import RemovalRefused

# A share says little about a handful of groups.
_GUARDED_FROM = 4

PROVIDER_FIELDS = (
    "name",
    "internal_name",
    "description",
    "icon_url",
    "design_id",
    "remote_created_at",
    "remote_updated_at",
)


@dataclass(frozen=True, kw_only=True)
class RemoteGroup:
    """A group as Accredible has it. ``icon_url`` None: its design could not be read this time."""

    accredible_id: int
    name: str
    internal_name: str = ""
    description: str = ""
    icon_url: str | None = ""
    design_id: int | None = None
    remote_created_at: datetime | None = None
    remote_updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LocalGroup:
    """A group as it is here; ``pk`` is its primary key."""

    pk: int
    accredible_id: int
    name: str
    internal_name: str = ""
    description: str = ""
    icon_url: str = ""
    design_id: int | None = None
    remote_created_at: datetime | None = None
    remote_updated_at: datetime | None = None
    is_active: bool = False


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    field: str
    old: object
    new: object


@dataclass(frozen=True)
class Update:
    """A group that is on both sides and differs."""

    local: LocalGroup
    remote: RemoteGroup
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Conflict:
    """A group that another configuration of the same environment holds; ``holder`` is that one's name."""

    remote: RemoteGroup
    holder: str


@dataclass(frozen=True)
class Plan:
    """All that a synchronisation of one configuration would do, in the order Accredible lists its groups.

    ``known`` is how many groups the configuration has before it.
    """

    create: tuple[RemoteGroup, ...] = ()
    update: tuple[Update, ...] = ()
    unchanged: tuple[LocalGroup, ...] = ()
    remove: tuple[LocalGroup, ...] = ()
    conflicting: tuple[Conflict, ...] = ()
    known: int = 0

    @property
    def changes_nothing(self) -> bool:
        """Whether applying it would write nothing."""
        return not (self.create or self.update or self.remove)

    @property
    def digest(self) -> str:
        """A fingerprint of what a person sees of the plan.

        Two plans of one fingerprint create, update and remove the same. Icon addresses stay out: Accredible may sign
        them anew each time they are asked for.
        """
        seen = {
            "create": [[group.accredible_id, group.name] for group in self.create],
            "update": [
                [update.local.pk, [[c.field, c.new] for c in update.changes if c.field != "icon_url"]]
                for update in self.update
            ],
            "remove": [[group.pk, group.accredible_id, group.is_active] for group in self.remove],
            "conflicting": [[conflict.remote.accredible_id, conflict.holder] for conflict in self.conflicting],
        }
        return hashlib.sha256(json.dumps(seen, default=str, sort_keys=True).encode()).hexdigest()


def make_plan(remote: Iterable[RemoteGroup], local: Iterable[LocalGroup], held_elsewhere: Mapping[int, str]) -> Plan:
    """Compare the groups of an account with those of its configuration.

    ``held_elsewhere`` maps Accredible ids to the name of another configuration of the same environment that holds
    them. A group this configuration holds already is never in conflict.
    """
    remote = list(remote)
    by_id = {group.accredible_id: group for group in local}
    create, update, unchanged, conflicting = [], [], [], []
    for group in remote:
        mine = by_id.get(group.accredible_id)
        if mine is None:
            if group.accredible_id in held_elsewhere:
                conflicting.append(Conflict(group, held_elsewhere[group.accredible_id]))
            else:
                create.append(group)
        elif changes := _changes(mine, group):
            update.append(Update(mine, group, changes))
        else:
            unchanged.append(mine)
    there = {group.accredible_id for group in remote}
    remove = [group for group in by_id.values() if group.accredible_id not in there]
    return Plan(tuple(create), tuple(update), tuple(unchanged), tuple(remove), tuple(conflicting), known=len(by_id))


def removal_objection(plan: Plan, max_ratio: float) -> RemovalRefused | None:
    """Why the plan should not be carried out unasked: it removes every group, or more than ``max_ratio`` of them."""
    removed = len(plan.remove)
    if not removed:
        return None
    if removed == plan.known:
        return RemovalRefused(
            f"Accredible no longer lists any of the {removed} groups of this configuration. Nothing was changed: "
            "check the account and the API key, then confirm the removal or use --force."
        )
    if plan.known >= _GUARDED_FROM and removed > max_ratio * plan.known:
        return RemovalRefused(
            f"{removed} of {plan.known} groups would be removed, more than MAX_REMOVAL_RATIO ({max_ratio:.0%}) "
            "allows. Nothing was changed: check the account, then confirm the removal or use --force."
        )
    return None


def values_of(remote: RemoteGroup, local: LocalGroup | None) -> dict[str, object]:
    """What a group gets for each of PROVIDER_FIELDS.

    Where its design could not be read, it keeps the icon it had for the same design, and the time of its last change:
    a later time would say that its icon is up to date.
    """
    values = {name: getattr(remote, name) for name in PROVIDER_FIELDS}
    if remote.icon_url is None:
        same_design = local is not None and local.design_id == remote.design_id
        values["icon_url"] = local.icon_url if local is not None and same_design else ""
        values["remote_updated_at"] = local.remote_updated_at if local is not None else None
    return values


def _changes(local: LocalGroup, remote: RemoteGroup) -> tuple[Change, ...]:
    return tuple(
        Change(name, getattr(local, name), new)
        for name, new in values_of(remote, local).items()
        if getattr(local, name) != new
    )
