"""A language in which every message is there, and none of its letters is an ASCII letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from tests.admin.objects import make_objects

# Placeholders of both kinds, tags and entities of HTML: they stay as they are.
_KEPT = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{[^{}]*\}|<[^<>]*>|&#?\w+;")
_WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in map(chr, [*range(0x41, 0x5B), *range(0x61, 0x7B)])}


def widened(message: str) -> str:
    """``message`` in letters of double width, but for what is put in or is markup."""
    kept = _KEPT.findall(message)
    parts = [part.translate(_WIDE) for part in _KEPT.split(message)]
    return "".join(part + other for part, other in zip(parts, [*kept, ""], strict=True))


@pytest.fixture
def wide_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message that is looked up comes in wide letters; what is plain has not gone through gettext."""
    _ = translation.gettext("")
    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        monkeypatch.setattr(translation._trans, name, _wide(getattr(translation._trans, name)))


def _wide(look_up: Callable[..., str]) -> Callable[..., Any]:
    def wide(*args: Any) -> Any:
        found = look_up(*args)
        made = widened(found)
        # Marked as safe where it was.
        return type(found)(made) if made else found

    return wide


@pytest.fixture
def objects(account: Any) -> dict[str, Any]:
    """One object of each model: the primary keys by name."""
    return make_objects(account)
