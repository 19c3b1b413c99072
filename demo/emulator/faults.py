"""Faults on demand: which requests they meet, and how often."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from demo.emulator.records import Recorded
from demo.emulator.refusals import STATUSES

Kind = Literal[
    "status",  # a refusal with its documented body; nothing is done
    "reply",  # whatever ``status``, ``headers`` and ``body`` say; nothing is done
    "html",  # a proxy's HTML page with ``status``, 200 without one; nothing is done
    "reversed",  # the work is done, the results of many come in the opposite order
    "repeated",  # the work is done, the first result stands in the place of the second, too
    "missing",  # the work is done, the first result is missing
    "broken_json",  # the work is done, the JSON ends in the middle
    "empty",  # the work is done, the body is empty
    "no_groups",  # the work is done, the reply lacks what it is about (``groups``) and keeps ``meta``
    "no_meta",  # the work is done, the reply lacks ``meta``, as old ones do
    "old_words",  # the work is done, what is wrong with one of many is called ``error`` and ``reason``
    "half_page",  # half of what the page holds is missing, ``meta`` is unchanged
    "shifted",  # the page begins one group later and ends with another one, as after a deletion and an addition
    "empty_list",  # the page is empty, ``total_count`` is 0
    "cut_before",  # the connection is cut, nothing is done
    "cut_after",  # the work is done, then the connection is cut
    "slow",  # the work is done, the reply comes after ``seconds``
    "late",  # the work is done after ``seconds``, whether the client waits that long or not
    "cut_late",  # the connection is cut, and the work is done after ``seconds``
    "hang",  # nothing is done, no reply comes; after ``seconds`` the connection is cut
    "drip",  # the reply comes byte by byte, one every ``seconds``
]
_LONGEST = 600.0
_DEFAULT_SECONDS = {"slow": 1.0, "late": 1.0, "cut_late": 1.0, "hang": 120.0, "drip": 0.2}


class Fault(BaseModel):
    """Something that goes wrong for the next ``times`` matching requests, once ``after`` of them have passed.

    A request matches when all that is said fits: ``method``; ``path``, the beginning of the path without the prefix
    of the environment; ``pattern``, a regular expression found in path and query; ``environment``; ``contains``, a
    text in the body; ``json``, values that the body's JSON object holds. ``times`` None: until the faults are cleared.
    ``how``: whether a connection is cut with a FIN or an RST packet. ``retry_after``: seconds for that header.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind
    path: str = "/"
    pattern: str | None = None
    method: str | None = None
    environment: str | None = None
    contains: str | None = None
    values: dict[str, Any] = Field(default={}, alias="json")
    times: int | None = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    status: int | None = None
    seconds: float | None = Field(default=None, ge=0, le=_LONGEST)
    retry_after: int | None = Field(default=None, ge=0)
    how: Literal["fin", "rst"] = "fin"
    body: Any = ""
    headers: dict[str, str] = {}

    _passed: int = PrivateAttr(default=0)
    _hits: int = PrivateAttr(default=0)

    @property
    def hits(self) -> int:
        """How many requests it has met."""
        return self._hits

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"no regular expression: {error}") from None
        return value

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(name and (name + text).isascii() and (name + text).isprintable() for name, text in value.items()):
            raise ValueError("headers are visible ASCII characters")
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Fault:
        if self.kind == "status" and self.status not in STATUSES:
            raise ValueError(f"status is one of {sorted(STATUSES)}")
        if self.kind in {"reply", "html"}:
            self.status = 200 if self.status is None else self.status
            if not 200 <= self.status <= 599:
                raise ValueError("status is from 200 to 599")
        if self.seconds is None:
            self.seconds = _DEFAULT_SECONDS.get(self.kind)
        return self

    def meets(self, request: Recorded) -> bool:
        """Whether this request goes wrong; counts it."""
        if not self._matches(request) or self._hits == self.times:
            return False
        if self._passed < self.after:
            self._passed += 1
            return False
        self._hits += 1
        return True

    def _matches(self, request: Recorded) -> bool:
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        target = f"{request.path}?{query}" if query else request.path
        sent = request.json if isinstance(request.json, dict) else {}
        return (
            request.path.startswith(self.path)
            and (self.pattern is None or re.search(self.pattern, target) is not None)
            and (self.method is None or self.method.upper() == request.method)
            and (self.environment is None or self.environment == request.environment)
            and (self.contains is None or self.contains in request.body)
            and all(name in sent and sent[name] == value for name, value in self.values.items())
        )


class Faults:
    """The faults in force, in the order in which they were added; a request meets the first that fits."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put ``fault`` in force."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything go well again."""
        self._faults.clear()

    def met_by(self, request: Recorded) -> Fault | None:
        """The fault that ``request`` meets; None where all goes well."""
        return next((fault for fault in self._faults if fault.meets(request)), None)

    def as_json(self) -> list[dict[str, Any]]:
        """All faults with what they have done so far."""
        return [{**fault.model_dump(by_alias=True), "hits": fault.hits} for fault in self._faults]
