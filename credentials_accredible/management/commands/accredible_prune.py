"""Deletes what is older than it is kept: snapshots, sync runs, log entries, failed events and more; for cron."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credentials_accredible import api
from credentials_accredible.management.base import AccredibleCommand, counted
from credentials_accredible.text import identifier, spelled_out, whole_number

# A century is longer than anything is kept, and still a date.
_LONGEST = 36_500
_COUNTED = {
    "snapshots": "snapshot",
    "runs": "sync run",
    "badge_log": "log entry",
    "history": "row of history",
    "early_penalties": "early penalty",
    "failed_events": "failed event",
}


def _days(text: str) -> int:
    number = whole_number(identifier(text), most=_LONGEST)
    if number is None:
        raise ArgumentTypeError(
            _("“%(text)s” is not a number of days from 0 to %(longest)s")
            % {"text": spelled_out(text), "longest": _LONGEST}
        )
    return number


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Deletes snapshots, sync runs, log entries, history, early penalties and failed events that "
        "are older than the settings say."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help=_("only count"))
        for option, setting in (
            ("--snapshots-days", "SNAPSHOT_DAYS"),
            ("--runs-days", "RUN_DAYS"),
            ("--badge-log-days", "BADGE_LOG_DAYS"),
            ("--history-days", "HISTORY_DAYS"),
            ("--early-penalties-days", "LATE_EVENT_DAYS"),
            ("--failed-events-days", "FAILED_EVENT_DAYS"),
        ):
            parser.add_argument(
                option, type=_days, metavar="N", help=_("instead of the setting %(setting)s") % {"setting": setting}
            )

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
        figures = ", ".join(counted(counts[name], noun) for name, noun in _COUNTED.items())
        words = _("Would be deleted: %(figures)s.") if options["dry_run"] else _("Deleted: %(figures)s.")
        self.stdout.write(self.style.SUCCESS(words % {"figures": figures}))
