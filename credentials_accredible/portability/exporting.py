"""From the groups of the database to the text of a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.portability.document import FORMAT, VERSION
from credentials_accredible.rules.configuration import (
    AttributeEntry,
    GroupConfiguration,
    PenaltyEntry,
    RequirementEntry,
    RuleEntry,
)
from credentials_accredible.rules.rows import PREFETCH, configuration_of

_HEADER = (
    "# Groups and what is configured under them, written by accredible_export. It holds no API keys and no learners.\n"
)
# Left out where they say nothing.
_OPTIONAL = ("description", "blend", "any_event", "rules")
_BATCH = 200
_ROUNDS = 3
_LINE_BREAK = re.compile("[\n\r\x85\u2028\u2029]")


def export_groups(configs: Iterable[AccredibleAPIConfig], style: str = "yaml") -> str:
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
    return {"name": config.name, "environment": config.environment, "groups": [entry for entry in entries if entry]}


def _group(group: AccredibleGroup) -> dict[str, Any] | None:
    configuration, _refs = configuration_of(group)
    if not configuration and not group.is_active:
        return None
    content = arranged(configuration)
    return {
        "accredible_id": group.accredible_id,
        "name": group.name,
        "is_active": group.is_active,
        "requirements": [_entry(item) for item in content.requirements],
        "penalties": [_entry(item) for item in content.penalties],
        "custom_attributes": [_entry(item) for item in content.custom_attributes],
    }


def _entry(item: RequirementEntry | PenaltyEntry | AttributeEntry) -> dict[str, Any]:
    values = item.model_dump(mode="json")
    if "rules" in values:
        values["rules"] = [_OneLine(rule) for rule in values["rules"]]
    return {name: value for name, value in values.items() if value or name not in _OPTIONAL}


def arranged(configuration: GroupConfiguration) -> GroupConfiguration:
    """``configuration`` in an order that follows from its content alone, with its requirements numbered from 1."""
    requirements = [item.model_copy(update={"rules": _in_order(item.rules)}) for item in configuration.requirements]
    penalties = [item.model_copy(update={"rules": _in_order(item.rules)}) for item in configuration.penalties]
    rank = _ranks_of_requirements(requirements, penalties)
    requirements.sort(key=lambda item: rank[item.ref])
    refs = {item.ref: ref for ref, item in enumerate(requirements, start=1)}
    penalties = [
        item.model_copy(update={"requirements": tuple(sorted(refs[ref] for ref in item.requirements))})
        for item in penalties
    ]
    return GroupConfiguration(
        requirements=tuple(item.model_copy(update={"ref": refs[item.ref]}) for item in requirements),
        penalties=tuple(sorted(penalties, key=lambda item: (_penalty_content(item), item.requirements))),
        custom_attributes=tuple(sorted(configuration.custom_attributes, key=lambda item: item.name)),
    )


def _ranks_of_requirements(
    requirements: Sequence[RequirementEntry], penalties: Sequence[PenaltyEntry]
) -> dict[int, int]:
    """What each requirement, by ref, is sorted by: its content, then the penalties about it and what else these take.

    Requirements of one content are told apart by their penalties; a few rounds carry that on to their neighbours.
    """
    rank = _ranks({item.ref: _requirement_content(item) for item in requirements})
    for _round in range(_ROUNDS):
        about: dict[int, list[Any]] = {ref: [] for ref in rank}
        for penalty in penalties:
            described = (_penalty_content(penalty), sorted(rank[ref] for ref in penalty.requirements))
            for ref in penalty.requirements:
                about[ref].append(described)
        rank = _ranks({ref: (rank[ref], sorted(about[ref])) for ref in rank})
    return rank


def _ranks(contents: Mapping[int, tuple[Any, ...]]) -> dict[int, int]:
    ordered = sorted(contents.items(), key=lambda item: item[1])
    ranks: dict[int, int] = {}
    for position, (ref, content) in enumerate(ordered):
        same = position > 0 and ordered[position - 1][1] == content
        ranks[ref] = ranks[ordered[position - 1][0]] if same else position
    return ranks


def _requirement_content(item: RequirementEntry) -> tuple[Any, ...]:
    # Without a letter last: letters are what people look for.
    return (item.blend or "~", item.event_type, item.description, item.any_event, [_texts(rule) for rule in item.rules])


def _penalty_content(item: PenaltyEntry) -> tuple[Any, ...]:
    return (item.event_type, item.description, [_texts(rule) for rule in item.rules])


def _in_order(rules: Iterable[RuleEntry]) -> tuple[RuleEntry, ...]:
    return tuple(sorted(rules, key=_texts))


def _texts(rule: RuleEntry) -> tuple[str, str, str]:
    return (rule.data_path, rule.operator, rule.value)


def as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_yaml(document: Mapping[str, Any]) -> str:
    written = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"))
    return f"{_HEADER}{written}"


class _OneLine(dict[str, Any]):
    """A mapping that takes one line."""


class _Dumper(yaml.SafeDumper):
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
