"""From the bytes of a file to a document, and from a part of the document to its place in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError
from yaml.composer import Composer, ComposerError
from yaml.resolver import Resolver

from credentials_accredible.exceptions import FileProblem
from credentials_accredible.portability.document import VERSION, Document, GroupEntry, form_message

# The same grammar, in C where the library was built with it.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Files are made by people or by the export. What is larger than this is neither.
LARGEST_FILE = 10 * 1024 * 1024
MOST_NODES = 500_000
DEEPEST = 12

Path = Sequence[str | int]

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_NULL = "tag:yaml.org,2002:null"
# A text of JSON, the last one perhaps without its end, and the colon after it.
_JSON_TEXT = re.compile(r'"(?P<text>(?:[^"\\\n]|\\.)*+)(?P<end>"?)(?P<colon>[ \t\r\n]*+:)?')
_JSON_WORDS = {
    "Expecting value": gettext_lazy("A value was expected"),
    "Expecting ',' delimiter": gettext_lazy("“,” was expected"),
    "Expecting ':' delimiter": gettext_lazy("“:” was expected"),
    "Expecting property name enclosed in double quotes": gettext_lazy("A key in double quotes was expected"),
    "Extra data": gettext_lazy("Something follows the end of the value"),
}


class Unreadable(Exception):
    """The file is no YAML or JSON that may be read here; ``problem`` says why."""

    def __init__(self, line: int, column: int, message: str) -> None:
        self.problem = FileProblem(line, column, message)
        super().__init__(str(self.problem))


class Source:
    """A document with the places of its parts."""

    def __init__(self, document: Document, tree: Tree) -> None:
        self.document = document
        self._tree = tree

    def problem(self, path: Path, message: str) -> FileProblem:
        return FileProblem(*self._tree.at(path), message)

    def groups(self) -> Iterator[tuple[Path, GroupEntry]]:
        for number, configuration in enumerate(self.document.configurations):
            for position, entry in enumerate(configuration.groups):
                yield ("configurations", number, "groups", position), entry


def read(content: bytes) -> tuple[Source | None, list[FileProblem]]:
    """The document in ``content``, YAML or JSON; or all that is wrong with its form, and no document."""
    try:
        text = _decoded(content)
        tree = read_json(text) if text.lstrip().startswith("{") else read_yaml(text)
        values = tree.plain()
    except Unreadable as error:
        return None, [error.problem]
    if isinstance(values, dict) and "version" in values:
        if str(values["version"]) != str(VERSION):
            message = _("This is version %(version)s of the format; this release reads version %(ours)s.") % {
                "version": values["version"],
                "ours": VERSION,
            }
            return None, [FileProblem(*tree.at(["version"]), message)]
        # All values are texts. Other fields are read from them: from "1" to 1, from "true" to True, nothing else.
        values["version"] = VERSION
    try:
        return Source(Document.model_validate(values), tree), []
    except ValidationError as error:
        problems = error.errors(include_url=False)
        return None, sorted(FileProblem(*tree.at(each["loc"]), form_message(each)) for each in problems)


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise Unreadable(0, 0, _("The file has more than %(largest_file)s bytes.") % {"largest_file": LARGEST_FILE})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise Unreadable(before.count(b"\n") + 1, column, _("This byte is no UTF-8.")) from None


def read_yaml(text: str) -> Tree:
    """The one document in ``text``; Unreadable where it is no YAML, or uses anchors, aliases or tags."""
    try:
        return Tree(_Composer(text).get_single_node())
    except yaml.YAMLError as error:
        raise _unreadable(error) from None


def read_json(text: str) -> Tree:
    """The value in ``text``; Unreadable where it is no JSON.

    The standard library says whether it is JSON and what its texts are. YAML has other escapes and other line ends in
    texts, so it gets fillers of the same lengths, and says where everything stands.
    """
    filled = _JSON_TEXT.sub(_filler, text).replace("\t", " ")

    def refuse(constant: str) -> None:
        raise json.JSONDecodeError("Expecting value", text, filled.index(constant))

    root = too_long = None
    try:
        # First of all, because it refuses what is nested too deeply.
        root = _Composer(filled, is_json=True).get_single_node()
    except yaml.YAMLError as error:
        # Of what is JSON, YAML refuses nothing but keys of more than a thousand characters.
        too_long = Unreadable(*_place(getattr(error, "problem_mark", None)), _("A key has more than 1,000 characters."))
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, error.colno, f"{_JSON_WORDS.get(error.msg, error.msg)}.") from None
    except RecursionError:
        raise Unreadable(1, 1, _("Nested too deeply.")) from None
    if too_long:
        raise too_long
    return Tree(root, text)


def _unreadable(error: yaml.YAMLError) -> Unreadable:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Unreadable(1, 1, _("No valid YAML: %(error)s.") % {"error": str(error).splitlines()[0]})
    place = _place(error.problem_mark or error.context_mark)
    if isinstance(error, ComposerError):
        return Unreadable(*place, _("A second document begins: a file holds one."))
    return Unreadable(*place, _("No valid YAML: %(problem)s.") % {"problem": error.problem or error.context})


def _filler(found: re.Match[str]) -> str:
    """As long as a text of JSON and the colon after it, which YAML wants in the line of the key."""
    colon = found["colon"]
    return f'"{"x" * len(found["text"])}{found["end"]}' + (f":{colon[:-1]}" if colon else "")


def _place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Composer(Composer, Resolver):
    """Composes nodes with their places, and none that were made to harm. Raises Unreadable."""

    def __init__(self, text: str, *, is_json: bool = False) -> None:
        Composer.__init__(self)
        Resolver.__init__(self)
        parser = _PARSER(text)
        self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event
        self._is_json = is_json
        self._nodes = self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node; ``index`` is None for a key."""
        event = self.peek_event()
        place = _place(event.start_mark)
        # Where it is to be JSON, these are no JSON at all.
        if event.anchor and not self._is_json:
            raise Unreadable(*place, _("Anchors and aliases (“&”, “*”) are not read here: write it out."))
        if getattr(event, "tag", None) and not self._is_json:
            raise Unreadable(*place, _("Tags (“%(tag)s”) are not read here.") % {"tag": event.tag})
        self._nodes += not self._is_json or index is not None
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(*place, _("Nested too deeply."))
        if self._nodes > MOST_NODES:
            raise Unreadable(*place, _("More than %(most_nodes)s values.") % {"most_nodes": MOST_NODES})
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class Tree:
    """The nodes of a file; ``json`` is its text where its quoted texts are those of JSON. Raises Unreadable."""

    def __init__(self, root: yaml.Node | None, json_text: str = "") -> None:
        if root is None:
            raise Unreadable(1, 1, _("The file is empty."))
        self._root = root
        self._json_text = json_text
        self._entries: dict[yaml.Node, dict[str, tuple[yaml.Node, yaml.Node]]] = {}
        self._values = self._read(root)

    def plain(self) -> Any:
        """The content without places: texts, lists and mappings. A key without a value counts as not written."""
        return self._values

    def at(self, path: Path) -> tuple[int, int]:
        """The place of what ``path`` leads to, or of the last step that there is; of its key where it has one."""
        node = marked = self._root
        for step in path:
            entries = self._entries.get(node, {})
            if isinstance(step, str) and step in entries:
                marked, node = entries[step]
            elif isinstance(step, int) and isinstance(node, yaml.SequenceNode) and step < len(node.value):
                marked = node = node.value[step]
            else:
                break
        return _place(marked.start_mark)

    def _read(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item) for item in node.value]
        if not isinstance(node, yaml.MappingNode):
            return None if node.tag == _NULL else self._text(node)
        entries = self._entries[node] = {}
        values = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(*_place(key.start_mark), _("A key is a text."))
            name = self._text(key)
            if name in entries:
                line, _column = _place(entries[name][0].start_mark)
                raise Unreadable(
                    *_place(key.start_mark),
                    _("“%(name)s” is there twice; first in line %(line)s.") % {"name": name, "line": line},
                )
            entries[name] = key, value
            values[name] = self._read(value)
        return {name: value for name, value in values.items() if value is not None}

    def _text(self, node: Any) -> str:
        text: str = node.value
        if self._json_text and node.style == '"':
            text = json.loads(self._json_text[node.start_mark.index : node.end_mark.index])
        if _UNSTORABLE.search(text):
            # NUL, and halves of characters, which JSON can carry.
            raise Unreadable(*_place(node.start_mark), _("The text has a character that cannot be stored."))
        return text
