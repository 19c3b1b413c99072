"""From the groups of the database to the text of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from credentials_accredible.blueprints import PREFETCH, describe
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.portability.arranging import arranged
from credentials_accredible.portability.document import FORMAT, VERSION
from credentials_accredible.portability.writing import as_json, as_yaml

# Left out where they say nothing.
_OPTIONAL = ("description", "blend", "any_event", "rules")
_BATCH = 200


def export(configs: Iterable[AccredibleAPIConfig], style: str = "yaml") -> str:
    """The text of a file with the groups of ``configs`` that are active or have something configured under them.

    ``style``: ``yaml`` or ``json``.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "configurations": [_configuration(config) for config in sorted(configs, key=lambda config: config.name)],
    }
    return as_json(document) if style == "json" else as_yaml(document)


def _configuration(config: AccredibleAPIConfig) -> dict[str, Any]:
    groups = config.groups.order_by("accredible_id").prefetch_related(*PREFETCH)
    entries = (_group(group) for group in groups.iterator(chunk_size=_BATCH))
    return {
        "name": config.name,
        "environment": config.environment,
        "groups": [entry for entry in entries if _says_something(entry)],
    }


def _group(group: AccredibleGroup) -> dict[str, Any]:
    blueprint, _refs = describe(group)
    content = arranged(blueprint)
    return {
        "accredible_id": group.accredible_id,
        "name": group.name,
        "is_active": group.is_active,
        "requirements": [_short(item, ("ref", "blend", "event_type")) for item in content["requirements"]],
        "penalties": [_short(item, ("event_type", "description", "requirements")) for item in content["penalties"]],
        "custom_attributes": content["custom_attributes"],
    }


def _short(item: Mapping[str, Any], first: Iterable[str]) -> dict[str, Any]:
    ordered = {name: item[name] for name in (*first, *item)}
    return {name: value for name, value in ordered.items() if value or name not in _OPTIONAL}


def _says_something(entry: Mapping[str, Any]) -> bool:
    return any(entry[name] for name in ("is_active", "requirements", "penalties", "custom_attributes"))
