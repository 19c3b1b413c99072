"""What an event would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible.badges.custom_attributes import Mapped, Said, values
from credentials_accredible.events.catalogue import is_known, keypaths
from credentials_accredible.events.event import flatten, storable_facts
from credentials_accredible.events.values import Fact, fact
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement
from credentials_accredible.rules.index import letter_of
from credentials_accredible.rules.matching import RuleResult, explain


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
    penalised = [trial.subject for trial in penalties if trial.holds]
    taken_back = {requirement.pk for penalty in penalised for requirement in penalty.requirements.all()}
    return Simulation(
        event_type=event_type,
        facts=facts,
        requirements=requirements,
        penalties=penalties,
        letters=_letters(requirements),
        fulfilled=_letters([trial for trial in requirements if trial.holds and trial.subject.pk not in taken_back]),
        attributes=_attributes(group, event_type, facts),
        not_understood=not_understood,
    )


def _trial(subject: BadgeRequirement | BadgePenalty, event_type: str, facts: Mapping[str, Fact]) -> Trial:
    if subject.event_type != event_type:
        return Trial(subject, concerned=False, holds=False, rules=[])
    rules = explain(subject.rules.all(), facts)
    any_event = isinstance(subject, BadgeRequirement) and subject.any_event
    return Trial(subject, concerned=True, holds=any_event or (bool(rules) and all(r.holds for r in rules)), rules=rules)


def _letters(trials: Sequence[Trial]) -> frozenset[str]:
    return frozenset(letter_of(trial.subject.pk, trial.subject.blend) for trial in trials)


def _attributes(group: AccredibleGroup, event_type: str, facts: Mapping[str, Fact]) -> dict[str, str]:
    mapping = [Mapped(item.name, item.source, item.value) for item in group.custom_attributes.all()]
    said = Said(event_type, timezone.now(), storable_facts(facts, {item.value for item in mapping} & facts.keys()))
    found = values(mapping, [said])
    return {item.name: found.get(item.name, "") for item in mapping}


def _facts(event_type: str, payload: Mapping[str, Any]) -> tuple[dict[str, Fact], list[str]]:
    written = dict(_paths(payload))
    facts = flatten(event_type, payload)
    kinds = {keypath.path: keypath.kind for keypath in keypaths(event_type, ())}
    for path in kinds.keys() & written.keys():
        facts[path] = fact(written[path], kinds[path])
    members = OpenEdxPublicSignal.get_signal_by_type(event_type).init_data if is_known(event_type) else ()
    understood = {*kinds, *members, *(f"{member}.{path}" for member in members for path in kinds)}
    return facts, [path for path in written if path not in understood]


def _paths(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        path = f"{above}{name}"
        if isinstance(item, Mapping):
            yield from _paths(item, f"{path}.")
        else:
            yield path, item
