"""Reads YAML from its events: nothing is constructed, so no tag makes anything, and no alias multiplies anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from credentials_accredible.portability.nodes import Counter, Kind, Node, Unreadable, check_text

# The same grammar, in C where the library was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null", "Null", "NULL")


def read_yaml(text: str) -> Node:
    """The one document in ``text``; Unreadable where it is no YAML, or uses anchors, aliases or tags."""
    try:
        return _read(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(line, column, f"No valid YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise Unreadable(1, 1, f"No valid YAML: {str(error).splitlines()[0]}.") from None


def _read(events: Iterator[Any]) -> Node:
    document: Node | None = None
    # Lists and mappings that are not closed yet; of a mapping, the key whose value comes next.
    opened: list[tuple[Node, yaml.Event | None]] = []
    counter = Counter()
    for event in events:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(line, column, "Anchors and aliases (“&”, “*”) are not read here: write it out.")
        if getattr(event, "tag", None):
            raise Unreadable(line, column, f"Tags (“{event.tag}”) are not read here.")
        if isinstance(event, yaml.DocumentStartEvent) and document:
            raise Unreadable(line, column, "A second document begins: a file holds one.")
        if isinstance(event, yaml.CollectionEndEvent):
            opened.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        counter.count(len(opened) + 1, line, column)
        node = _node(event, line, column)
        if not opened:
            document = node
        else:
            opened[-1] = _put(*opened[-1], event, node)
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((node, None))
    if document is None:
        raise Unreadable(1, 1, "The file is empty.")
    return document


def _node(event: Any, line: int, column: int) -> Node:
    if isinstance(event, yaml.MappingStartEvent):
        return Node(Kind.MAPPING, line, column)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(Kind.LIST, line, column)
    check_text(event.value, line, column)
    is_null = event.implicit[0] and event.value in _NULLS
    return Node(Kind.NOTHING if is_null else Kind.TEXT, line, column, event.value)


def _put(holder: Node, key: Any, event: Any, node: Node) -> tuple[Node, Any]:
    """Add ``node`` to a list, or to a mapping whose last key is ``key``; returns what the next one is added to."""
    if holder.kind is Kind.LIST:
        holder.items.append(node)
        return holder, None
    if key is not None:
        holder.put(key.value, key.start_mark.line + 1, key.start_mark.column + 1, node)
        return holder, None
    if not isinstance(event, yaml.ScalarEvent):
        raise Unreadable(node.line, node.column, "A key is a text.")
    return holder, event
