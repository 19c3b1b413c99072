"""What is configured under a group of the built-in integration, as it is configured here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from string import ascii_uppercase

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credentials_accredible.choices import Operator
from credentials_accredible.host import builtin
from credentials_accredible.rules.configuration import GroupConfiguration, PenaltyEntry, RequirementEntry, RuleEntry
from credentials_accredible.rules.validation import clean_rules
from credentials_accredible.text import shortened, spelled_out, storable

# What the built-in integration offers. It takes other names of functions, which compare texts.
_OPERATORS = {Operator.EQUAL, Operator.NOT_EQUAL}
_SHOWN = 100


@dataclass
class Plan:
    """``configuration`` refers to requirements by their primary keys there; ``penalties`` are in its order.

    ``problem`` says why it cannot be configured here, empty where it can.
    """

    configuration: GroupConfiguration = field(default_factory=GroupConfiguration)
    requirements: tuple[int, ...] = ()
    penalties: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def plan(group: int) -> Plan:
    """What the built-in integration has configured under the group with that primary key."""
    requirements, penalties = builtin.requirements(group), builtin.penalties(group)
    letters = _letters([item.blend.strip() for item in requirements])
    if letters is None:
        return Plan(problem=_("Its requirements have more than 26 group letters, and here there are no more."))
    rules = chain.from_iterable([*(item.rules for item in requirements), *(item.rules for item in penalties)])
    for rule in rules:
        if rule.operator not in _OPERATORS:
            words = {"rule": spelled_out(rule.data_path), "operator": spelled_out(rule.operator)}
            return Plan(problem=_("A data rule about “%(rule)s” compares by “%(operator)s”.") % words)
    known = {item.pk for item in requirements}
    configuration = GroupConfiguration(
        requirements=tuple(
            RequirementEntry(
                ref=item.pk,
                blend=letters[item.blend.strip()],
                event_type=item.event_type,
                description=storable(item.description),
                any_event=not item.rules,
                rules=_rules(item.event_type, item.rules),
            )
            for item in requirements
        ),
        penalties=tuple(
            PenaltyEntry(
                event_type=item.event_type,
                requirements=tuple(sorted(known.intersection(item.requirements))),
                rules=_rules(item.event_type, item.rules),
            )
            for item in penalties
        ),
    )
    return Plan(
        configuration,
        tuple(item.pk for item in requirements),
        tuple(item.pk for item in penalties),
        list(_notes(configuration, letters)),
    )


def _letters(blends: Iterable[str]) -> dict[str, str] | None:
    """The letter for each group of alternatives; letters stay what they are. None where there are not enough."""
    wanted = dict.fromkeys(blends)
    found = {blend: blend for blend in wanted if blend == "" or (len(blend) == 1 and blend in ascii_uppercase)}
    free = iter(sorted(set(ascii_uppercase) - found.keys()))
    for blend in wanted:
        if blend not in found:
            letter = next(free, None)
            if letter is None:
                return None
            found[blend] = letter
    return found


def _rules(event_type: str, rules: Iterable[builtin.Rule]) -> tuple[RuleEntry, ...]:
    # Values that were written in two ways can be the same once they are clean.
    return tuple(dict.fromkeys(clean_rules(event_type, rules)))


def _notes(configuration: GroupConfiguration, letters: dict[str, str]) -> Iterator[str]:
    for blend, letter in letters.items():
        if letter != blend:
            text = _("The group “%(blend)s” of requirements has the letter %(letter)s here.")
            yield text % {"blend": shortened(spelled_out(blend), _SHOWN), "letter": letter}
    alone = [item for item in configuration.requirements if not item.blend]
    if len(alone) > 1:
        words = ngettext(
            "%(count)s requirement has no letter: here it is needed.",
            "%(count)s requirements have no letter: here each of them is needed; the built-in takes any one.",
            len(alone),
        )
        yield words % {"count": len(alone)}
    for item in configuration.requirements:
        if item.any_event:
            text = _("The requirement “%(requirement)s” has no data rule: every event of its type fulfils it here.")
            yield text % {"requirement": shortened(str(item), _SHOWN)}
    without = sum(not item.rules for item in configuration.penalties)
    if without:
        words = ngettext(
            "%(count)s penalty has no data rule, and so takes nothing back, here as there.",
            "%(count)s penalties have no data rule, and so take nothing back, here as there.",
            without,
        )
        yield words % {"count": without}
    idle = sum(not item.requirements for item in configuration.penalties)
    if idle:
        words = ngettext(
            "%(count)s penalty takes back no requirement of this group.",
            "%(count)s penalties take back no requirement of this group.",
            idle,
        )
        yield words % {"count": idle}
