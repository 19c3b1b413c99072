"""One order for what has none: the same configuration is the same file, whatever its primary keys. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Blueprint = Mapping[str, Any]

_ROUNDS = 3


def arranged(blueprint: Blueprint) -> dict[str, Any]:
    """``blueprint`` in an order that follows from its content alone, with its requirements numbered from 1."""
    requirements = [{**item, "rules": _rules(item)} for item in blueprint["requirements"]]
    penalties = [{**item, "rules": _rules(item)} for item in blueprint["penalties"]]
    looks = _looks(requirements, penalties)
    requirements.sort(key=lambda item: looks[item["ref"]])
    number = {item["ref"]: position for position, item in enumerate(requirements, start=1)}
    for item in requirements:
        item["ref"] = number[item["ref"]]
    for item in penalties:
        item["requirements"] = sorted(number[ref] for ref in item["requirements"])
    return {
        "requirements": requirements,
        "penalties": sorted(penalties, key=lambda item: (_of_penalty(item), item["requirements"])),
        "custom_attributes": sorted(blueprint["custom_attributes"], key=lambda item: item["name"]),
    }


def _looks(requirements: list[dict[str, Any]], penalties: list[dict[str, Any]]) -> dict[int, tuple[Any, ...]]:
    """What each requirement is sorted by: its content, then the penalties about it and what else these take back.

    Requirements of one content are told apart by their penalties; a few rounds carry that on to their neighbours.
    """
    looks: dict[int, tuple[Any, ...]] = {item["ref"]: _of_requirement(item) for item in requirements}
    rank = _ranks(looks)
    for _round in range(_ROUNDS):
        about: dict[int, list[Any]] = {ref: [] for ref in looks}
        for penalty in penalties:
            described = (_of_penalty(penalty), sorted(rank[ref] for ref in penalty["requirements"]))
            for ref in penalty["requirements"]:
                about[ref].append(described)
        looks = {ref: (rank[ref], sorted(about[ref])) for ref in looks}
        rank = _ranks(looks)
    return {ref: (rank[ref],) for ref in looks}


def _ranks(looks: Mapping[int, tuple[Any, ...]]) -> dict[int, int]:
    ordered = sorted(looks.items(), key=lambda item: item[1])
    ranks: dict[int, int] = {}
    for position, (ref, look) in enumerate(ordered):
        same = position > 0 and ordered[position - 1][1] == look
        ranks[ref] = ranks[ordered[position - 1][0]] if same else position
    return ranks


def _of_requirement(item: Mapping[str, Any]) -> tuple[Any, ...]:
    # Without a letter last: letters are what people look for.
    return (item["blend"] or "~", item["event_type"], item["description"], item["any_event"], _texts(item["rules"]))


def _of_penalty(item: Mapping[str, Any]) -> tuple[Any, ...]:
    return (item["event_type"], item["description"], _texts(item["rules"]))


def _rules(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted((dict(rule) for rule in item["rules"]), key=lambda rule: tuple(map(str, rule.values())))


def _texts(rules: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(str(rule["data_path"]), str(rule["operator"]), str(rule["value"])) for rule in rules]
