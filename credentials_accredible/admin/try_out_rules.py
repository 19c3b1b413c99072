"""What a group asks for, as the page "Try out" tells it and fills in its fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.admin.base import may_see
from credentials_accredible.admin.try_out_forms import Offer, plain
from credentials_accredible.models import AccredibleGroup, CustomAttribute


class GroupRules:
    """What a group asks for, as far as somebody may see it, and what each requirement and penalty is called."""

    def __init__(self, request: HttpRequest, group: AccredibleGroup) -> None:
        prefetch_related_objects([group], *api.PREFETCH)
        found, refs = api.configuration_of(group)
        self.requirements: dict[int, Any] = {pk: found.requirements[ref - 1] for pk, ref in refs.items()}
        keys = sorted(item.pk for item in group.penalties.all())
        self.penalties = dict(zip(keys, found.penalties, strict=True))
        attributes = found.custom_attributes if may_see(request, CustomAttribute) else ()
        self.configuration = found.model_copy(update={"custom_attributes": attributes})
        self.words = api.words_of(self.configuration)
        self.names = _names(self.requirements, self.words.requirements)
        self.penalty_names = _names(self.penalties, self.words.penalties)
        self._letters: dict[str, list[int]] = defaultdict(list)
        for pk, item in self.requirements.items():
            self._letters[api.letter_of(pk, item.blend)].append(pk)

    @property
    def parts(self) -> int:
        """How many parts there are: letters, of which each is needed."""
        return len(self._letters)

    def reached(self, letters: Collection[str]) -> int:
        """How many of its parts ``letters`` are."""
        return len(self._letters.keys() & set(letters))

    def missing(self, letters: Collection[str]) -> list[str]:
        """What is still asked for, part by part, where ``letters`` are fulfilled."""
        between = format_html(" <strong>{}</strong> ", gettext("or"))
        return [
            format_html_join(between, "{}", ((self.names[pk],) for pk in keys))
            for letter, keys in self._letters.items()
            if letter not in letters
        ]

    def events(self, letters: Collection[str]) -> list[api.TriedEvent]:
        """An event for each requirement whose part is missing where ``letters`` are fulfilled.

        Then one for each penalty; but not for who has only come some of the way, and wants to know how it goes on.
        """
        asked = [item for pk, item in self.requirements.items() if api.letter_of(pk, item.blend) not in letters]
        penalties = () if asked and letters else self.configuration.penalties
        found = self.configuration.model_copy(update={"requirements": tuple(asked)})
        return api.events_of(found.model_copy(update={"penalties": penalties}))

    def as_fields(self, step: api.Simulation) -> api.TriedEvent:
        """The event of a step with a text for each field: wherever rules look, and wherever it says something."""
        looked_at = {found.path for found in api.paths_looked_at(self.configuration, step.event_type)}
        said = {path: api.as_text(fact) for path, fact in step.facts.items()}
        return api.TriedEvent(step.event_type, {path: text for path, text in said.items() if text or path in looked_at})

    def explained(self, step: api.Simulation) -> list[tuple[str, Any]]:
        """Each requirement and penalty that is about such events with its name, what holds most first."""
        found = [(self.names.get(trial.subject.pk, ""), trial) for trial in step.requirements]
        found += [(self.penalty_names.get(trial.subject.pk, ""), trial) for trial in step.penalties]
        return sorted(((name, trial) for name, trial in found if name and trial.concerned), key=_distance)

    def offers(self) -> list[tuple[str, list[Offer]]]:
        """The events that can be added, under headings."""
        return [
            (gettext("Requirements"), self._offered("requirement", self.requirements, self.names)),
            (gettext("Penalties"), self._offered("penalty", self.penalties, self.penalty_names)),
            (
                gettext("Any event"),
                [Offer(name, api.event_type_words(name), api.sample_of(name)) for name in api.offered_event_types()],
            ),
        ]

    def _offered(self, kind: str, items: Mapping[int, Any], names: Mapping[int, str]) -> list[Offer]:
        return [
            Offer(f"{kind}-{pk}", plain(names[pk]), api.event_for(item, self.configuration))
            for pk, item in items.items()
        ]


def _distance(explained: tuple[str, Any]) -> tuple[bool, float]:
    _name, trial = explained
    failing = sum(not result.holds for result in trial.rules)
    return not trial.holds, failing / len(trial.rules) if trial.rules else 1.0


def _names(items: Mapping[int, Any], words: Iterable[str]) -> dict[int, str]:
    """What staff call them, and what they ask for."""
    return {
        pk: format_html("<bdi>{}</bdi> ({})", item.description, said) if item.description else said
        for (pk, item), said in zip(items.items(), words, strict=True)
    }
