"""The format of the files: groups with what is configured under them, without keys, learners and primary keys.

Version 1. A change that a reader of this version would not understand makes a new version.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.rules.configuration import (
    AttributeEntry,
    GroupConfiguration,
    PenaltyEntry,
    RequirementEntry,
    RuleEntry,
)
from credentials_accredible.rules.validation import clean_rules

FORMAT = "credentials-accredible groups"
VERSION = 1

_Short = Annotated[str, Field(min_length=1, max_length=255)]
_BIG_INTEGER = 2**63 - 1

# What is configured under a group, as people may write it. A key that is not known is a mistake, most likely.


class _Rule(RuleEntry, extra="forbid"):
    data_path: _Short
    operator: Operator = Operator.EQUAL
    value: _Short


def _clean(rules: tuple[_Rule, ...], info: ValidationInfo) -> tuple[RuleEntry, ...]:
    """The rules as the admin would keep them."""
    return clean_rules(info.data.get("event_type", ""), rules)


_Rules = Annotated[tuple[_Rule, ...], AfterValidator(_clean)]


class _Requirement(RequirementEntry, extra="forbid"):
    ref: int
    blend: Annotated[str, Field(pattern="^[A-Z]?$")] = ""
    event_type: _Short
    rules: _Rules = ()


class _Penalty(PenaltyEntry, extra="forbid"):
    event_type: _Short
    rules: _Rules = ()


class _Attribute(AttributeEntry, extra="forbid"):
    name: _Short
    source: AttributeSource = AttributeSource.PATH
    value: _Short


class GroupEntry(GroupConfiguration, extra="forbid"):
    """All that is configured under one group; ``is_active`` None: as it is."""

    accredible_id: Annotated[int, Field(gt=0, le=_BIG_INTEGER)] | None = None
    name: str = ""
    is_active: bool | None = None
    requirements: tuple[_Requirement, ...]
    penalties: tuple[_Penalty, ...]
    custom_attributes: tuple[_Attribute, ...]


class ConfigurationEntry(BaseModel):
    """The groups of one API configuration; ``environment`` says which ids Accredible's ids are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    environment: str = ""
    groups: tuple[GroupEntry, ...]


class Document(BaseModel):
    """A file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["credentials-accredible groups"]
    version: Literal[1]
    configurations: tuple[ConfigurationEntry, ...]
