"""What Accredible sends: a reply, the JSON object in it, and typed objects made of that.

This and ``credential_payloads`` alone know Accredible's names for things.

They are those of Accredible's public API reference, version 25.08.0. Unknown keys are ignored, because new ones
appear over time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, TypeVar
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from credentials_accredible.client.session import LARGEST_PAGE
from credentials_accredible.exceptions import UnexpectedReply
from credentials_accredible.secrets import hidden_locals
from credentials_accredible.text import one_line, storable, trimmed

Model = TypeVar("Model", bound=BaseModel)

_LONGEST_URL = 8192
_WEB = re.compile(r"(https?)://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)
_NOT_IN_A_URL = frozenset(' \\<>"')
_DESIGN_KEYS = ("badge_design_id", "primary_design_id", "design_id", "certificate_design_id")
_BIG_INTEGER = 2**63 - 1
_INTEGER = 2**31 - 1
# Bytes of UTF-8. Databases limit a statement, MariaDB to 16 MB where nobody has set it, and escaping can double a text.
_LONGEST_TEXT = 4 * 1024 * 1024
_LONGEST_TITLE = 64 * 1024


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


class JsonObject(dict[str, Any]):
    """The JSON object of a reply, which had ``size`` bytes.

    Error reports show local variables by ``repr()``: this one holds no content.
    """

    def __init__(self, content: Mapping[str, Any], reply: Reply) -> None:
        super().__init__(content)
        self.endpoint, self.status, self.size = reply.endpoint, reply.status, len(reply.body)

    def __repr__(self) -> str:
        return f"<Payload of {len(self)} keys>"

    @hidden_locals()
    def read_as(self, model: type[Model]) -> Model:
        """The content as a ``model``; UnexpectedReply says what is wrong with the first part that does not fit."""
        try:
            return model.model_validate(self)
        except ValidationError as error:
            problem = _first_problem(error)
        raise self.unexpected(problem)

    def unexpected(self, problem: str) -> UnexpectedReply:
        """The exception for a content that is not what was asked for."""
        return UnexpectedReply(self.endpoint, status=self.status, detail=problem)


def parsed(content: bytes) -> Any:
    """``content`` as JSON by the book, with no NaN and no Infinity.

    ValueError for what is not JSON, for numbers of thousands of digits, and for nesting too deep to follow.
    """
    try:
        return json.loads(content, parse_constant=_refuse)
    except RecursionError:
        problem = gettext("nested too deeply")
    raise ValueError(problem)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(gettext("%(constant)s is not JSON") % {"constant": constant})


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return one_line(f"{where}: {first['msg']}")


def whole_number(value: object) -> int | None:
    """``value`` as a whole number, be it one or the text of one; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    return None


def _identifier(value: object) -> int:
    number = whole_number(value)
    if number is None or not 0 < number <= _BIG_INTEGER:
        raise PydanticCustomError("identifier", gettext("is not a positive whole number"))
    return number


def _design_id(group: Mapping[str, Any]) -> int | None:
    numbers = (whole_number(group.get(key)) for key in _DESIGN_KEYS)
    return next((number for number in numbers if number is not None and 0 < number <= _BIG_INTEGER), None)


def _count(value: object) -> int | None:
    if value is None:
        return None
    number = whole_number(value)
    if number is None or not 0 <= number <= _INTEGER:
        raise PydanticCustomError("count", gettext("is not a whole number that counts anything"))
    return number


def _credits(value: object) -> int | None:
    number = whole_number(value)
    return number if number is not None and -_INTEGER <= number <= _INTEGER else None


def _text(value: object, longest: int = _LONGEST_TEXT) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PydanticCustomError("text", gettext("is not a text"))
    text = storable(value)
    if 4 * len(text) > longest and len(text.encode()) > longest:
        raise PydanticCustomError("text", gettext("is longer than {longest} bytes"), {"longest": longest})
    return text


def _title(value: object) -> str:
    return _text(value, _LONGEST_TITLE)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]  # what is no text is no date either
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    # MySQL begins with the year 1000; the last year would end in the next one in some time zones.
    return moment if 1000 < moment.year < 9999 else None


