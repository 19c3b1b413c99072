"""Reads an account's groups, and the pictures of the designs they use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from credentials_accredible.client import AccredibleClient, Group
from credentials_accredible.sync.plan import LocalGroup, RemoteGroup

# (stage, done, total): stage is "groups", "designs" or "applying"; total is None while it is not known.
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Fetched:
    """What Accredible has: its groups in its order, and a sentence for each design that could not be read."""

    groups: list[RemoteGroup]
    warnings: list[str]


def fetch(client: AccredibleClient, local: Iterable[LocalGroup], *, refresh_icons: bool, progress: Progress) -> Fetched:
    """All groups of the client's account, each with its icon.

    A design is asked for once, and only where its picture is not known yet, where a group that uses it has changed
    at Accredible since, or where ``refresh_icons`` says so. Raises RequestFailed where the groups cannot be read;
    a design that cannot be read costs a warning.
    """
    groups = client.groups(progress=lambda done, total: progress("groups", done, total))
    known, needed = _designs(groups, list(local), refresh_icons)
    batch = client.designs(needed, progress=lambda done, total: progress("designs", done, total))
    icons: dict[int, str | None] = {
        **known,
        **{design_id: design.image_url for design_id, design in batch.found.items()},
        **dict.fromkeys(batch.failures),
    }
    return Fetched(
        groups=[_remote(group, icons) for group in groups],
        warnings=[f"Design {design_id}: {reason}" for design_id, reason in sorted(batch.failures.items())],
    )


def _designs(groups: list[Group], local: list[LocalGroup], refresh: bool) -> tuple[dict[int, str], list[int]]:
    """The icons known already by design id, and the ids of the designs to ask for."""
    known = {group.design_id: group.icon_url for group in local if group.design_id is not None and group.icon_url}
    updated = {group.accredible_id: group.remote_updated_at for group in local}
    needed = []
    for group in groups:
        if group.design_id is None:
            continue
        touched = group.accredible_id in updated and updated[group.accredible_id] != group.updated_at
        if refresh or touched or group.design_id not in known:
            needed.append(group.design_id)
    return known, list(dict.fromkeys(needed))


def _remote(group: Group, icons: dict[int, str | None]) -> RemoteGroup:
    return RemoteGroup(
        accredible_id=group.accredible_id,
        name=group.name,
        internal_name=group.internal_name,
        description=group.description,
        icon_url="" if group.design_id is None else icons[group.design_id],
        design_id=group.design_id,
        remote_created_at=group.created_at,
        remote_updated_at=group.updated_at,
    )
