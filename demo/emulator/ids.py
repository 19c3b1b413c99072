"""Ids, counted per environment."""

from __future__ import annotations

# No id is longer, and Python refuses to read numbers of thousands of digits.
_DIGITS = 18
_STARTS = {
    "issuer": 101,
    "department": 501,
    "group": 12_001,
    "design": 7_001,
    "credential": 10_000_001,
    "evidence_item": 801,
    "attribute_key": 3_001,
}


class Ids:
    """The ids and API keys in use in one environment. Each environment starts from the same numbers."""

    def __init__(self) -> None:
        self._used: dict[str, set[int]] = {kind: set() for kind in _STARTS}
        self._next = dict(_STARTS)
        self._keys: set[str] = set()

    def take(self, kind: str, wanted: int | None = None) -> int:
        """The next free id, or ``wanted``; ValueError where that one is in use or no positive int."""
        used = self._used[kind]
        if wanted is None:
            while self._next[kind] in used:
                self._next[kind] += 1
            wanted = self._next[kind]
            self._next[kind] += 1
        elif type(wanted) is not int or wanted < 1:
            raise ValueError(f"The id of a {kind} is a positive whole number, not {wanted!r}.")
        elif wanted in used:
            raise ValueError(f"There is a {kind} {wanted} in this environment already.")
        used.add(wanted)
        return wanted

    def release(self, kind: str, number: int) -> None:
        """Let ``number`` be asked for again."""
        self._used[kind].discard(number)

    def take_key(self, key: str) -> None:
        """Note an API key; ValueError where it is in use, or could not travel in a header."""
        if not key or not key.isascii() or not key.isprintable() or set(key) & set(' ",'):
            raise ValueError("An API key is made of visible ASCII characters without quotes and commas.")
        if key in self._keys:
            raise ValueError(f"The API key {key} is in use in this environment already.")
        self._keys.add(key)

    def restart(self) -> None:
        """Count the content of accounts from the start again; accounts, departments and keys stay."""
        for kind in _STARTS.keys() - {"issuer", "department"}:
            self._used[kind].clear()
            self._next[kind] = _STARTS[kind]


def as_id(value: object) -> int | None:
    """An id as clients write it, a number or its digits; None where it cannot be one."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
