"""Credentials, as Accredible takes and gives them; it and ``payloads`` alone know the provider's names for things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AliasChoices, AliasPath, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from credentials_accredible.choices import NO_END
from credentials_accredible.client.payloads import (
    AtMostAPage,
    Count,
    Moment,
    Payload,
    none_as_empty,
    web_address,
    whole_number,
)
from credentials_accredible.text import one_line, storable

_LONGEST_ID = 255


@dataclass(frozen=True)
class NewCredential:
    """A credential to be made. ``own_id`` is ours: it is kept by Accredible, and makes it possible to search for it.

    ``name`` is its title; empty: Accredible takes that of the group. ``custom_attributes`` are by the names of
    attribute keys in the account.
    """

    own_id: str
    group_id: int
    recipient_name: str
    recipient_email: str
    recipient_id: str
    issued_on: date
    meta_data: Mapping[str, str]
    name: str = ""
    custom_attributes: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What Accredible wants to be sent."""
        optional = {"name": self.name, "custom_attributes": dict(self.custom_attributes)}
        return {
            "id": self.own_id,
            "group_id": self.group_id,
            "recipient": {"name": self.recipient_name, "email": self.recipient_email, "id": self.recipient_id},
            "issued_on": self.issued_on.isoformat(),
            "meta_data": dict(self.meta_data),
            **{key: value for key, value in optional.items() if value},
        }


def _identifier(value: object) -> str:
    number = whole_number(value)
    text = str(number) if number is not None else value
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_ID or storable(text) != text:
        raise PydanticCustomError("identifier", _("is not an id"))
    return text


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _last_day(value: object) -> date | None:
    return NO_END if value is None else _day(value)


def _text(value: object) -> str:
    return storable(str(value)) if isinstance(value, (str, int)) else ""


class Credential(Payload):
    """A credential at Accredible.

    ``id`` is text, because replies give it as text here and as a number there. ``url`` is an http or https address, or
    empty: lists have none. ``published`` unless Accredible says that it is not. ``own_id`` is in lower case.
    ``group_id``, ``created_at`` and ``valid_until`` are None where the reply does not say it; the last is NO_END where
    Accredible has set no last day.
    """

    id: Annotated[str, BeforeValidator(_identifier)]
    url: Annotated[str, BeforeValidator(web_address)] = ""
    published: Annotated[bool, BeforeValidator(lambda value: value is not False)] = Field(
        default=True, validation_alias="approve"
    )
    own_id: Annotated[str, BeforeValidator(lambda value: _text(value).lower())] = Field(
        default="", validation_alias=AliasChoices("license_id", AliasPath("meta_data", "badge_uuid"))
    )
    group_id: Annotated[int | None, BeforeValidator(whole_number)] = Field(
        default=None, validation_alias=AliasChoices(AliasPath("group", "id"), "group_id")
    )
    recipient_email: Annotated[str, BeforeValidator(_text)] = Field(
        default="", validation_alias=AliasChoices(AliasPath("recipient", "email"), "recipient_email")
    )
    issued_on: Annotated[date | None, BeforeValidator(_day)] = None
    expired_on: Annotated[date | None, BeforeValidator(_day)] = None
    valid_until: Annotated[date | None, BeforeValidator(_last_day)] = Field(
        default=None, validation_alias=AliasChoices("expired_on")
    )
    created_at: Moment = None

    def contradicts(self, new: NewCredential) -> bool:
        """Whether it says of itself that it was not made of ``new``."""
        return (
            self.own_id not in {"", new.own_id.lower()}
            or self.group_id not in {None, new.group_id}
            or self.recipient_email.lower() not in {"", new.recipient_email.lower()}
        )

    def names(self, new: NewCredential) -> bool:
        """Whether it says of itself that it was made of ``new``: by our own id, else by the address."""
        return bool(self.own_id or self.recipient_email) and not self.contradicts(new)


class CredentialReply(Payload):
    credential: Credential


class FoundCredentials(Payload):
    credentials: Annotated[list[Credential], AtMostAPage]


class CredentialsMeta(Payload):
    """What a page of a search says about all pages: how many credentials there are, and what asks for the next page.

    Any of it can be missing.
    """

    count: Count = None
    cursor: str | None = None


class CredentialsPage(FoundCredentials):
    meta: Annotated[CredentialsMeta, BeforeValidator(none_as_empty)] = CredentialsMeta()


class BulkResult(Payload):
    """What became of one of many: a credential, an objection, or both. ``by_field`` and ``words`` are the objection."""

    credential: Credential | None = None
    objects: bool = False
    words: str = ""
    by_field: dict[str, list[str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _translate(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        # Older texts of the provider say ``error`` and ``reason``, and put a reason beside the error.
        objection = data.get("errors") or data.get("error")
        said = objection if isinstance(objection, Mapping) else {**data, "code": objection}
        by_field = _by_field(said if said is objection else {"details": data.get("details")})
        texts = [_words(said.get(key)) for key in ("code", "message", "reason")]
        texts += [f"{name}: {', '.join(words)}" for name, words in by_field.items()]
        return {
            "credential": data.get("credential"),
            "objects": bool(objection),
            "words": one_line("; ".join(text for text in texts if text)),
            "by_field": by_field,
        }


def _by_field(said: Mapping[Any, Any]) -> dict[str, list[str]]:
    """What is wrong by field: listed as ``details``, or under the names of the fields as in replies to one."""
    found: dict[str, list[str]] = {}
    details = said.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping):
            words = one_line(_text(detail.get("message") or detail.get("reason")))
            found.setdefault(one_line(_text(detail.get("property"))), []).append(words)
    for name, messages in said.items():
        if isinstance(messages, list) and name != "details":
            found.setdefault(one_line(_text(name)), []).append(_words(messages))
    return found


def _words(value: object) -> str:
    texts = map(_text, value) if isinstance(value, list) else [_text(value)]
    return one_line(", ".join(text for text in texts if text))


class BulkReply(Payload):
    """The reply to many credentials."""

    results: Annotated[list[BulkResult], AtMostAPage]

    def by_position(self, new: Sequence[NewCredential]) -> dict[int, BulkResult]:
        """The results with a credential, by the position in ``new`` of what it was made of.

        A place in the reply alone says nothing: it only decides between several that a credential could be of, where
        no credential stands in another's place. A credential that comes twice, or is of none of them, is left out.
        """
        made = [(place, each.credential, each) for place, each in enumerate(self.results) if each.credential]
        fits = {
            place: [position for position, each in enumerate(new) if credential.names(each)]
            for place, credential, _result in made
        }
        in_order = all(place in positions for place, positions in fits.items())
        found: dict[int, list[BulkResult]] = {}
        for place, _credential, result in made:
            positions = [place] if in_order else fits[place]
            if len(positions) == 1:
                found.setdefault(positions[0], []).append(result)
        return {position: results[0] for position, results in found.items() if len(results) == 1}
