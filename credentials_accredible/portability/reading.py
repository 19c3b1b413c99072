"""From the bytes of a file to a document, and from a part of the document to its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # what json.loads reads texts with
from typing import Any

import yaml
from pydantic import ValidationError

from credentials_accredible.exceptions import FileProblem
from credentials_accredible.portability.document import VERSION, Document, GroupEntry

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


_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")
_LINE_END = re.compile(r"\n")


def read_json(text: str) -> Node:
    """The value in ``text``; Unreadable where it is no JSON."""
    try:
        return _Reader(text).read()
    except JSONDecodeError as error:
        raise Unreadable(error.lineno, error.colno, f"{error.msg}.") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._counter = Counter()
        # Places are asked for in their order.
        self._line, self._line_start, self._seen = 1, 0, 0

    def read(self) -> Node:
        node = self._value(1)
        self._skip()
        if self._position < len(self._text):
            raise self._wrong("Something follows the end of the value")
        return node

    def _value(self, depth: int) -> Node:
        self._skip()
        line, column = self._place()
        self._counter.count(depth, line, column)
        start = self._text[self._position : self._position + 1]
        if start == "{":
            return self._mapping(Node(Kind.MAPPING, line, column), depth)
        if start == "[":
            return self._list(Node(Kind.LIST, line, column), depth)
        if start == '"':
            text = self._string()
            check_text(text, line, column)
            return Node(Kind.TEXT, line, column, text)
        found = _SCALAR.match(self._text, self._position)
        if not found:
            raise self._wrong("A value was expected")
        self._position = found.end()
        return Node(Kind.NOTHING if found[0] == "null" else Kind.TEXT, line, column, found[0])

    def _mapping(self, node: Node, depth: int) -> Node:
        self._position += 1
        if self._taken("}"):
            return node
        while True:
            self._skip()
            line, column = self._place()
            if self._text[self._position : self._position + 1] != '"':
                raise self._wrong("A key in double quotes was expected")
            key = self._string()
            self._expect(":")
            node.put(key, line, column, self._value(depth + 1))
            if self._taken("}"):
                return node
            self._expect(",")

    def _list(self, node: Node, depth: int) -> Node:
        self._position += 1
        if self._taken("]"):
            return node
        while True:
            node.items.append(self._value(depth + 1))
            if self._taken("]"):
                return node
            self._expect(",")

    def _string(self) -> str:
        text, self._position = scanstring(self._text, self._position + 1, True)
        return str(text)

    def _taken(self, character: str) -> bool:
        self._skip()
        there = self._text.startswith(character, self._position)
        self._position += there
        return there

    def _expect(self, character: str) -> None:
        if not self._taken(character):
            raise self._wrong(f"“{character}” was expected")

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._position)
        self._position = found.end() if found else self._position

    def _wrong(self, message: str) -> JSONDecodeError:
        return JSONDecodeError(message, self._text, self._position)

    def _place(self) -> tuple[int, int]:
        for end in _LINE_END.finditer(self._text, self._seen, self._position):
            self._line += 1
            self._line_start = end.end()
        self._seen = self._position
        return self._line, self._position - self._line_start + 1


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


Path = Sequence[str | int]

_WORDS = {
    "missing": "“{name}” is missing.",
    "extra_forbidden": "“{name}” is not known here.",
    "string_type": "“{name}” must be a text.",
    "tuple_type": "“{name}” must be a list.",
    "model_type": "“{name}” must be a mapping of keys and values.",
    "model_attributes_type": "“{name}” must be a mapping of keys and values.",
    "int_parsing": "“{name}” must be a whole number.",
    "int_type": "“{name}” must be a whole number.",
    "bool_parsing": "“{name}” must be true or false.",
    "bool_type": "“{name}” must be true or false.",
    "string_too_short": "“{name}” must not be empty.",
    "string_too_long": "“{name}” must not be longer than {max_length} characters.",
    "string_pattern_mismatch": "“{name}” must be one of the letters A to Z, or empty.",
    "literal_error": "“{name}” must be {expected}.",
    "enum": "“{name}” must be {expected}.",
    "greater_than": "“{name}” must be more than {gt}.",
    "less_than_equal": "“{name}” must not be more than {le}.",
}


class Source:
    """A document with the places of its parts."""

    def __init__(self, document: Document, root: Node) -> None:
        self.document = document
        self._root = root

    def problem(self, path: Path, message: str) -> FileProblem:
        """``message`` about what ``path`` leads to."""
        return FileProblem(*self._root.at(path), message)

    def groups(self) -> Iterator[tuple[Path, GroupEntry]]:
        """All groups of the file, with their paths."""
        for number, configuration in enumerate(self.document.configurations):
            for position, entry in enumerate(configuration.groups):
                yield ("configurations", number, "groups", position), entry


def read(content: bytes) -> tuple[Source | None, list[FileProblem]]:
    """The document in ``content``, YAML or JSON; or all that is wrong with its form, and no document."""
    try:
        root = _parsed(content)
    except Unreadable as error:
        return None, [error.problem]
    plain = root.plain()
    if isinstance(plain, dict) and str(plain.get("version", VERSION)) != str(VERSION):
        message = f"This is version {plain['version']} of the format; this release reads version {VERSION}."
        return None, [FileProblem(*root.at(["version"]), message)]
    try:
        # The values are texts: from "1" to 1, from "true" to True, nothing else.
        return Source(Document.model_validate(_typed(plain)), root), []
    except ValidationError as error:
        return None, sorted(_problem(root, dict(each)) for each in error.errors(include_url=False))


def _parsed(content: bytes) -> Node:
    if len(content) > LARGEST_FILE:
        raise Unreadable(0, 0, f"The file has more than {LARGEST_FILE} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise Unreadable(before.count(b"\n") + 1, column, "This byte is no UTF-8.") from None
    return read_json(text) if text.lstrip().startswith("{") else read_yaml(text)


def _typed(plain: Any) -> Any:
    """``plain`` with its version as a number, which a literal wants; the other fields are read from their texts."""
    if isinstance(plain, dict) and plain.get("version") == str(VERSION):
        return {**plain, "version": VERSION}
    return plain


def _problem(root: Node, error: dict[str, Any]) -> FileProblem:
    path: tuple[str | int, ...] = error["loc"]
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    words = _WORDS.get(error["type"], "“{name}”: {msg}.")
    message = words.format(**{"name": name, "msg": error["msg"], "expected": "", **(error.get("ctx") or {})})
    return FileProblem(*root.at(path), message)
