"""Writes files: YAML for people, JSON for programs; the same content is the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

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
