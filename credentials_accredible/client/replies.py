"""A reply as it came, and the JSON object in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from credentials_accredible.exceptions import UnexpectedReply
from credentials_accredible.text import one_line

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Reply:
    """A reply: ``endpoint`` is method and path. Its ``repr()`` shows nothing that Accredible sent."""

    endpoint: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_html(self) -> bool:
        """Whether the body is a page for people: of a proxy, a firewall or a maintenance mode."""
        start = self.body[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return "html" in self.headers.get("Content-Type", "").lower() or start.startswith((b"<!doctype html", b"<html"))


class Payload(dict[str, Any]):
    """The JSON object of a reply. Error reports show local variables by ``repr()``: this one holds no content."""

    def __init__(self, content: Mapping[str, Any], *, status: int) -> None:
        super().__init__(content)
        self.status = status

    def __repr__(self) -> str:
        return f"<Payload of {len(self)} keys>"

    def read_as(self, model: type[Model], endpoint: str) -> Model:
        """The content as a ``model``; UnexpectedReply says what is wrong with the first part that does not fit."""
        try:
            return model.model_validate(self)
        except ValidationError as error:
            problem = _first_problem(error)
        raise UnexpectedReply(endpoint, status=self.status, detail=problem)


def parsed(content: bytes) -> Any:
    """``content`` as JSON by the book, with no NaN and no Infinity.

    ValueError for what is not JSON, for numbers of thousands of digits, and for nesting too deep to follow.
    """
    try:
        return json.loads(content, parse_constant=_refuse)
    except RecursionError:
        problem = "nested too deeply"
    raise ValueError(problem)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return one_line(f"{where}: {first['msg']}")
