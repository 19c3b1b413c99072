"""Text from outside, made fit for every database, for a terminal and for one sentence; and numbers in text."""

from __future__ import annotations

import re

# Tab and line ends stay. NUL is refused by PostgreSQL; the others can drive a terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What fits a BIGINT column whatever the digits are.
_MOST_DIGITS = 18


def storable(text: str) -> str:
    """``text`` without control characters, and with U+FFFD for each half of a surrogate pair that stands alone.

    JSON can carry such halves; no database and no UTF-8 encoder takes them.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROLS.sub("", whole)


def one_line(text: str) -> str:
    """``text`` as storable makes it, with each run of white space folded into one space."""
    return " ".join(storable(text).split())


def shortened(text: str, length: int) -> str:
    """``text``, cut to ``length`` characters where it is longer."""
    return text if len(text) <= length else text[: length - 1] + "…"


def whole_number(text: object, *, most: int = 10**_MOST_DIGITS - 1) -> int | None:
    """The number that ``text`` writes in ASCII digits alone, from 0 to ``most``; None for anything else.

    For primary keys in addresses and forms, and for options: what is returned fits the column.
    """
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= most else None
