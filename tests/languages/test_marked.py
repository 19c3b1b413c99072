"""Every sentence in the source is marked for translation, or nobody meets it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "credentials_accredible"
PYTHON = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted(PACKAGE.rglob("*.html"))
SCRIPTS = sorted(PACKAGE.rglob("*.js"))

_MARKS = re.compile(r"_|(d?n?p?gettext)(_lazy|_noop)?")
_WORDS = re.compile(r"[A-Za-z]{2,}[ ,.:]+ ?[A-Za-z({…]|[a-z]{2,} …|… [a-z]")
# SQL, Lua, HTML, requests, patterns, and representations for developers.
_FOR_PROGRAMS = re.compile(
    r"SELECT |INSERT INTO|ALTER TABLE|\s*(local|if) |POST |HTTP |Token |gzip|private, no-store|\s*--[a-z-]+ …|"
    r"accredible_\w+ --|(\{\} ?)?<|.*\(\?|.*\|duplicate",
    re.DOTALL,
)
# Names that a lookup splits, nouns that stand for phrases, keys of what is stored, and what a parser of others says.
_NAMES = {
    "The spool is full.",
    "a subclass says which groups its objects belong to",
    "a snapshot is restored to a configuration",
    "credentials-accredible groups",
    "data rules",
    "nothing said",
    "no such path",
    "nothing to do",
    "Expecting value",
    "Expecting property name enclosed in double quotes",
    "Extra data",
    "early penalty",
    "event on this disk",
    "failed event",
    "log entry",
    "row of history",
    "row of progress",
    "snapshot entry",
    "sync run",
    "… must be one of ….",
    "module … has no attribute …",
    "certificate …",
    "grade …",
    "id …",
    "name …",
}
# Not translated: what programs read, and docs/openapi.yaml, the description of the REST API.
_ENGLISH = {"api.py", "rest_api/v1/schema.py", "client/__init__.py", "portability/exporting.py"}


def _exempt(tree: ast.Module) -> set[int]:
    """The literals that are marked, logged, documentation or a description of the REST API."""
    found = set()
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        match node:
            case ast.Expr(value=ast.Constant()):
                inside = [node.value]
            case ast.Call(func=ast.Name(id=name)) if _MARKS.fullmatch(name):
                inside = [node]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "re"))):
                inside = [node]
            case ast.Assign(targets=[ast.Name(id="permissions")]):
                inside = [node]
        found |= {id(part) for outer in inside for part in ast.walk(outer)}
    return found


def _parts(tree: ast.Module, path: Path) -> Iterator[ast.AST]:
    """Where callers could meet a text: everywhere, but in the REST API only in what it refuses."""
    for node in ast.walk(tree):
        if "rest_api" not in path.parts:
            yield node
        elif isinstance(node, ast.Raise | ast.Return | ast.If):
            yield from ast.walk(node)


def unmarked(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    exempt = _exempt(tree)
    for node in _parts(tree, path):
        if id(node) in exempt:
            continue
        match node:
            case ast.JoinedStr(values=parts):
                exempt |= {id(part) for part in ast.walk(node)}
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
            case ast.Constant(value=str() as text):
                pass
            case _:
                continue
        if " " in text and _WORDS.search(text) and not _FOR_PROGRAMS.match(text) and text not in _NAMES:
            yield f"{path.relative_to(PACKAGE.parent)}:{node.lineno}: {text[:150]}"


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_sentences_in_python(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in _ENGLISH:
        found = list(unmarked(path))
        assert not found, "\n".join(found)


# Comments, classes, and what is typed in a terminal.
_LEFT_OUT = re.compile(
    r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->|\{% block bodyclass %\}.*?\{% endblock %\}|"
    r"<code>.*?</code>|&\w+;",
    re.DOTALL,
)
_BLOCK = re.compile(r"\{% (blocktranslate|blocktrans)\b.*?\{% end\1 %\}", re.DOTALL)
_SHOWN = re.compile(r'\b(?:title|alt|placeholder|aria-label|data-\w+)="([^"]*)"')
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_texts_in_templates(path: Path) -> None:
    source = _TAG.sub("", _BLOCK.sub("", _LEFT_OUT.sub("", path.read_text("utf-8"))))
    texts = [*re.sub(r"<[^>]*>", "\n", source).splitlines(), *(text for text in _SHOWN.findall(source) if " " in text)]

    assert [text.strip() for text in texts if re.search(r"[A-Za-z]{2}", text)] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_have_no_texts_of_their_own(path: Path) -> None:
    literals = re.findall(
        r'"([^"\n]*)"', re.sub(r"/\*.*?\*/|^\s*//.*?$", "", path.read_text("utf-8"), flags=re.S | re.M)
    )

    sentences = [text for text in literals if re.match(r"[A-Z][a-z]+($| )|[a-z]+ [a-z]+ [a-z]+", text)]
    assert sentences == []
