"""What a synchronisation would change: a pure comparison of what Accredible has with what is here."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.utils.translation import gettext as _

from credentials_accredible.choices import PROVIDER_FIELDS
from credentials_accredible.exceptions import CarryOverRefused, RemovalRefused

_described = attrgetter(*PROVIDER_FIELDS)
# A share says little about a handful of groups.
_GUARDED_FROM = 4


@dataclass(frozen=True, kw_only=True, slots=True)
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


@dataclass(frozen=True, kw_only=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Update:
    """A group that is on both sides and differs."""

    local: LocalGroup
    remote: RemoteGroup
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class CarryOver:
    """A group that is gone at Accredible, and the one that was made there in its place: here it stays the same."""

    local: LocalGroup
    remote: RemoteGroup

    @property
    def changes(self) -> tuple[Change, ...]:
        """What differs, the id first."""
        number = Change("accredible_id", self.local.accredible_id, self.remote.accredible_id)
        return (number, *_changes(self.local, self.remote))


@dataclass(frozen=True)
class Conflict:
    """A group that another configuration of the same environment holds; ``holder`` is that one's name."""

    remote: RemoteGroup
    holder: str


@dataclass(frozen=True)
class Plan:
    """All that a synchronisation of one configuration would do, in the order Accredible lists its groups.

    ``known`` is how many groups the configuration has before it. ``carry`` is what somebody has chosen to carry over.
    """

    create: tuple[RemoteGroup, ...] = ()
    update: tuple[Update, ...] = ()
    unchanged: tuple[LocalGroup, ...] = ()
    remove: tuple[LocalGroup, ...] = ()
    conflicting: tuple[Conflict, ...] = ()
    carry: tuple[CarryOver, ...] = ()
    known: int = 0

    @property
    def changes_nothing(self) -> bool:
        """Whether applying it would write nothing."""
        return not (self.create or self.update or self.remove or self.carry)

    @property
    def gone(self) -> tuple[LocalGroup, ...]:
        """The groups that Accredible no longer lists: those that are removed, and those that are carried over."""
        return (*self.remove, *(item.local for item in self.carry))

    @property
    def lookalikes(self) -> tuple[CarryOver, ...]:
        """What could be carried over: the one group that goes and the one that comes of a name."""
        going = Counter(group.name for group in self.remove)
        coming = Counter(group.name for group in self.create)
        by_name = {group.name: group for group in self.create if coming[group.name] == 1}
        return tuple(
            CarryOver(group, by_name[group.name])
            for group in self.remove
            if group.name and going[group.name] == 1 and group.name in by_name
        )

    @property
    def digest(self) -> str:
        """A fingerprint of what a person sees of the plan.

        Two plans of one fingerprint create, update and remove the same. Icon addresses stay out: Accredible may sign
        them again each time they are asked for. So does what is chosen to be carried over: the person chooses that
        while they look at the plan.
        """
        coming = [*self.create, *(item.remote for item in self.carry)]
        seen = {
            "create": sorted([group.accredible_id, group.name] for group in coming),
            "update": [
                [update.local.pk, [[c.field, c.new] for c in update.changes if c.field != "icon_url"]]
                for update in self.update
            ],
            "remove": sorted([group.pk, group.accredible_id, group.is_active] for group in self.gone),
            "conflicting": [[conflict.remote.accredible_id, conflict.holder] for conflict in self.conflicting],
        }
        return hashlib.sha256(json.dumps(seen, default=str, sort_keys=True).encode()).hexdigest()


def make_plan(
    remote: Iterable[RemoteGroup],
    local: Iterable[LocalGroup],
    held_elsewhere: Mapping[int, str],
    carry_over: Mapping[int, int] | None = None,
) -> Plan:
    """Compare the groups of an account with those of its configuration.

    ``held_elsewhere`` maps Accredible ids to the name of another configuration of the same environment that holds
    them. A group this configuration holds already is never in conflict. ``carry_over`` maps ids of groups that are gone
    to those of new ones that were made in their place; CarryOverRefused where one is not gone, or the other not new.
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
    carry = _carried_over(create, remove, carry_over or {})
    coming, going = {item.remote.accredible_id for item in carry}, {item.local.accredible_id for item in carry}
    create = [group for group in create if group.accredible_id not in coming]
    remove = [group for group in remove if group.accredible_id not in going]
    return Plan(
        create=tuple(create),
        update=tuple(update),
        unchanged=tuple(unchanged),
        remove=tuple(remove),
        conflicting=tuple(conflicting),
        carry=tuple(carry),
        known=len(by_id),
    )


def unchanged_plan(remote: Iterable[RemoteGroup], local: Iterable[LocalGroup]) -> Plan | None:
    """The plan of ``make_plan`` where it changes nothing; None, at the first difference, where it changes anything."""
    by_id = {group.accredible_id: group for group in local}
    unchanged = []
    for group in remote:
        mine = by_id.pop(group.accredible_id, None)
        if mine is None or _changes(mine, group):
            return None
        unchanged.append(mine)
    return None if by_id else Plan(unchanged=tuple(unchanged), known=len(unchanged))


def removal_objection(plan: Plan, max_ratio: float) -> RemovalRefused | None:
    """Why the plan should not be carried out unasked: it removes every group, or more than ``max_ratio`` of them."""
    removed = len(plan.remove)
    if not removed:
        return None
    if removed == plan.known:
        return RemovalRefused(
            _(
                "Accredible no longer lists any of the %(removed)s groups of this configuration. Nothing was "
                "changed: check the account and the API key, then confirm the removal or use --force."
            )
            % {"removed": removed}
        )
    if plan.known >= _GUARDED_FROM and removed > max_ratio * plan.known:
        return RemovalRefused(
            _(
                "%(removed)s of %(known)s groups would be removed, more than MAX_REMOVAL_RATIO "
                "(%(max_ratio)s) allows. Nothing was changed: check the account, then confirm the removal or "
                "use --force."
            )
            % {"removed": removed, "known": plan.known, "max_ratio": f"{max_ratio:.0%}"}
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


def _carried_over(
    create: Iterable[RemoteGroup], remove: Iterable[LocalGroup], carry_over: Mapping[int, int]
) -> list[CarryOver]:
    new = {group.accredible_id: group for group in create}
    gone = {group.accredible_id: group for group in remove}
    for old, number in carry_over.items():
        if old not in gone:
            raise CarryOverRefused(
                _(
                    "The group %(old)s cannot be carried over: it is not among those that would be removed. "
                    "Nothing was changed."
                )
                % {"old": old}
            )
        if number not in new:
            raise CarryOverRefused(
                _(
                    "The group %(old)s cannot be carried over to %(number)s: that one is not new at Accredible. "
                    "Nothing was changed."
                )
                % {"old": old, "number": number}
            )
    twice = [number for number, count in Counter(carry_over.values()).items() if count > 1]
    if twice:
        raise CarryOverRefused(
            _("Two groups cannot be carried over to %(twice)s. Nothing was changed.") % {"twice": twice[0]}
        )
    return [CarryOver(gone[old], new[number]) for old, number in carry_over.items()]


def _changes(local: LocalGroup, remote: RemoteGroup) -> tuple[Change, ...]:
    # Most groups are the same on both sides.
    if _described(local) == _described(remote):
        return ()
    return tuple(
        Change(name, getattr(local, name), new)
        for name, new in values_of(remote, local).items()
        if getattr(local, name) != new
    )
