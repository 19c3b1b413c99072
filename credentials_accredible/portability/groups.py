"""Finds the configurations and groups of this installation that the entries of a file are about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from credentials_accredible.database import batches
from credentials_accredible.exceptions import FileProblem
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.portability.document import GroupEntry
from credentials_accredible.portability.reading import Path, Source
from credentials_accredible.text import identifier, spelled_out


class Match(StrEnum):
    """What tells which group an entry is about."""

    ID = "id"
    NAME = "name"


@dataclass(frozen=True)
class FoundGroup:
    """An entry, its path in the file, and the group that it is about."""

    entry: GroupEntry
    path: Path
    group: AccredibleGroup


def find_groups(source: Source, chosen: Sequence[str], match: Match) -> tuple[list[FoundGroup], list[FileProblem]]:
    """The group for each entry of the file, or what is in the way of finding it.

    ``chosen``: names or ids of configurations of this installation, or ``THEIRS=OURS``; empty: those of the same names.
    """
    groups: list[FoundGroup] = []
    configurations, problems = _configurations(source, chosen)
    for number, config in configurations.items():
        found, wrong = _groups(source, number, config, match)
        groups += found
        problems += wrong
    return groups, problems + _same_groups(source, groups)


def _configurations(source: Source, chosen: Sequence[str]) -> tuple[dict[int, AccredibleAPIConfig], list[FileProblem]]:
    """The configuration for each one of the file that is to be imported, by its number there."""
    configs = list(AccredibleAPIConfig.objects.order_by("name"))
    ours = {**{str(config.pk): config for config in configs}, **{identifier(config.name): config for config in configs}}
    theirs = {entry.name: number for number, entry in enumerate(source.document.configurations)}
    problems = [
        source.problem(("configurations", number, "name"), _("“%(name)s” is there twice.") % {"name": entry.name})
        for number, entry in enumerate(source.document.configurations)
        if theirs[entry.name] != number
    ]
    known = ", ".join(f"“{config.name}”" for config in configs) or _("none")
    found: dict[int, AccredibleAPIConfig] = {}
    if not chosen:
        for name, number in theirs.items():
            if name in ours and identifier(ours[name].name) == name:
                found[number] = ours[name]
            else:
                message = _("There is no API configuration “%(name)s” here: say --config with one of %(known)s.") % {
                    "name": name,
                    "known": known,
                }
                problems.append(source.problem(("configurations", number, "name"), message))
    for text in map(identifier, chosen):
        pairs = [(text[:at], text[at + 1 :]) for at, character in enumerate(text) if character == "="]
        mapped = [(theirs[left], ours[right]) for left, right in pairs if left in theirs and right in ours]
        if mapped:
            found[mapped[0][0]] = mapped[0][1]
        elif text in ours and identifier(ours[text].name) in theirs:
            found[theirs[identifier(ours[text].name)]] = ours[text]
        elif text in ours and len(theirs) == 1:
            found[0] = ours[text]
        elif text in ours:
            names = ", ".join(f"“{name}”" for name in theirs) or _("none")
            problems.append(
                FileProblem(
                    0,
                    0,
                    _("--config %(name)s: say which one of the file it is for, as THEIRS=%(name)s: %(known)s.")
                    % {"name": text, "known": names},
                )
            )
        else:
            problems.append(
                FileProblem(
                    0,
                    0,
                    _("--config %(name)s: there is no such API configuration here. Existing ones: %(known)s.")
                    % {"name": text, "known": known},
                )
            )
    return found, problems


def _groups(
    source: Source, number: int, config: AccredibleAPIConfig, match: Match
) -> tuple[list[FoundGroup], list[FileProblem]]:
    entry, base = source.document.configurations[number], ("configurations", number)
    if match is Match.ID and entry.environment and entry.environment != config.environment:
        message = _(
            "Ids of the environment “%(environment)s” stand for other groups in “%(ours)s”, "
            "where “%(name)s” is: match by name."
        ) % {"environment": entry.environment, "ours": config.environment, "name": config.name}
        return [], [source.problem((*base, "environment"), message)]
    by_key: dict[int | str, list[AccredibleGroup]] = defaultdict(list)
    key = "accredible_id" if match is Match.ID else "name"
    for wanted in batches(filter(None, (getattr(group, key) for group in entry.groups))):
        for row in config.groups.filter(**{f"{key}__in": wanted}).order_by("pk"):
            by_key[getattr(row, key)].append(row)
    groups, problems = [], []
    for position, group in enumerate(entry.groups):
        path = (*base, "groups", position)
        found = by_key.get(getattr(group, key) or "", [])
        if len(found) == 1:
            groups.append(FoundGroup(group, path, found[0]))
        else:
            problems.append(source.problem((*path, key), _words(group, config, match, len({row.pk for row in found}))))
    return groups, problems


def _words(group: GroupEntry, config: AccredibleAPIConfig, match: Match, number: int) -> str:
    if not (group.accredible_id if match is Match.ID else group.name):
        return _("The group has no “%(key)s” to be found by.") % {
            "key": "accredible_id" if match is Match.ID else "name"
        }
    values = {"config": config.name, "group": group.accredible_id or "", "count": number}
    if match is Match.ID:
        words = (
            _(
                "“%(config)s” has %(count)s groups with the id %(group)s: match by id, or give them different names at "
                "Accredible."
            )
            if number
            else _("“%(config)s” has no group with the id %(group)s: sync it first, or leave the group out.")
        )
        return words % values
    words = (
        _(
            "“%(config)s” has %(count)s groups called “%(group)s”: match by id, or give them different names at "
            "Accredible."
        )
        if number
        else _("“%(config)s” has no group called “%(group)s”: sync it first, or leave the group out.")
    )
    return words % {**values, "group": spelled_out(group.name)}


def _same_groups(source: Source, groups: Sequence[FoundGroup]) -> list[FileProblem]:
    counts = Counter(each.group.pk for each in groups)
    return [
        source.problem(
            each.path,
            _("Another entry is about the same group, %(accredible_id)s.")
            % {"accredible_id": each.group.accredible_id},
        )
        for each in groups
        if counts[each.group.pk] > 1
    ]
