"""Options that name two numbers, as ``12=9001``."""

from __future__ import annotations

from argparse import ArgumentTypeError


def pair(text: str) -> tuple[int, int]:
    """The two numbers of ``12=9001``."""
    first, _, second = text.partition("=")
    if not all(number.isascii() and number.isdecimal() and len(number) <= 18 for number in (first, second)):
        raise ArgumentTypeError(f"“{text}” is not two numbers, as 12=9001")
    return int(first), int(second)
