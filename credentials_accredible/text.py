"""Text from outside, made fit for every database, for a terminal and for one sentence; and numbers in text."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from django.utils.formats import localize
from django.utils.timezone import localtime

# Tab and line ends stay. NUL is refused by PostgreSQL; the others can drive a terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What is copied along unseen: soft hyphen, zero width, direction marks, word joiner, byte order mark. Not what emoji
# are made of.
_INVISIBLE = r"\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_UNSEEN_EDGES = re.compile(rf"^[\s{_INVISIBLE}]+|[\s{_INVISIBLE}]+\Z")
_BUT_JOINERS = re.compile(r"(?![\u200c\u200d])" + _UNSEEN.pattern)
# Joiners shape the letters and emoji beside them; ASCII has none that could be joined.
_IDLE_JOINERS = re.compile(r"(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])")
# What fits a BIGINT column whatever the digits are.
_MOST_DIGITS = 18


def storable(text: str) -> str:
    """``text`` without control characters, and with U+FFFD for each half of a surrogate pair that stands alone.

    JSON can carry such halves; no database and no UTF-8 encoder takes them.
    """
    whole = text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROLS.sub("", whole)


def one_line(text: str) -> str:
    """``text`` as storable makes it, with each run of white space folded into one space."""
    return " ".join(storable(text).split())


def shortened(text: str, length: int) -> str:
    """``text``, cut to ``length`` characters where it is longer."""
    return text if len(text) <= length else text[: length - 1] + "…"


def trimmed(text: str) -> str:
    """``text`` without white space and invisible characters at its ends; within it, they may mean something."""
    return _UNSEEN_EDGES.sub("", text)


def words(text: str) -> list[str]:
    """The words of a search, each of them trimmed."""
    return [word for word in map(trimmed, text.split()) if word]


def identifier(text: str) -> str:
    """``text``, a name or key that somebody has pasted to find or identify a thing, without invisible characters.

    What joins letters other than ASCII stays: with it, it is another name.
    """
    return _IDLE_JOINERS.sub("", _BUT_JOINERS.sub("", text)).strip()


def spelled_out(text: str) -> str:
    """``text`` for a message that refuses it: invisible characters by their names, as ⟨ZERO WIDTH SPACE⟩."""
    return _UNSEEN.sub(lambda found: f"⟨{unicodedata.name(found[0], f'U+{ord(found[0]):04X}')}⟩", text)


def moment(when: datetime | None) -> str:
    """A point in time as the current language and time zone write it."""
    return str(localize(localtime(when)))


def whole_number(text: object, *, most: int = 10**_MOST_DIGITS - 1) -> int | None:
    """The number that ``text`` writes in ASCII digits alone, from 0 to ``most``; None for anything else.

    For primary keys in addresses and forms, and for options: what is returned fits the column.
    """
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= most else None