def web_address(value: object) -> str:
    """``value`` as an http or https address that is safe in a page; empty where it is none.

    What may not stand in an address is quoted, and what stands before an ``@`` left out: it can be a password, or be
    taken for the host.
    """
    found = _WEB.fullmatch(trimmed(value)) if isinstance(value, str) else None
    if not found:
        return ""
    host = found[2].rpartition("@")[2]
    address = f"{found[1].lower()}://{host}{_quoted(found[3])}"
    try:
        parts = urlsplit(address)
        usable = parts.hostname and _quoted(found[2]) == found[2] and len(address) <= _LONGEST_URL
        _ = parts.port
    except ValueError:
        return ""
    return address if usable else ""


def _quoted(text: str) -> str:
    return "".join(
        each if each.isprintable() and each not in _NOT_IN_A_URL else quote(each.encode("utf-8", "replace"))
        for each in text
    )


def none_as_empty(value: object) -> object:
    """An empty object for null: replies that are old come without."""
    return {} if value is None else value


Identifier = Annotated[int, BeforeValidator(_identifier)]
Count = Annotated[int | None, BeforeValidator(_count)]
Text = Annotated[str, BeforeValidator(_text)]
Title = Annotated[str, BeforeValidator(_title)]
# For the items of a page.
AtMostAPage = Field(max_length=LARGEST_PAGE)
Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Group(Payload):
    """A group of an account, made from the provider's JSON object.

    ``name`` is the public title, else the internal name, else "Group" and its id. ``description`` can be long and can
    hold HTML; it is text that nobody has checked. ``design_id`` is the design of its badge, where it has one. Times
    are in UTC, and None where they are missing or unreadable.
    """

    accredible_id: Identifier
    name: Title
    internal_name: Title
    description: Text
    design_id: int | None
    created_at: Moment
    updated_at: Moment

    @model_validator(mode="before")
    @classmethod
    def _translate(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        internal = data.get("name")
        titles = (title for title in (data.get("course_name"), internal) if _title(title).strip())
        name = next(titles, None)
        return {
            "accredible_id": data.get("id"),
            "name": gettext("Group %(value)s") % {"value": whole_number(data.get("id"))} if name is None else name,
            "internal_name": internal,
            "description": data.get("course_description"),
            "design_id": _design_id(data),
            "created_at": data.get("created_at"),
            "updated_at": data.get("updated_at"),
        }


class GroupReply(Payload):
    group: Group


class Meta(Payload):
    """What a page says about all pages; any of it can be missing."""

    next_page: Count = None
    total_pages: Count = None
    total_count: Count = None

    @property
    def knows_what_follows(self) -> bool:
        """Whether it says at all if another page follows: the last page has a ``next_page`` that is null."""
        return self.total_pages is not None or "next_page" in self.model_fields_set

    def promised_after(self, number: int) -> int:
        """The last page there is, as far as page ``number`` with this says; 0 where it does not."""
        return max(self.total_pages or 0, 0 if self.next_page is None else number + 1)


class GroupsPage(Payload):
    """One page of groups."""

    groups: Annotated[list[Group], AtMostAPage]
    meta: Annotated[Meta, BeforeValidator(none_as_empty)] = Meta()


class Design(Payload):
    """The look of a badge. ``image_url`` is an http or https address, or empty."""

    id: Identifier
    image_url: Annotated[str, BeforeValidator(web_address)] = Field(
        default="", validation_alias="rasterized_content_url"
    )
    updated_at: Moment = None


class DesignReply(Payload):
    design: Design


class DesignsPage(Payload):
    """One page of designs; nothing is promised of others."""

    designs: Annotated[list[Design], AtMostAPage]


class Issuer(Payload):
    """The account behind a key. ``credits_left`` is what it can still publish, None where that is not said."""

    id: Identifier
    name: Text = ""
    credits_left: Annotated[int | None, BeforeValidator(_credits)] = Field(
        default=None, validation_alias="certificate_left"
    )


class IssuerReply(Payload):
    issuer: Issuer


class AttributeKey(Payload):
    """A name that an account has for custom attributes; ``kind`` is what stands there: text, date, email or image."""

    name: Title
    kind: Text = ""


class AttributeKeysPage(Payload):
    attribute_keys: Annotated[list[AttributeKey], AtMostAPage]
    meta: Annotated[Meta, BeforeValidator(none_as_empty)] = Meta()
