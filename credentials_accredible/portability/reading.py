"""From the bytes of a file to a document, and from a part of the document to its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from credentials_accredible.exceptions import FileProblem
from credentials_accredible.portability.document import VERSION, Document, GroupEntry
from credentials_accredible.portability.json_reading import read_json
from credentials_accredible.portability.nodes import LARGEST_FILE, Node, Unreadable
from credentials_accredible.portability.yaml_reading import read_yaml

Path = Sequence[str | int]

_WORDS = {
    "missing": "“{name}” is missing.",
    "extra_forbidden": "“{name}” is not known here.",
    "string_type": "“{name}” must be a text.",
    "list_type": "“{name}” must be a list.",
    "model_type": "“{name}” must be a mapping of keys and values.",
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
