"""Which rows of the database stand for which entries of a file, so that what learners have fulfilled stays. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Wanted = TypeVar("Wanted")
Stored = TypeVar("Stored")

RuleKey = tuple[str, str, str]


@dataclass(frozen=True)
class Content:
    """What is comparable about a requirement or a penalty.

    ``about``: for a penalty, what it takes back: primary keys of requirements, and negative numbers of new ones.
    """

    event_type: str
    description: str
    rules: frozenset[RuleKey]
    blend: str = ""
    any_event: bool = False
    about: frozenset[int] = frozenset()

    def changes(self, other: Content) -> list[str]:
        """The names of the fields in which ``other`` differs, as the file calls them."""
        names = {"about": "requirements"}
        return [names.get(name, name) for name in vars(self) if getattr(self, name) != getattr(other, name)]


@dataclass
class Pair(Generic[Wanted, Stored]):
    """An entry and a row: both, or one of them alone.

    ``changes`` are the fields of the row that become others; ``fulfilled``, by how many learners a requirement is.
    """

    wanted: Wanted | None
    stored: Stored | None
    changes: list[str] = field(default_factory=list)
    fulfilled: int = 0


# A key under which an entry and a row are the same thing, and whether that holds only where no other has it.
Key = tuple[Callable[[Content], Hashable], bool]

_SAME: Key = (lambda content: content, False)
# Whatever it is called, an event that fulfils the one fulfils the other.
_SAME_RULES: Key = (lambda content: (content.event_type, content.any_event, content.rules), False)
_SAME_WORDS: Key = (lambda content: (content.event_type, content.blend, content.description), True)

REQUIREMENT_KEYS = (_SAME, _SAME_RULES, _SAME_WORDS)
PENALTY_KEYS = (_SAME, _SAME_RULES, _SAME_WORDS)


def pair(
    wanted: Sequence[tuple[Wanted, Content]], stored: Sequence[tuple[Stored, Content]], keys: Sequence[Key]
) -> list[Pair[Wanted, Stored]]:
    """Pairs of what stands for each other, in the order of ``wanted``; rows that nothing stands for come last.

    ``keys`` are tried one after the other, on what those before have left.
    """
    partner: dict[int, int] = {}
    for key, unique in keys:
        taken = set(partner.values())
        here = _by_key([(n, content) for n, (_item, content) in enumerate(wanted) if n not in partner], key)
        there = _by_key([(n, content) for n, (_item, content) in enumerate(stored) if n not in taken], key)
        for value, numbers in here.items():
            others = there.get(value, [])
            if not unique or len(numbers) == len(others) == 1:
                partner.update(zip(numbers, others, strict=False))
    pairs: list[Pair[Wanted, Stored]] = []
    for number, (item, content) in enumerate(wanted):
        if number in partner:
            row, before = stored[partner[number]]
            pairs.append(Pair(item, row, before.changes(content)))
        else:
            pairs.append(Pair(item, None))
    taken = set(partner.values())
    return pairs + [Pair(None, row) for number, (row, _content) in enumerate(stored) if number not in taken]


def _by_key(items: list[tuple[int, Content]], key: Callable[[Content], Hashable]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for number, content in items:
        found[key(content)].append(number)
    return found
