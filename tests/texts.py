"""Every text in the source of the plugin; ``…`` stands for what is put in while it runs."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "credentials_accredible"

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{.*?\}\}|\{\w*\}")
_COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_TRANSLATED = re.compile(r'\{% translate "([^"]*)".*?%\}')


def pattern(text: str) -> str:
    """``text`` with one ``…`` for each placeholder, or for several in a row, and single spaces."""
    return re.sub("…+", "…", " ".join(_PLACEHOLDER.sub("…", text).split()))


@cache
def texts() -> frozenset[str]:
    """The patterns of all literals in Python, and of all that stands in templates and scripts."""
    trees = [ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
    constants = {name: value for tree in trees for name, value in _constants(tree)}
    found = {pattern(text) for tree in trees for text in _literals(tree, constants)}
    for path in PACKAGE.rglob("*"):
        if path.suffix in {".html", ".js", ".txt"}:
            found.update(map(pattern, _written(path.read_text("utf-8"))))
    return frozenset(found)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that the module gives to texts, for f-strings that use them."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as value)):
                yield name, value


def _literals(tree: ast.Module, constants: dict[str, str]) -> Iterator[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) not in docstrings and isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            yield _text(node, constants)


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, constants) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, constants) + _text(right, constants)
        case ast.FormattedValue(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return constants.get(name, "…")
        case ast.BinOp(
            left=ast.Call(args=[ast.Constant(value=str() as text)]), op=ast.Mod(), right=ast.Dict() as given
        ):
            return _put_in(text, given, constants)
    return "…"


def _put_in(text: str, given: ast.Dict, constants: dict[str, str]) -> str:
    """A marked text with those of its values that are constants."""
    for key, value in zip(given.keys, given.values, strict=True):
        match key, value:
            case ast.Constant(value=placeholder), ast.Name(id=name) | ast.Attribute(attr=name) if name in constants:
                text = text.replace(f"%({placeholder})s", constants[name])
    return text


def _written(source: str) -> Iterator[str]:
    """The text of a template or script: as a whole, where tags part it, and what is in quotes."""
    source = _TRANSLATED.sub(r"\1", _COMMENT.sub("", source))
    yield re.sub(r"<[^>]*>|\{%.*?%\}", "", html.unescape(source))
    yield from re.split(r"\{%.*?%\}|[<>\"]", html.unescape(source))
