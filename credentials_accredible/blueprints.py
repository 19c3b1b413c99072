"""What is configured under a group, as plain data, and the way back: for snapshots, and for other installations.

A blueprint refers to nothing by a primary key::

    {
        "requirements": [{"ref": 1, "event_type", "description", "blend", "any_event", "rules": [RULE, ...]}, ...],
        "penalties": [{"event_type", "description", "requirements": [REF, ...], "rules": [RULE, ...]}, ...],
        "custom_attributes": [{"name", "source", "value"}, ...],
    }

A RULE is ``{"data_path", "operator", "value"}``; a REF is the ``ref`` of a requirement of the same blueprint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    history,
)

_RULE = ("data_path", "operator", "value")
_REQUIREMENT = ("event_type", "description", "blend", "any_event")
_PENALTY = ("event_type", "description")
_ATTRIBUTE = ("name", "source", "value")


def describe(group: AccredibleGroup) -> tuple[dict[str, Any], dict[int, int]]:
    """The blueprint of what is configured under ``group``, and the refs of its requirements by primary key.

    A few queries, none where the group comes with its related rows prefetched (see ``PREFETCH``).
    """
    refs: dict[int, int] = {}
    requirements = []
    for ref, requirement in enumerate(_by_pk(group.requirements.all()), start=1):
        refs[requirement.pk] = ref
        requirements.append({"ref": ref, **_values(requirement, _REQUIREMENT), "rules": _rules(requirement)})
    penalties = [
        {
            **_values(penalty, _PENALTY),
            "requirements": sorted(refs[chosen.pk] for chosen in penalty.requirements.all() if chosen.pk in refs),
            "rules": _rules(penalty),
        }
        for penalty in _by_pk(group.penalties.all())
    ]
    attributes = [_values(attribute, _ATTRIBUTE) for attribute in _by_pk(group.custom_attributes.all())]
    return {"requirements": requirements, "penalties": penalties, "custom_attributes": attributes}, refs


# For ``prefetch_related`` on groups.
PREFETCH = ("requirements__rules", "penalties__rules", "penalties__requirements", "custom_attributes")


def build(
    group: AccredibleGroup, blueprint: Mapping[str, Any], known: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Make what ``blueprint`` says under ``group``; returns the primary keys of its requirements by ref.

    It adds to what is there. ``known`` are primary keys, by ref, of requirements that penalties of the blueprint take
    back and that are there already. Wants ``rules_locked`` around it.
    """
    made: dict[int, BadgeRequirement] = {}
    for item in blueprint["requirements"]:
        made[item["ref"]] = BadgeRequirement(group=group, **_picked(item, _REQUIREMENT))
    _save(made.values())
    rules = [
        DataRule(requirement=made[item["ref"]], **rule) for item in blueprint["requirements"] for rule in _of(item)
    ]
    DataRule.objects.bulk_create(rules)
    penalties = [(item, BadgePenalty(group=group, **_picked(item, _PENALTY))) for item in blueprint["penalties"]]
    _save(penalty for _item, penalty in penalties)
    keys = {**(known or {}), **{ref: requirement.pk for ref, requirement in made.items()}}
    chosen = BadgePenalty.requirements.through
    chosen.objects.bulk_create(
        chosen(badgepenalty=penalty, badgerequirement_id=keys[ref])
        for item, penalty in penalties
        for ref in item["requirements"]
    )
    PenaltyDataRule.objects.bulk_create(
        PenaltyDataRule(penalty=penalty, **rule) for item, penalty in penalties for rule in _of(item)
    )
    attributes = [CustomAttribute(group=group, **_picked(item, _ATTRIBUTE)) for item in blueprint["custom_attributes"]]
    CustomAttribute.objects.bulk_create(attributes)
    _note([item.pk for item in made.values()], [penalty.pk for _item, penalty in penalties], attributes)
    return keys


def _save(rows: Iterable[Any]) -> None:
    # One by one: MySQL does not say which keys the rows of a bulk statement got.
    for row in rows:
        row.skip_history_when_saving = True
        row.save(force_insert=True)


def _note(requirements: list[int], penalties: list[int], attributes: list[CustomAttribute]) -> None:
    """Keep that all this is new, in few statements."""
    history.note_created(BadgeRequirement.objects.filter(pk__in=requirements))
    history.note_created(DataRule.objects.filter(requirement__in=requirements))
    history.note_created(BadgePenalty.objects.filter(pk__in=penalties))
    history.note_created(PenaltyDataRule.objects.filter(penalty__in=penalties))
    if attributes:
        names = [attribute.name for attribute in attributes]
        history.note_created(CustomAttribute.objects.filter(group=attributes[0].group_id, name__in=names))


def _of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_picked(rule, _RULE) for rule in item["rules"]]


def _rules(owner: BadgeRequirement | BadgePenalty) -> list[dict[str, Any]]:
    return [_values(rule, _RULE) for rule in _by_pk(owner.rules.all())]


def _by_pk(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row.pk)


def _values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _picked(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: item[name] for name in names}


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
    return (item["event_type"], item["blend"], item["any_event"], _rules_merging(item), *described)


def _penalty(item: Item, refs: Iterable[int | None]) -> tuple[Any, ...]:
    return (item["event_type"], frozenset(refs), _rules_merging(item))


def _rules_merging(item: Item) -> frozenset[tuple[str, str, str]]:
    return frozenset((rule["data_path"], rule["operator"], rule["value"]) for rule in item["rules"])
