"""What an event would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible.badges.custom_attributes import KeptFacts, values
from credentials_accredible.badges.decision import decide
from credentials_accredible.events.catalogue import is_known_event_type, keypaths
from credentials_accredible.events.event import flatten, storable_facts
from credentials_accredible.events.values import Fact, fact
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement
from credentials_accredible.rules.index import letter_of
from credentials_accredible.rules.matching import RuleResult, all_hold, explain


@dataclass(frozen=True)
class Trial:
    """What becomes of a requirement or a penalty.

    ``concerned``: it is about events of that type at all; ``rules`` are empty where it is not.
    """

    subject: Any
    concerned: bool
    holds: bool
    rules: list[RuleResult]


@dataclass(frozen=True)
class Simulation:
    """What an event would mean for a group, and for a learner who has fulfilled nothing of it yet.

    ``awards``: the event alone earns the badge, provided the group is active. ``letters`` are what the group asks for,
    ``fulfilled`` those of them that the event fulfils. ``attributes`` are what the credential would tell by this event
    alone, by attribute key, empty where it says nothing. ``not_understood`` are paths that such events do not have.
    """

    event_type: str
    facts: Mapping[str, Fact]
    requirements: list[Trial]
    penalties: list[Trial]
    letters: frozenset[str]
    fulfilled: frozenset[str]
    attributes: dict[str, str]
    not_understood: list[str]

    @property
    def awards(self) -> bool:
        """Whether every letter is fulfilled, and there is one."""
        return bool(self.letters) and self.fulfilled == self.letters


def simulate(group: AccredibleGroup, event_type: str, payload: Mapping[str, Any]) -> Simulation:
    """Try an event on ``group`` as it is stored, active or not; writes nothing, and raises for no payload.

    ``payload`` maps the members of the event's signal to objects or to dicts of the same shape, or paths as
    ``course.course_key`` to values; texts are read as what stands at their path.
    """
    facts, not_understood = _facts(event_type, payload)
    requirements = [_trial(item, event_type, facts) for item in group.requirements.prefetch_related("rules")]
    penalties = [_trial(item, event_type, facts) for item in group.penalties.prefetch_related("rules", "requirements")]
    fulfils = _letters(trial for trial in requirements if trial.holds)
    decision = decide(
        fulfilled={},
        resets={},
        fulfils=fulfils,
        penalised={item.pk for trial in penalties if trial.holds for item in trial.subject.requirements.all()},
        at=timezone.now(),
    )
    return Simulation(
        event_type=event_type,
        facts=facts,
        requirements=requirements,
        penalties=penalties,
        letters=frozenset(_letters(requirements).values()),
        fulfilled=frozenset(fulfils[pk] for pk in decision.gained),
        attributes=_attributes(group, event_type, facts),
        not_understood=not_understood,
    )


def _trial(subject: BadgeRequirement | BadgePenalty, event_type: str, facts: Mapping[str, Fact]) -> Trial:
    if subject.event_type != event_type:
        return Trial(subject, concerned=False, holds=False, rules=[])
    rules = subject.rules.all()
    any_event = isinstance(subject, BadgeRequirement) and subject.any_event
    return Trial(subject, concerned=True, holds=any_event or all_hold(rules, facts), rules=explain(rules, facts))


def _letters(requirements: Iterable[Trial]) -> dict[int, str]:
    return {trial.subject.pk: letter_of(trial.subject.pk, trial.subject.blend) for trial in requirements}


def _attributes(group: AccredibleGroup, event_type: str, facts: Mapping[str, Fact]) -> dict[str, str]:
    mapping = list(group.custom_attributes.all())
    mapped = {attribute.value for attribute in mapping} & facts.keys()
    found = values(mapping, [KeptFacts(event_type, timezone.now(), storable_facts(facts, mapped))])
    return {attribute.name: found.get(attribute.name, "") for attribute in mapping}


def _facts(event_type: str, payload: Mapping[str, Any]) -> tuple[dict[str, Fact], list[str]]:
    written = dict(_paths(payload))
    facts = flatten(event_type, payload)
    kinds = {keypath.path: keypath.kind for keypath in keypaths(event_type, ())}
    for path in kinds.keys() & written.keys():
        facts[path] = fact(written[path], kinds[path])
    members = OpenEdxPublicSignal.get_signal_by_type(event_type).init_data if is_known_event_type(event_type) else ()
    understood = {*kinds, *members, *(f"{member}.{path}" for member in members for path in kinds)}
    return facts, [path for path in written if path not in understood]


def _paths(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        path = f"{above}{name}"
        if isinstance(item, Mapping):
            yield from _paths(item, f"{path}.")
        else:
            yield path, item
