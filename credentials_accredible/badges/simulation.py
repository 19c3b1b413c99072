"""What events would do, one after the other, without doing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible.badges.custom_attributes import KeptFacts, values
from credentials_accredible.badges.decision import Fulfilled, decide
from credentials_accredible.badges.standing import NOWHERE, Standing
from credentials_accredible.choices import BadgeStatus
from credentials_accredible.events.catalogue import is_known_event_type, keypaths
from credentials_accredible.events.event import flatten, storable_facts
from credentials_accredible.events.values import Fact, fact
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement, CustomAttribute
from credentials_accredible.rules.index import letter_of
from credentials_accredible.rules.matching import RuleResult, all_hold, explain

# Between two events that are tried.
_LATER = timedelta(seconds=1)


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
    """What an event would mean for a group, and for a learner.

    ``letters`` are what the group asks for, ``fulfilled`` those of them that the learner has fulfilled after the event.
    ``gained``, ``renewed`` and ``taken`` are primary keys of requirements: fulfilled by it, fulfilled again, taken
    back. ``awards`` and ``revokes``: the badge, provided the group is active; ``badge`` is its status afterwards, empty
    where there is none. ``attributes`` are what a credential would tell then, by attribute key, empty where it says
    nothing. ``not_understood`` are paths that such events do not have.
    """

    event_type: str
    facts: Mapping[str, Fact]
    requirements: list[Trial]
    penalties: list[Trial]
    letters: frozenset[str]
    fulfilled: frozenset[str]
    gained: frozenset[int]
    renewed: frozenset[int]
    taken: frozenset[int]
    awards: bool
    revokes: bool
    badge: str
    attributes: dict[str, str]
    not_understood: list[str]


def simulate(group: AccredibleGroup, event_type: str, payload: Mapping[str, Any]) -> Simulation:
    """Try an event on ``group`` as it is stored, active or not, for a learner who has fulfilled nothing of it yet.

    Writes nothing, and raises for no payload. ``payload`` maps the members of the event's signal to objects or to dicts
    of the same shape, or paths as ``course.course_key`` to values; texts are read as what stands at their path.
    """
    (found,) = simulate_in_order(group, [(event_type, payload)])
    return found


def simulate_in_order(
    group: AccredibleGroup, events: Iterable[tuple[str, Mapping[str, Any]]], standing: Standing = NOWHERE
) -> list[Simulation]:
    """Try several events, types and payloads as for ``simulate``, each after the one before it, from ``standing`` on.

    They happen after all that the learner has done so far. The queries are the same however many there are.
    """
    learner = _Learner(group, standing)
    return [learner.after(event_type, payload) for event_type, payload in events]


class _Learner:
    """Where somebody stands in a group while events are tried."""

    def __init__(self, group: AccredibleGroup, standing: Standing) -> None:
        self._requirements = list(group.requirements.prefetch_related("rules"))
        self._penalties = list(group.penalties.prefetch_related("rules", "requirements"))
        self._mapping: list[CustomAttribute] = list(group.custom_attributes.all())
        self._letters = {item.pk: letter_of(item.pk, item.blend) for item in self._requirements}
        self._fulfilled, self._resets = dict(standing.fulfilled), dict(standing.resets)
        self._facts, self._badge = dict(standing.facts), standing.badge
        known = (item.time for item in self._fulfilled.values())
        self._now = max([timezone.now(), *known, *self._resets.values()])

    def after(self, event_type: str, payload: Mapping[str, Any]) -> Simulation:
        """What one more event means, which is taken into account from now on."""
        self._now += _LATER
        facts, not_understood = _facts(event_type, payload)
        requirements = [_trial(item, event_type, facts) for item in self._requirements]
        penalties = [_trial(item, event_type, facts) for item in self._penalties]
        decision = decide(
            fulfilled=self._fulfilled,
            resets=self._resets,
            fulfils={trial.subject.pk: self._letters[trial.subject.pk] for trial in requirements if trial.holds},
            penalised={item.pk for trial in penalties if trial.holds for item in trial.subject.requirements.all()},
            at=self._now,
        )
        self._resets |= decision.resets
        for pk in decision.taken:
            del self._fulfilled[pk]
            self._facts.pop(pk, None)
        kept = KeptFacts(event_type, self._now, storable_facts(facts, self._mapped() & facts.keys()))
        for pk in decision.gained | decision.renewed:
            self._fulfilled[pk] = Fulfilled(self._letters[pk], self._now)
            self._facts[pk] = kept
        fulfilled = frozenset(item.letter for item in self._fulfilled.values())
        letters = frozenset(self._letters.values())
        # One that was revoked, events do not award again.
        awards = bool(decision.gained) and fulfilled == letters and not self._badge
        revokes = bool(decision.letters_lost) and self._badge == BadgeStatus.AWARDED
        if awards or revokes:
            self._badge = BadgeStatus.AWARDED if awards else BadgeStatus.REVOKED
        return Simulation(
            event_type=event_type,
            facts=facts,
            requirements=requirements,
            penalties=penalties,
            letters=letters,
            fulfilled=fulfilled,
            gained=decision.gained,
            renewed=decision.renewed,
            taken=decision.taken,
            awards=awards,
            revokes=revokes,
            badge=self._badge,
            attributes=self._attributes(),
            not_understood=not_understood,
        )

    def _mapped(self) -> set[str]:
        return {attribute.value for attribute in self._mapping}

    def _attributes(self) -> dict[str, str]:
        found = values(self._mapping, self._facts.values())
        return {attribute.name: found.get(attribute.name, "") for attribute in self._mapping}


def _trial(subject: BadgeRequirement | BadgePenalty, event_type: str, facts: Mapping[str, Fact]) -> Trial:
    if subject.event_type != event_type:
        return Trial(subject, concerned=False, holds=False, rules=[])
    rules = subject.rules.all()
    any_event = isinstance(subject, BadgeRequirement) and subject.any_event
    return Trial(subject, concerned=True, holds=any_event or all_hold(rules, facts), rules=explain(rules, facts))


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
