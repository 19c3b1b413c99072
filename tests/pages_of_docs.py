"""The pages of the documentation, and the tables on them."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def page(name: str) -> str:
    """A page of the documentation, as ``operations.rst``."""
    return (DOCS / name).read_text(encoding="utf-8")


def table(name: str, heading: str) -> list[list[str]]:
    """The rows of the page's table whose first column has that heading, without the headings; a line for each cell."""
    _before, found, rest = page(name).partition(f"   * - {heading}\n")
    assert found, f"{name} has no table with the column “{heading}”"
    body = rest.split("\n\n")[0]
    rows = ("\n" + body).split("\n   * - ")[1:]
    return [[" ".join(cell.split()) for cell in row.split("\n     - ")] for row in rows]
