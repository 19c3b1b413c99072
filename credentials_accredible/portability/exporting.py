"""From the groups of the database to the text of a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from credentials_accredible.blueprints import PREFETCH, describe
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.portability.document import FORMAT, VERSION

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


_HEADER = (
    "# Groups and what is configured under them, written by accredible_export. It holds no API keys and no learners.\n"
)


_LINE_BREAK = re.compile("[\n\r\x85\u2028\u2029]")


class _OneLine(dict[str, Any]):
    """A mapping that takes one line."""


class _Dumper(yaml.SafeDumper):
    """Indents lists within mappings, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _one_line(dumper: yaml.SafeDumper, data: _OneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


def _text(dumper: Any, data: str) -> yaml.Node:
    style = None
    if _LINE_BREAK.search(data):
        # Quoted without escapes, lines would be folded; and what counts as their end, parsers disagree about.
        plain = set(_LINE_BREAK.findall(data)) == {"\n"}
        style = "|" if plain and dumper.analyze_scalar(data).allow_block else '"'
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)
    return node


_Dumper.add_representer(_OneLine, _one_line)
_Dumper.add_representer(str, _text)


def as_yaml(document: Mapping[str, Any]) -> str:
    """``document`` as YAML."""
    written = yaml.dump(
        _with_rules_in_line(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf")
    )
    return f"{_HEADER}{written}"


def as_json(document: Mapping[str, Any]) -> str:
    """``document`` as JSON."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _with_rules_in_line(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        kind = _OneLine if name == "rules" else dict
        return kind({key: _with_rules_in_line(inner, key) for key, inner in value.items()})
    if isinstance(value, list):
        return [_with_rules_in_line(inner, name) for inner in value]
    return value


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
