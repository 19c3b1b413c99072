"""What a take-over did, or would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credentials_accredible.choices import Takeover
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.rules.configuration import figures_in_words

# What is counted of a group, in the order in which it is told.
COUNTED = ("requirements", "rules", "penalties", "progress", "fulfilments", "badges")


@dataclass
class AdoptedGroup:
    """One group of the built-in integration; ``group`` is the one here, None where there is none.

    ``reason`` says why it is refused, or why there is nothing to do. ``switched`` says whether its badge is issued here
    from now on, and there no more; of an undo, the other way round. ``early`` are learners who were awarded the badge
    there though letters were missing: user names, with the letters that they have and those that there are. ``notes``
    say what is otherwise than it was there.
    """

    builtin_id: int
    name: str
    way: Takeover = Takeover.NEW
    reason: str = ""
    group: AccredibleGroup | None = None
    switched: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    early: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _left: dict[str, None] = field(default_factory=dict)

    @property
    def left(self) -> list[str]:
        """What was not taken over, a sentence each."""
        return list(self._left)

    def leave(self, sentence: str) -> None:
        """Note what was not taken over, and why; once is enough."""
        self._left[sentence] = None

    @property
    def refused(self) -> bool:
        return self.way == Takeover.REFUSED

    def refuse(self, reason: str) -> None:
        """Nothing of it is taken over, or given back, for that reason."""
        self.way, self.reason = Takeover.REFUSED, reason

    @property
    def is_changed(self) -> bool:
        """Whether anything of it was taken over, or given back."""
        return self.way in {Takeover.NEW, Takeover.JOINED, Takeover.BADGES, Takeover.UNDONE} or bool(
            self.counts.total()
        )


@dataclass
class AdoptedConfig:
    """One API configuration of the built-in integration, with its groups; ``config`` is the one here.

    ``way``, ``reason`` and ``notes`` as of a group.
    """

    builtin_id: int
    name: str
    way: Takeover = Takeover.NEW
    reason: str = ""
    config: AccredibleAPIConfig | None = None
    groups: list[AdoptedGroup] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        return self.way == Takeover.REFUSED

    def refuse(self, reason: str) -> None:
        """Nothing of it is taken over, or given back, for that reason."""
        self.way, self.reason = Takeover.REFUSED, reason


@dataclass
class Adoption:
    """A take-over, or an undo of one, of all configurations that were asked for."""

    configs: list[AdoptedConfig] = field(default_factory=list)

    @property
    def groups(self) -> Iterator[AdoptedGroup]:
        return (group for config in self.configs for group in config.groups)

    @property
    def refused(self) -> int:
        """How many configurations and groups were refused."""
        return sum(item.refused for item in self.configs) + sum(item.refused for item in self.groups)

    def keep_all(self) -> None:
        """What was to be given back stays, because something else cannot be."""
        items: list[AdoptedConfig | AdoptedGroup] = [*self.configs, *self.groups]
        for item in items:
            if item.way == Takeover.UNDONE:
                item.way = Takeover.KEPT

    @property
    def is_changed(self) -> bool:
        """Whether anything was taken over, or given back."""
        made = {Takeover.NEW, Takeover.JOINED, Takeover.UNDONE}
        return any(item.way in made for item in self.configs) or any(item.is_changed for item in self.groups)


def adoption_figures(group: AdoptedGroup) -> str:
    """How much of a group was taken over, or given back, in one line."""
    counts = group.counts
    parts = [
        *figures_in_words(counts["requirements"], counts["rules"], counts["penalties"]),
        ngettext("the progress of %d learner", "the progress of %d learners", counts["progress"]) % counts["progress"],
        ngettext("%d fulfilment", "%d fulfilments", counts["fulfilments"]) % counts["fulfilments"],
        ngettext("%d badge", "%d badges", counts["badges"]) % counts["badges"],
    ]
    if counts["undelivered"]:
        words = ngettext("%d of them without a credential", "%d of them without a credential", counts["undelivered"])
        parts[-1] += f" ({words % counts['undelivered']})"
    return ", ".join(parts)


def adoption_switch(group: AdoptedGroup) -> str:
    """Who issues the badge of a group from now on, a sentence; empty where that is as it was."""
    if not group.switched:
        return ""
    if group.way == Takeover.UNDONE:
        return _("The built-in integration issues its badge again.")
    return _("Its badge is issued here from now on, and by the built-in integration no more.")
