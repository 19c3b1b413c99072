"""Makes what is configured under groups what a file says that accredible_export, or a person, has written."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import api
from credentials_accredible.exceptions import FileProblem, ImportRefused
from credentials_accredible.management.base import AccredibleCommand, add_config_option
from credentials_accredible.text import one_line, shortened

_STANDARD_INPUT = "-"
# Characters of a name in a line.
_LONGEST = 60


class Command(AccredibleCommand):
    about = gettext_lazy("Imports what is configured under groups from a file. All of it is imported, or nothing.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help=_("what to read, “-” for the standard input"))
        add_config_option(
            parser,
            _("import into this configuration, whatever the file calls it; THEIRS=OURS where the file has several"),
        )
        parser.add_argument("--match", choices=[match.value for match in api.Match], default=api.Match.ID.value,
                            help=_("find groups by Accredible's id (default) or by name"))  # fmt: skip
        parser.add_argument("--keep-activation", action="store_true", help=_("activate and deactivate no group"))
        parser.add_argument("--dry-run", action="store_true", help=_("show what would change, and write nothing"))
        parser.add_argument("--force", action="store_true", help=_("also where learners lose what they have fulfilled"))

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            done = api.import_groups(
                self._content(name),
                chosen=options["config"],
                match=api.Match(options["match"]),
                keep_activation=options["keep_activation"],
                force=options["force"],
                dry_run=options["dry_run"],
            )
        except ImportRefused as error:
            for line in _problem_lines(name, error.problems):
                self.stderr.write(line)
            words = ngettext(
                "%(count)s problem. Nothing was changed.",
                "%(count)s problems. Nothing was changed.",
                len(error.problems),
            )
            raise CommandError(words % {"count": len(error.problems)}) from None
        for line in _lines(done):
            self.stdout.write(line)
        self.stdout.write(self.style.SUCCESS(_sentence(done, dry_run=options["dry_run"])))

    @staticmethod
    def _content(name: str) -> bytes:
        if name == _STANDARD_INPUT:
            return sys.stdin.buffer.read(api.LARGEST_FILE + 1)
        try:
            with Path(name).open("rb") as file:
                return file.read(api.LARGEST_FILE + 1)
        except OSError as error:
            raise CommandError(
                _("%(name)s cannot be read: %(reason)s.") % {"name": name, "reason": error.strerror or error}
            ) from None


def _sentence(imported: api.Imported, *, dry_run: bool) -> str:
    changed = [plan for plan in imported.plans if plan]
    counts = {
        name: sum(plan.counts[name] for plan in imported.plans)
        for name in ("created", "updated", "removed", "unchanged")
    }
    figures = _("%(created)s created, %(updated)s updated, %(removed)s removed, %(unchanged)s unchanged") % counts
    words = (
        ngettext(
            "%(changed)s of %(count)s group would be changed: %(figures)s.",
            "%(changed)s of %(count)s groups would be changed: %(figures)s.",
            len(imported.plans),
        )
        if dry_run
        else ngettext(
            "%(changed)s of %(count)s group changed: %(figures)s.",
            "%(changed)s of %(count)s groups changed: %(figures)s.",
            len(imported.plans),
        )
    )
    sentences = [words % {"changed": len(changed), "count": len(imported.plans), "figures": figures}]
    if imported.costs:
        lost = (
            ngettext(
                "Learners would lose %(count)s fulfilment: that takes --force.",
                "Learners would lose %(count)s fulfilments: that takes --force.",
                imported.costs,
            )
            if dry_run
            else ngettext("Learners lost %(count)s fulfilment.", "Learners lost %(count)s fulfilments.", imported.costs)
        )
        sentences.append(lost % {"count": imported.costs})
    return " ".join(sentences)


def _lines(imported: api.Imported) -> Iterator[str]:
    """Lines for each group that changes: ``+`` created, ``~`` updated, ``-`` removed."""
    for plan in imported.plans:
        if plan:
            yield f"{one_line(plan.group.api_config.name)}: {plan.group.accredible_id}  {_shortened(plan.group.name)}"
            yield from (f"  {line}" for line in _group_lines(plan))


def _group_lines(plan: api.GroupPlan) -> Iterator[str]:
    if plan.activation is not None:
        yield f"~ {_('activated') if plan.activation else _('deactivated')}"
    for kind, pairs in (
        (_("requirement %(name)s"), plan.requirements),
        (_("penalty %(name)s"), plan.penalties),
        (_("custom attribute %(name)s"), plan.attributes),
    ):
        for pair in pairs:
            line = _line(kind, pair)
            if line:
                yield line


def _line(kind: str, pair: Any) -> str:
    what = kind % {"name": _name(pair.wanted or pair.stored)}
    if pair.wanted is None:
        if not pair.fulfilled:
            return f"- {what}"
        words = ngettext(
            "%(what)s: %(count)s learner has fulfilled it",
            "%(what)s: %(count)s learners have fulfilled it",
            pair.fulfilled,
        )
        return f"- {words % {'what': what, 'count': pair.fulfilled}}"
    if pair.stored is None:
        return f"+ {what}"
    if not pair.changes:
        return ""
    changed = f"{what}: {', '.join(pair.changes)}"
    if not pair.fulfilled:
        return f"~ {changed}"
    words = ngettext(
        "%(changed)s; %(count)s learner has fulfilled it, and keeps that",
        "%(changed)s; %(count)s learners have fulfilled it, and keep that",
        pair.fulfilled,
    )
    return f"~ {words % {'changed': changed, 'count': pair.fulfilled}}"


def _name(item: Any) -> str:
    letter = getattr(item, "blend", "")
    name = getattr(item, "name", "") or item.description or item.event_type
    return f"{letter} “{_shortened(name)}”".strip()


def _shortened(text: str) -> str:
    return shortened(one_line(text), _LONGEST)


def _problem_lines(name: str, problems: Iterable[FileProblem]) -> Iterator[str]:
    """A line for each problem of the file called ``name``, as editors and terminals know them."""
    for problem in problems:
        place = f"{name}:{problem.line}:{problem.column}" if problem.line else name
        yield f"{place}: {one_line(problem.message)}"
