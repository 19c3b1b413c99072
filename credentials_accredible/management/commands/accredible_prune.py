"""Deletes old snapshots, sync runs, log entries of badges and history: for cron."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError

# A century is longer than anything is kept, and still a date.
_LONGEST = 36_500


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) > _LONGEST:
        raise ArgumentTypeError(f"“{text}” is not a number of days from 0 to {_LONGEST}")
    return int(text)


class Command(BaseCommand):
    """Delete what is older than the settings, or the options, say."""

    help = "Deletes snapshots, sync runs, log entries of badges and history that are older than the settings say."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of the command."""
        parser.add_argument("--dry-run", action="store_true", help="only count")
        for option, setting in (
            ("--snapshots-days", "SNAPSHOT_DAYS"),
            ("--runs-days", "RUN_DAYS"),
            ("--badge-log-days", "BADGE_LOG_DAYS"),
            ("--history-days", "HISTORY_DAYS"),
        ):
            parser.add_argument(option, type=_days, metavar="N", help=f"instead of the setting {setting}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, and say how much."""
        try:
            counts = api.prune(
                dry_run=options["dry_run"],
                snapshots=options["snapshots_days"],
                runs=options["runs_days"],
                badge_log=options["badge_log_days"],
                history=options["history_days"],
            )
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        verb = "Would be deleted" if options["dry_run"] else "Deleted"
        figures = (
            f"{counts['snapshots']} snapshots, {counts['runs']} sync runs, {counts['badge_log']} log entries, "
            f"{counts['history']} rows of history"
        )
        self.stdout.write(self.style.SUCCESS(f"{verb}: {figures}."))
