"""Makes what is configured under groups what a file of another installation says."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from credentials_accredible import api
from credentials_accredible.exceptions import ImportRefused
from credentials_accredible.portability import report

_STANDARD_INPUT = "-"


class Command(BaseCommand):
    """Import a file that accredible_export has written, or a person."""

    help = "Imports what is configured under groups from a file. All of it is imported, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of the command."""
        parser.add_argument("file", metavar="FILE", help="what to read, “-” for the standard input")
        parser.add_argument(
            "--config",
            action="extend",
            nargs="+",
            default=[],
            metavar="ID_OR_NAME",
            help="import into this configuration, whatever the file calls it; THEIRS=OURS where the file has several",
        )
        parser.add_argument("--match", choices=[match.value for match in api.Match], default=api.Match.ID.value,
                            help="find groups by Accredible's id (default) or by name")  # fmt: skip
        parser.add_argument("--keep-activation", action="store_true", help="activate and deactivate no group")
        parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
        parser.add_argument("--force", action="store_true", help="also where learners lose what they have fulfilled")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file, and say what changed."""
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
            for line in report.problem_lines(name, error.problems):
                self.stderr.write(line)
            number = len(error.problems)
            raise CommandError(f"{number} problem{'s' * (number != 1)}. Nothing was changed.") from None
        for line in report.lines(done):
            self.stdout.write(line)
        self.stdout.write(self.style.SUCCESS(report.sentence(done, dry_run=options["dry_run"])))

    @staticmethod
    def _content(name: str) -> bytes:
        if name == _STANDARD_INPUT:
            return sys.stdin.buffer.read(api.LARGEST_FILE + 1)
        try:
            with Path(name).open("rb") as file:
                return file.read(api.LARGEST_FILE + 1)
        except OSError as error:
            raise CommandError(f"{name} cannot be read: {error.strerror or error}.") from None
