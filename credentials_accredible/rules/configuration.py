"""What is configured under a group, as data, and how two configurations compare.

Requirements, penalties, their data rules and custom attributes: snapshots keep them in this form, files carry them,
checks take them. Nothing in it refers to a primary key: ``ref`` is what penalties of the same configuration call a
requirement. It takes whatever a database can hold; what a file may say is narrower, see ``portability.document``.
Pure: no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import ngettext
from pydantic import BaseModel, ConfigDict

from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.events.words import event_type_words


class _Entry(BaseModel):
    # Rules are also read from the rows of the database.
    model_config = ConfigDict(frozen=True, from_attributes=True)


class RuleEntry(_Entry):
    data_path: str
    operator: str = Operator.EQUAL.value
    value: str


class RequirementEntry(_Entry):
    ref: int = 0
    blend: str = ""
    event_type: str
    description: str = ""
    any_event: bool = False
    rules: tuple[RuleEntry, ...] = ()

    def __str__(self) -> str:
        event = event_type_words(self.event_type)
        return self.description or (f"{event} ({self.blend})" if self.blend else event)


class PenaltyEntry(_Entry):
    """A penalty; ``requirements`` are the ``ref`` of those that it takes back."""

    event_type: str
    description: str = ""
    requirements: tuple[int, ...] = ()
    rules: tuple[RuleEntry, ...] = ()


class AttributeEntry(_Entry):
    name: str
    source: str = AttributeSource.PATH.value
    value: str


class GroupConfiguration(_Entry):
    """All that is configured under one group."""

    requirements: tuple[RequirementEntry, ...] = ()
    penalties: tuple[PenaltyEntry, ...] = ()
    custom_attributes: tuple[AttributeEntry, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements or self.penalties or self.custom_attributes)

    @property
    def number_of_rules(self) -> int:
        return sum(len(item.rules) for item in self.requirements) + sum(len(item.rules) for item in self.penalties)


Entry = RequirementEntry | PenaltyEntry

# What there is to a requirement or a penalty; "requirements" are those that a penalty takes back.
ALL_FIELDS = ("event_type", "description", "rules", "blend", "any_event", "requirements")


class Step(NamedTuple):
    """Entries stand for each other where these fields are equal; if ``unique``, only where no other has the same."""

    fields: Sequence[str]
    unique: bool = False


def partners(wanted: Sequence[Entry], there: Sequence[Entry], steps: Iterable[Step]) -> dict[int, int]:
    """By position in ``wanted``, the position in ``there`` of the entry that stands for the same; each has one partner.

    The steps are tried one after the other, each on what those before have left. Penalties of both sides have to call
    the same requirements by the same refs: see ``renumbered``.
    """
    found: dict[int, int] = {}
    for fields, unique in steps:
        taken = set(found.values())
        ours = _positions(wanted, fields, found)
        theirs = _positions(there, fields, taken)
        for value, positions in ours.items():
            others = theirs.get(value, [])
            if not unique or len(positions) == len(others) == 1:
                found.update(zip(positions, others, strict=False))
    return found


def renumbered(penalties: Iterable[PenaltyEntry], refs: Mapping[int, int]) -> list[PenaltyEntry]:
    """``penalties`` with the refs of their requirements changed; what is not in ``refs`` becomes a ref of nobody."""
    return [
        item.model_copy(update={"requirements": tuple(refs.get(ref, -1) for ref in item.requirements)})
        for item in penalties
    ]


def changed_fields(before: Entry, after: Entry) -> list[str]:
    """The names of the fields in which these two differ."""
    return [name for name in ALL_FIELDS if _value(before, name) != _value(after, name)]


@dataclass(frozen=True)
class Addition:
    """What a configuration adds to the one that is there.

    The penalties in ``missing`` can name requirements that are in ``known`` only: it maps the refs of requirements that
    are there already to the refs they have there. ``kept`` names the custom attributes that have another value there.
    """

    missing: GroupConfiguration
    known: dict[int, int]
    kept: list[str]

    def __bool__(self) -> bool:
        return bool(self.missing)


def figures_in_words(requirements: int, rules: int, penalties: int) -> list[str]:
    """How much is configured, a part of a sentence for each kind."""
    return [
        ngettext("%d requirement", "%d requirements", requirements) % requirements,
        ngettext("%d data rule", "%d data rules", rules) % rules,
        ngettext("%d penalty", "%d penalties", penalties) % penalties,
    ]


def addition(wanted: GroupConfiguration, there: GroupConfiguration) -> Addition:
    """What is in ``wanted`` and not in ``there``.

    A requirement is the same where its event type, its letter and its rules are; a penalty, where the requirements it
    takes back are the same, too; a custom attribute, where its name is.
    """
    but_words = [name for name in ALL_FIELDS if name != "description"]
    # Of several that are the same, the one with the same description goes first.
    requirements = partners(wanted.requirements, there.requirements, [Step(ALL_FIELDS), Step(but_words)])
    known = {wanted.requirements[mine].ref: there.requirements[theirs].ref for mine, theirs in requirements.items()}
    penalties = partners(renumbered(wanted.penalties, known), there.penalties, [Step(but_words)])
    attributes = {item.name: item for item in there.custom_attributes}
    missing = GroupConfiguration(
        requirements=tuple(item for number, item in enumerate(wanted.requirements) if number not in requirements),
        penalties=tuple(item for number, item in enumerate(wanted.penalties) if number not in penalties),
        custom_attributes=tuple(item for item in wanted.custom_attributes if item.name not in attributes),
    )
    kept = [item.name for item in wanted.custom_attributes if attributes.get(item.name, item) != item]
    return Addition(missing, known, kept)


def _positions(entries: Iterable[Entry], fields: Iterable[str], left_out: Container[int]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        if position not in left_out:
            found[tuple(_value(entry, name) for name in fields)].append(position)
    return found


def _value(entry: Entry, name: str) -> Hashable:
    value = getattr(entry, name, None)
    # Rules and requirements have no order.
    return frozenset(value) if isinstance(value, tuple) else value
