"""The format of the files: groups with what is configured under them, without keys, learners and primary keys.

Version 1. A change that a reader of this version would not understand makes a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.rules.configuration import (
    AttributeEntry,
    GroupConfiguration,
    PenaltyEntry,
    RequirementEntry,
    RuleEntry,
)
from credentials_accredible.rules.validation import clean_attribute, clean_rules
from credentials_accredible.text import identifier, spelled_out, trimmed

FORMAT = "credentials-accredible groups"
VERSION = 1

_Short = Annotated[str, Field(min_length=1, max_length=255)]
_Trimmed = Annotated[_Short, BeforeValidator(lambda value: trimmed(value) if isinstance(value, str) else value)]
_Identifier = Annotated[_Short, BeforeValidator(lambda value: identifier(value) if isinstance(value, str) else value)]
_BIG_INTEGER = 2**63 - 1

# What is configured under a group, as people may write it. A key that is not known is a mistake, most likely.


class _Rule(RuleEntry, extra="forbid"):
    data_path: _Identifier
    operator: Operator = Operator.EQUAL
    value: _Short


def _clean(rules: tuple[_Rule, ...], info: ValidationInfo) -> tuple[RuleEntry, ...]:
    return clean_rules(info.data.get("event_type", ""), rules)


_Rules = Annotated[tuple[_Rule, ...], AfterValidator(_clean)]


class _Requirement(RequirementEntry, extra="forbid"):
    ref: int
    blend: Annotated[str, Field(pattern="^[A-Z]?$")] = ""
    event_type: _Identifier
    rules: _Rules = ()


class _Penalty(PenaltyEntry, extra="forbid"):
    event_type: _Identifier
    rules: _Rules = ()


def _clean_attribute(value: str, info: ValidationInfo) -> str:
    if not trimmed(value):
        raise PydanticCustomError("string_too_short", _("nothing that can be seen"))
    return clean_attribute(info.data.get("source", ""), value)


class _Attribute(AttributeEntry, extra="forbid"):
    name: _Trimmed
    source: AttributeSource = AttributeSource.PATH
    value: Annotated[_Short, AfterValidator(_clean_attribute)]


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

    name: Annotated[str, AfterValidator(identifier)]
    environment: Annotated[str, AfterValidator(identifier)] = ""
    groups: tuple[GroupEntry, ...]


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["credentials-accredible groups"]
    version: Literal[1]
    configurations: tuple[ConfigurationEntry, ...]


_WORDS = {
    "missing": gettext_lazy("“{name}” is missing."),
    "extra_forbidden": gettext_lazy("“{name}” is not known here."),
    "string_type": gettext_lazy("“{name}” must be a text."),
    "tuple_type": gettext_lazy("“{name}” must be a list."),
    "model_type": gettext_lazy("“{name}” must be a mapping of keys and values."),
    "model_attributes_type": gettext_lazy("“{name}” must be a mapping of keys and values."),
    "int_parsing": gettext_lazy("“{name}” must be a whole number."),
    "int_type": gettext_lazy("“{name}” must be a whole number."),
    "bool_parsing": gettext_lazy("“{name}” must be true or false."),
    "bool_type": gettext_lazy("“{name}” must be true or false."),
    "string_too_short": gettext_lazy("“{name}” must not be empty."),
    "string_too_long": gettext_lazy("“{name}” must not be longer than {max_length} characters."),
    "string_pattern_mismatch": gettext_lazy("“{name}” must be one of the letters A to Z, or empty."),
    "literal_error": gettext_lazy("“{name}” must be {expected}."),
    "enum": gettext_lazy("“{name}” must be {expected}."),
    "greater_than": gettext_lazy("“{name}” must be more than {gt}."),
    "less_than_equal": gettext_lazy("“{name}” must not be more than {le}."),
}


def form_message(error: Mapping[str, Any]) -> str:
    """One of the errors of a ValidationError, in words for people who write files."""
    name = next((step for step in reversed(error["loc"]) if isinstance(step, str)), _("the file"))
    words = _WORDS.get(error["type"], "“{name}”: {msg}.")
    return words.format(**{"name": spelled_out(name), "msg": error["msg"], "expected": "", **(error.get("ctx") or {})})
