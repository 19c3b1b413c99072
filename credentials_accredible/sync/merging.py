"""Compares two blueprints: what one has beyond the other. Pure: no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Addition:
    """What a blueprint adds to what is there.

    ``blueprint`` is what is missing; its penalties can name refs that are in ``known`` only. ``known`` maps the refs of
    requirements that are there already to the refs they have there. ``kept`` names the custom attributes that have
    another value there.
    """

    blueprint: dict[str, list[Any]]
    known: dict[int, int]
    kept: list[str]

    def __bool__(self) -> bool:
        return any(self.blueprint.values())


def addition(wanted: Item, there: Item) -> Addition:
    """What is in ``wanted`` and not in ``there``.

    A requirement is the same where its event type, its letter and its rules are; a penalty, where the requirements it
    takes back are the same, too; a custom attribute, where its name is.
    """
    known = _same_requirements(wanted["requirements"], there["requirements"])
    requirements = [item for item in wanted["requirements"] if item["ref"] not in known]
    free = [_penalty(item, item["requirements"]) for item in there["penalties"]]
    penalties = []
    for item in wanted["penalties"]:
        known_refs = [known.get(ref) for ref in item["requirements"]]
        key = _penalty(item, known_refs)
        if None not in known_refs and key in free:
            free.remove(key)
        else:
            penalties.append(item)
    values = {item["name"]: (item["source"], item["value"]) for item in there["custom_attributes"]}
    attributes = [item for item in wanted["custom_attributes"] if item["name"] not in values]
    kept = [
        item["name"]
        for item in wanted["custom_attributes"]
        if item["name"] in values and values[item["name"]] != (item["source"], item["value"])
    ]
    missing = {"requirements": requirements, "penalties": penalties, "custom_attributes": attributes}
    return Addition(missing, known, kept)


def _same_requirements(wanted: Iterable[Item], there: Iterable[Item]) -> dict[int, int]:
    """The refs of those in ``wanted`` that are in ``there``, with their refs there: each of these once."""
    found: dict[int, int] = {}
    wanted, free = list(wanted), list(there)
    # Of several that are the same, the one with the same words goes first.
    for words in (True, False):
        for item in wanted:
            if item["ref"] in found:
                continue
            twin = next((other for other in free if _requirement(other, words) == _requirement(item, words)), None)
            if twin is not None:
                free.remove(twin)
                found[item["ref"]] = twin["ref"]
    return found


def _requirement(item: Item, words: bool) -> tuple[Any, ...]:
    described = (item["description"],) if words else ()
    return (item["event_type"], item["blend"], item["any_event"], _rules(item), *described)


def _penalty(item: Item, refs: Iterable[int | None]) -> tuple[Any, ...]:
    return (item["event_type"], frozenset(refs), _rules(item))


def _rules(item: Item) -> frozenset[tuple[str, str, str]]:
    return frozenset((rule["data_path"], rule["operator"], rule["value"]) for rule in item["rules"])
