"""What is configured under a group, as data: requirements, penalties, their data rules, and custom attributes.

Snapshots keep it, files carry it, comparisons and checks take it. It refers to nothing by a primary key: ``ref`` is
what penalties of the same configuration call a requirement. It takes whatever a database can hold; what a file may
say is narrower, see ``portability.document``. Pure: no database.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from credentials_accredible.choices import AttributeSource, Operator


class _Entry(BaseModel):
    # Rules are also read from the rows of the database.
    model_config = ConfigDict(frozen=True, from_attributes=True)


class RuleEntry(_Entry):
    """A data rule of a requirement or a penalty."""

    data_path: str
    operator: str = Operator.EQUAL.value
    value: str


class RequirementEntry(_Entry):
    """A requirement."""

    ref: int = 0
    blend: str = ""
    event_type: str
    description: str = ""
    any_event: bool = False
    rules: tuple[RuleEntry, ...] = ()

    def __str__(self) -> str:
        return self.description or (f"{self.event_type} ({self.blend})" if self.blend else self.event_type)


class PenaltyEntry(_Entry):
    """A penalty; ``requirements`` are the ``ref`` of those that it takes back."""

    event_type: str
    description: str = ""
    requirements: tuple[int, ...] = ()
    rules: tuple[RuleEntry, ...] = ()


class AttributeEntry(_Entry):
    """A custom attribute of a group's credentials."""

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
        """How many data rules its requirements and penalties have."""
        return sum(len(item.rules) for item in self.requirements) + sum(len(item.rules) for item in self.penalties)
