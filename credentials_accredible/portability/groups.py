"""Finds the configurations and groups of this installation that the entries of a file are about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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
        source.problem(("configurations", number, "name"), f"“{entry.name}” is there twice.")
        for number, entry in enumerate(source.document.configurations)
        if theirs[entry.name] != number
    ]
    known = ", ".join(f"“{config.name}”" for config in configs) or "none"
    found: dict[int, AccredibleAPIConfig] = {}
    if not chosen:
        for name, number in theirs.items():
            if name in ours and identifier(ours[name].name) == name:
                found[number] = ours[name]
            else:
                message = f"There is no API configuration “{name}” here: say --config with one of {known}."
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
            names = ", ".join(f"“{name}”" for name in theirs) or "none"
            problems.append(
                FileProblem(0, 0, f"--config {text}: say which one of the file it is for, as THEIRS={text}: {names}.")
            )
        else:
            problems.append(
                FileProblem(0, 0, f"--config {text}: there is no such API configuration here. Existing ones: {known}.")
            )
    return found, problems


def _groups(
    source: Source, number: int, config: AccredibleAPIConfig, match: Match
) -> tuple[list[FoundGroup], list[FileProblem]]:
    entry, base = source.document.configurations[number], ("configurations", number)
    if match is Match.ID and entry.environment and entry.environment != config.environment:
        message = (
            f"Ids of the environment “{entry.environment}” stand for other groups in “{config.environment}”, where "
            f"“{config.name}” is: match by name."
        )
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
        return f"The group has no “{'accredible_id' if match is Match.ID else 'name'}” to be found by."
    what = f"with the id {group.accredible_id}" if match is Match.ID else f"called “{spelled_out(group.name)}”"
    if number:
        return f"“{config.name}” has {number} groups {what}: match by id, or give them different names at Accredible."
    return f"“{config.name}” has no group {what}: sync it first, or leave the group out."


def _same_groups(source: Source, groups: Sequence[FoundGroup]) -> list[FileProblem]:
    counts = Counter(each.group.pk for each in groups)
    return [
        source.problem(each.path, f"Another entry is about the same group, {each.group.accredible_id}.")
        for each in groups
        if counts[each.group.pk] > 1
    ]
