"""Gives badges to learners who have qualified already, by grades and certificates that the service keeps."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credentials_accredible import api
from credentials_accredible.management.base import AccredibleCommand, add_format_option, counted, number_from
from credentials_accredible.models import AccredibleGroup
from credentials_accredible.text import one_line, spelled_out


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Gives learners who have qualified already their fulfilments and badges of a group, by the "
        "passing grades and course certificates that the service keeps. Counts first. Can be stopped "
        "and run again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--group",
            action="extend",
            nargs="+",
            required=True,
            metavar="ID_OR_NAME",
            help=_("its id at Accredible, its UUID or its name; can be repeated"),
        )
        parser.add_argument(
            "--since", type=_time, metavar="TIME", help=_("only by what happened then or later: ISO 8601")
        )
        parser.add_argument(
            "--limit", type=number_from(1), metavar="N", help=_("end once N learners have gained something")
        )
        parser.add_argument("--dry-run", action="store_true", help=_("only count, and write nothing"))
        add_format_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        as_text = options["format"] == "text"
        chosen = {"since": options["since"], "limit": options["limit"]}
        results = []
        for group in api.find_groups(options["group"]):
            done = expected = api.backfill(group, dry_run=True, **chosen)
            if as_text:
                words = _("%(name)s: %(learners)s with %(records)s; %(fulfilments)s, %(badges)s to come.")
                self.stdout.write(words % _figures(group, expected))
                for note in api.backfill_notes(expected):
                    self.stdout.write(f"  {note}")
            if not options["dry_run"]:
                done = api.backfill(group, dry_run=False, **chosen)
                if as_text:
                    words = _("%(name)s: %(learners)s with %(records)s; %(fulfilments)s, %(badges)s given.")
                    self.stdout.write(self.style.SUCCESS(words % _figures(group, done)))
            results.append(_as_dict(group, done, dry_run=options["dry_run"]))
        if not as_text:
            self.write_json(results)
        elif options["dry_run"]:
            self.stdout.write(_("Nothing was written."))


def _figures(group: AccredibleGroup, done: api.Backfill) -> dict[str, str]:
    return {
        "name": one_line(group.name),
        "learners": counted(done.learners, "learner"),
        "records": counted(done.records, "record"),
        "fulfilments": counted(done.fulfilments, "fulfilment"),
        "badges": counted(done.badges, "badge"),
    }


def _as_dict(group: AccredibleGroup, done: api.Backfill, *, dry_run: bool) -> dict[str, Any]:
    return {
        "group": group.accredible_id,
        "name": group.name,
        "dry_run": dry_run,
        "learners": done.learners,
        "records": done.records,
        "gaining": done.gaining,
        "fulfilments": done.fulfilments,
        "badges": done.badges,
        "held_back": done.held_back,
        "cannot_tell": done.uncertain,
        "missing": sorted(done.missing),
        "not_kept": sorted(done.not_kept),
        "failed": done.failed,
        "without_account": done.without_account,
        "complete": done.complete,
    }


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ArgumentTypeError(
            _("“%(text)s” is no time, as 2025-01-31 or 2025-01-31T12:00Z") % {"text": spelled_out(text)}
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
