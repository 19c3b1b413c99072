"""The format of the files: groups with what is configured under them, without keys, learners and primary keys.

Version 1. A change that a reader of this version would not understand makes a new version.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from credentials_accredible.choices import AttributeSource, Operator

FORMAT = "credentials-accredible groups"
VERSION = 1

_Short = Annotated[str, Field(min_length=1, max_length=255)]
_BIG_INTEGER = 2**63 - 1


class _Part(BaseModel):
    """A part of a file; what is not known is a mistake, most likely."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleEntry(_Part):
    """A data rule of a requirement or a penalty."""

    data_path: _Short
    operator: Operator = Operator.EQUAL
    value: _Short


class RequirementEntry(_Part):
    """A requirement; ``ref`` is what penalties of the same group call it."""

    ref: int
    blend: Annotated[str, Field(pattern="^[A-Z]?$")] = ""
    event_type: _Short
    description: str = ""
    any_event: bool = False
    rules: list[RuleEntry] = []


class PenaltyEntry(_Part):
    """A penalty; ``requirements`` are the ``ref`` of those that it takes back."""

    event_type: _Short
    description: str = ""
    requirements: list[int] = []
    rules: list[RuleEntry] = []


class AttributeEntry(_Part):
    """A custom attribute of a group's credentials."""

    name: _Short
    source: AttributeSource = AttributeSource.PATH
    value: _Short


class GroupEntry(_Part):
    """All that is configured under one group; ``is_active`` None: as it is."""

    accredible_id: Annotated[int, Field(gt=0, le=_BIG_INTEGER)] | None = None
    name: str = ""
    is_active: bool | None = None
    requirements: list[RequirementEntry]
    penalties: list[PenaltyEntry]
    custom_attributes: list[AttributeEntry]


class ConfigurationEntry(_Part):
    """The groups of one API configuration; ``environment`` says which ids Accredible's ids are."""

    name: str
    environment: str = ""
    groups: list[GroupEntry]


class Document(_Part):
    """A file."""

    format: Literal["credentials-accredible groups"]
    version: Literal[1]
    configurations: list[ConfigurationEntry]
