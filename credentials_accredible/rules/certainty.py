"""What events meet of which not everything is known. Pure: no database.

The service keeps less of what has happened than the event said. Where a rule asks for what it does not keep, nobody can
tell whether the event would have met it; what is uncertain gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from credentials_accredible.events.values import Fact
from credentials_accredible.rules.index import Criterion
from credentials_accredible.rules.matching import holds


@dataclass
class Weighed:
    """``met`` are criteria that are certainly met; requirements only where no penalty for them is uncertain.

    ``uncertain`` are the primary keys of requirements of which nobody can tell, ``missing`` the paths that it
    would take.
    """

    met: list[Criterion] = field(default_factory=list)
    uncertain: set[int] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


def weigh(criteria: Iterable[Criterion], facts: Mapping[str, Fact]) -> Weighed:
    """What an event meets for certain, of criteria for its type; None in ``facts`` stands for what is not known."""
    found = Weighed()
    for criterion in criteria:
        unknown = {rule.data_path for rule in criterion.rules or () if facts.get(rule.data_path, "") is None}
        if criterion.rules == frozenset() or not all(
            holds(rule, facts) for rule in criterion.rules or () if rule.data_path not in unknown
        ):
            continue
        if not unknown:
            found.met.append(criterion)
            continue
        found.uncertain |= {criterion.pk} if criterion.letter else criterion.takes
        found.missing |= unknown
    found.met = [item for item in found.met if not (item.letter and item.pk in found.uncertain)]
    return found
