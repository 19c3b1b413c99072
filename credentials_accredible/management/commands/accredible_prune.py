"""Deletes what is older than it is kept: snapshots, sync runs, log entries, failed events and more; for cron."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from credentials_accredible import api
from credentials_accredible.management.base import AccredibleCommand
from credentials_accredible.text import identifier, spelled_out, whole_number

# A century is longer than anything is kept, and still a date.
_LONGEST = 36_500


def _days(text: str) -> int:
    number = whole_number(identifier(text), most=_LONGEST)
    if number is None:
        raise ArgumentTypeError(f"“{spelled_out(text)}” is not a number of days from 0 to {_LONGEST}")
    return number


class Command(AccredibleCommand):
    help = (
        "Deletes snapshots, sync runs, log entries, history, early penalties and failed events that are older than the "
        "settings say."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        for option, setting in (
            ("--snapshots-days", "SNAPSHOT_DAYS"),
            ("--runs-days", "RUN_DAYS"),
            ("--badge-log-days", "BADGE_LOG_DAYS"),
            ("--history-days", "HISTORY_DAYS"),
            ("--early-penalties-days", "LATE_EVENT_DAYS"),
            ("--failed-events-days", "FAILED_EVENT_DAYS"),
        ):
            parser.add_argument(option, type=_days, metavar="N", help=f"instead of the setting {setting}")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = api.prune(
            dry_run=options["dry_run"],
            snapshots=options["snapshots_days"],
            runs=options["runs_days"],
            badge_log=options["badge_log_days"],
            history=options["history_days"],
            early_penalties=options["early_penalties_days"],
            failed_events=options["failed_events_days"],
        )
        verb = "Would be deleted" if options["dry_run"] else "Deleted"
        figures = (
            f"{counts['snapshots']} snapshots, {counts['runs']} sync runs, {counts['badge_log']} log entries, "
            f"{counts['history']} rows of history, {counts['early_penalties']} early penalties, "
            f"{counts['failed_events']} failed events"
        )
        self.stdout.write(self.style.SUCCESS(f"{verb}: {figures}."))
