"""Reads JSON with the places of its values, which the standard library does not tell."""

from __future__ import annotations

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # what json.loads reads texts with

from credentials_accredible.portability.nodes import Counter, Kind, Node, Unreadable, check_text

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
