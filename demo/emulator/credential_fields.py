"""Reads what clients say of a credential, and finds what is wrong with it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

BLANK = "can't be blank"
_EMAIL = re.compile(r"[^@\s]+@([^@\s.]+\.)+[^@\s.]+")
_DAY = len("YYYY-MM-DD")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# What some clients send with the day: it is left out.
_TIME = re.compile(r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))? ?", re.ASCII)
_OLD_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_EVIDENCE = {"file": "file", "url": "url", "video": "url", "grade": "string_object", "transcript": "string_object"}


class InvalidCredential(Exception):
    """A payload that cannot become a credential; ``problems``: (property as ``recipient.email``, message)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(problems)
        self.problems = problems

    def by_field(self) -> dict[str, list[str]]:
        """The problems as the first version of the API tells them: ``recipient_email`` -> messages."""
        fields: dict[str, list[str]] = defaultdict(list)
        for name, message in self.problems:
            fields[name.replace(".", "_")].append(message)
        return dict(fields)


class UnknownGroup(InvalidCredential):
    """The payload names no group that the API key sees."""

    def __init__(self) -> None:
        super().__init__([("group_id", "is not a group of this account")])


def text(value: Any) -> str | None:
    """Text, or None where there is none; numbers become text, as ids from other systems can be numbers."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if value is None or isinstance(value, str):
        return value if value and value.strip() else None
    raise ValueError("is not a text")


def flag(value: Any) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise ValueError("is not true or false")


def day(value: Any) -> str | None:
    """``YYYY-MM-DD`` (or the deprecated ``DD/MM/YYYY``), with or without a time, as ``YYYY-MM-DD``; None stays None."""
    if value is None:
        return None
    if isinstance(value, str):
        value = _OLD_DATE.sub(r"\3-\2-\1", value)
        if len(value) > _DAY and _TIME.fullmatch(value, _DAY):
            value = value[:_DAY]
        if _ISO_DATE.fullmatch(value):
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                pass
    raise ValueError("is not a valid date")


def mapping(value: Any) -> dict[str, Any] | None:
    """An object, or None."""
    if value is None or isinstance(value, dict):
        return value
    raise ValueError("is not an object")


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "name": text,
    "description": text,
    "issued_on": day,
    "expired_on": day,
    "approve": flag,
    "complete": flag,
    "private": flag,
    "custom_attributes": mapping,
    "meta_data": mapping,
}
_RECIPIENT_FIELDS: dict[str, Callable[[Any], Any]] = {
    "name": text,
    "email": text,
    "phone_number": text,
    "id": text,
    "meta_data": mapping,
}


def read_credential(payload: dict[str, Any], problems: list[tuple[str, str]]) -> dict[str, Any]:
    """The fields of the credential itself that ``payload`` holds; what is wrong is added to ``problems``."""
    return _read(payload, _FIELDS, "", problems)


def read_recipient(value: Any, known: dict[str, Any], problems: list[tuple[str, str]]) -> dict[str, Any]:
    """The recipient: what is ``known`` already, overlaid with ``value``."""
    if not isinstance(value, dict) and value is not None:
        problems.append(("recipient", "is not an object"))
        return known
    before = len(problems)
    recipient = dict.fromkeys(_RECIPIENT_FIELDS) | known | _read(value or {}, _RECIPIENT_FIELDS, "recipient.", problems)
    if len(problems) > before:
        return recipient
    if not recipient["name"]:
        problems.append(("recipient.name", BLANK))
    if not recipient["email"]:
        problems.append(("recipient.email", BLANK))
    elif not _EMAIL.fullmatch(recipient["email"]):
        problems.append(("recipient.email", "is not an e-mail address"))
    return recipient


def read_evidence(value: Any) -> dict[str, Any]:
    """An evidence item without its id and position; InvalidCredential tells what is wrong."""
    if not isinstance(value, dict):
        raise InvalidCredential([("evidence_item", "is not an object")])
    category = value.get("category")
    if not isinstance(category, str) or category not in _EVIDENCE:
        raise InvalidCredential([("category", "is not included in the list")])
    problems: list[tuple[str, str]] = []
    wanted = _EVIDENCE[category]
    read = _read(value, dict.fromkeys(("description", "preview", wanted), text), "", problems)
    if not problems and not read.get(wanted):
        problems.append((wanted, BLANK))
    if problems:
        raise InvalidCredential(problems)
    content = read[wanted]
    return {
        "description": read.get("description"),
        "preview_image_url": read.get("preview"),
        "link_url": content if wanted in {"url", "file"} else None,
        "type": category,
        "string_object": {"grade": content} if category == "grade" else content if category == "transcript" else None,
        "supplemental": False,
    }


def _read(
    payload: dict[str, Any], fields: dict[str, Callable[[Any], Any]], prefix: str, problems: list[tuple[str, str]]
) -> dict[str, Any]:
    values = {}
    for name, parse in fields.items():
        if name not in payload:
            continue
        try:
            values[name] = parse(payload[name])
        except ValueError as error:
            problems.append((prefix + name, str(error)))
    return values
