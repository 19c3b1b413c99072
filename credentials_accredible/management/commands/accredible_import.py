"""Makes what is configured under groups what a file says that accredible_export, or a person, has written."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from credentials_accredible import api
from credentials_accredible.exceptions import FileProblem, ImportRefused
from credentials_accredible.management.base import AccredibleCommand, add_config_option, counted
from credentials_accredible.text import one_line, shortened

_STANDARD_INPUT = "-"
# Characters of a name in a line.
_LONGEST = 60


class Command(AccredibleCommand):
    help = "Imports what is configured under groups from a file. All of it is imported, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="what to read, “-” for the standard input")
        add_config_option(
            parser, "import into this configuration, whatever the file calls it; THEIRS=OURS where the file has several"
        )
        parser.add_argument("--match", choices=[match.value for match in api.Match], default=api.Match.ID.value,
                            help="find groups by Accredible's id (default) or by name")  # fmt: skip
        parser.add_argument("--keep-activation", action="store_true", help="activate and deactivate no group")
        parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
        parser.add_argument("--force", action="store_true", help="also where learners lose what they have fulfilled")

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
            raise CommandError(f"{counted(len(error.problems), 'problem')}. Nothing was changed.") from None
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
            raise CommandError(f"{name} cannot be read: {error.strerror or error}.") from None


def _sentence(imported: api.Imported, *, dry_run: bool) -> str:
    changed = [plan for plan in imported.plans if plan]
    counts = {
        name: sum(plan.counts[name] for plan in imported.plans)
        for name in ("created", "updated", "removed", "unchanged")
    }
    figures = ", ".join(f"{number} {name}" for name, number in counts.items())
    state = "would be changed" if dry_run else "changed"
    costs = ""
    if imported.costs:
        costs = f" Learners {'would lose' if dry_run else 'lost'} {imported.costs} fulfilments"
        costs += ": that takes --force." if dry_run else "."
    return f"{len(changed)} of {len(imported.plans)} groups {state}: {figures}.{costs}"


def _lines(imported: api.Imported) -> Iterator[str]:
    """Lines for each group that changes: ``+`` created, ``~`` updated, ``-`` removed."""
    for plan in imported.plans:
        if plan:
            yield f"{one_line(plan.group.api_config.name)}: {plan.group.accredible_id}  {_shortened(plan.group.name)}"
            yield from (f"  {line}" for line in _group_lines(plan))


def _group_lines(plan: api.GroupPlan) -> Iterator[str]:
    if plan.activation is not None:
        yield f"~ {'activated' if plan.activation else 'deactivated'}"
    for kind, pairs in (
        ("requirement", plan.requirements),
        ("penalty", plan.penalties),
        ("custom attribute", plan.attributes),
    ):
        for pair in pairs:
            line = _line(kind, pair)
            if line:
                yield line


def _line(kind: str, pair: Any) -> str:
    what = f"{kind} {_name(pair.wanted or pair.stored)}"
    if pair.wanted is None:
        return f"- {what}" + (f": {pair.fulfilled} learners have fulfilled it" if pair.fulfilled else "")
    if pair.stored is None:
        return f"+ {what}"
    if not pair.changes:
        return ""
    kept = f"; {pair.fulfilled} learners have fulfilled it, and keep that" if pair.fulfilled else ""
    return f"~ {what}: {', '.join(pair.changes)}{kept}"


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
