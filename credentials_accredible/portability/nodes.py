"""What a file holds, and where: texts, lists and mappings with their lines and columns.

Scalars stay the texts that were written, so that ``value: 0.80`` and ``value: yes`` mean what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from credentials_accredible.exceptions import FileProblem

# Files are made by people or by the export. What is larger than this is neither.
LARGEST_FILE = 10 * 1024 * 1024
MOST_NODES = 500_000
DEEPEST = 12

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class Unreadable(Exception):
    """The file is no YAML or JSON that may be read here; ``problem`` says why."""

    def __init__(self, line: int, column: int, message: str) -> None:
        self.problem = FileProblem(line, column, message)
        super().__init__(str(self.problem))


class Kind(StrEnum):
    """What a node is."""

    TEXT = "text"
    NOTHING = "nothing"
    LIST = "list"
    MAPPING = "mapping"


@dataclass(slots=True)
class Node:
    """A text, nothing (null), a list of nodes or a mapping to nodes; ``keys`` are the places of a mapping's keys."""

    kind: Kind
    line: int
    column: int
    text: str = ""
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def put(self, key: str, line: int, column: int, value: Node) -> None:
        """Add to a mapping; Unreadable where it has that key."""
        check_text(key, line, column)
        if key in self.entries:
            raise Unreadable(line, column, f"“{key}” is there twice; first in line {self.keys[key][0]}.")
        self.entries[key] = value
        self.keys[key] = (line, column)

    def plain(self) -> Any:
        """The content without places; a key without a value counts as not written."""
        match self.kind:
            case Kind.MAPPING:
                return {key: node.plain() for key, node in self.entries.items() if node.kind is not Kind.NOTHING}
            case Kind.LIST:
                return [node.plain() for node in self.items]
            case Kind.NOTHING:
                return None
        return self.text

    def at(self, path: Sequence[str | int]) -> tuple[int, int]:
        """The place of what ``path`` leads to, or of the last step that there is; of its key where it has one."""
        node, place = self, (self.line, self.column)
        for step in path:
            if isinstance(step, str) and step in node.entries:
                node, place = node.entries[step], node.keys[step]
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                place = (node.line, node.column)
            else:
                break
        return place


def check_text(text: str, line: int, column: int) -> None:
    """Unreadable where no database takes ``text``: NUL, and halves of characters, which JSON can carry."""
    if _UNSTORABLE.search(text):
        raise Unreadable(line, column, "The text has a character that cannot be stored.")


class Counter:
    """Counts nodes and levels, so that nothing that was made to harm takes all memory. Raises Unreadable."""

    def __init__(self) -> None:
        self._nodes = 0

    def count(self, depth: int, line: int, column: int) -> None:
        """Note a node at that depth."""
        self._nodes += 1
        if depth > DEEPEST:
            raise Unreadable(line, column, "Nested too deeply.")
        if self._nodes > MOST_NODES:
            raise Unreadable(line, column, f"More than {MOST_NODES} values.")
