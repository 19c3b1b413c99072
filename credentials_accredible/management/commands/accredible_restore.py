"""Brings removed groups back from their snapshots."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import api
from credentials_accredible.management.base import AccredibleCommand, add_format_option, add_pairs_option, number_from
from credentials_accredible.text import one_line


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Brings removed groups back with requirements, rules, penalties and progress: all that are asked for, or none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--run", type=number_from(1), metavar="ID", help=_("all groups that this sync run has removed")
        )
        what.add_argument(
            "--snapshot", type=number_from(1), action="extend", nargs="+", metavar="ID", help=_("these snapshots")
        )
        parser.add_argument("--dry-run", action="store_true", help=_("show what would come back, and write nothing"))
        add_pairs_option(
            parser,
            "--join",
            "SNAPSHOT=ACCREDIBLE_ID",
            _("the group here that this snapshot is of, recreated at Accredible; can be repeated"),
        )
        parser.add_argument(
            "--config", metavar="ID_OR_NAME", help=_("where groups go whose own configuration was deleted")
        )
        parser.add_argument(
            "--merge", action="store_true", help=_("add to groups that have been configured since, instead of refusing")
        )
        add_format_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        [config] = api.find_configs([options["config"]]) if options["config"] else [None]
        runs = [options["run"]] if options["run"] is not None else []
        snapshots = api.find_snapshots(options["snapshot"] or [], runs=runs)
        join = dict(options["join"])
        unknown = set(join) - {snapshot.pk for snapshot in snapshots}
        if unknown:
            raise CommandError(_("--join: snapshot %(id)s is not among those to be restored.") % {"id": min(unknown)})
        choices = api.RestoreChoices(config=config, join=join, merge=options["merge"])
        act = api.preview_restore if options["dry_run"] else api.restore
        items = act(snapshots, choices)
        refused = sum(item.refused for item in items)
        restored = not options["dry_run"] and not refused
        if options["format"] == "json":
            self.write_json([_as_dict(item, restored=restored) for item in items])
        else:
            for item in items:
                self._print(item)
        if refused:
            words = ngettext(
                "%(refused)s of %(count)s snapshot cannot be restored like this. Nothing was restored.",
                "%(refused)s of %(count)s snapshots cannot be restored like this. Nothing was restored.",
                len(items),
            )
            raise CommandError(words % {"refused": refused, "count": len(items)})

    def _print(self, item: api.Restoration) -> None:
        style = self.style.ERROR if item.refused else self.style.SUCCESS
        self.stdout.write(style(_title(item)))
        for line in _lines(item):
            self.stdout.write(f"  {line}")
        for group in item.same_name:
            self.stdout.write(f"    --join {item.snapshot.pk}={group.accredible_id}")


def _title(item: api.Restoration) -> str:
    name = one_line(item.snapshot.name)
    words = _("%(name)s (%(id)s), snapshot %(snapshot)s: %(way)s")
    return words % {
        "name": name,
        "id": item.snapshot.accredible_id,
        "snapshot": item.snapshot.pk,
        "way": item.way.label,
    }


def _lines(item: api.Restoration) -> Iterator[str]:
    """What is to be known of it, a line each: the reason or the figures, notes, and groups that could be the same."""
    if item.reason:
        yield item.reason
    if item.wanted:
        yield api.restoration_figures(item)
        yield from item.notes
    for group in item.same_name:
        text = _("The group %(id)s has the same name. If it is this one, recreated at Accredible, join it.")
        yield text % {"id": group.accredible_id}


def _as_dict(item: api.Restoration, *, restored: bool) -> dict[str, Any]:
    return {
        "snapshot": item.snapshot.pk,
        "accredible_id": item.snapshot.accredible_id,
        "name": item.snapshot.name,
        "config": item.config.pk if item.config else None,
        "way": str(item.way),
        "restored": restored and item.wanted,
        "group": item.group.pk if item.group else None,
        "reason": item.reason,
        **item.counts(),
        "notes": list(item.notes) if item.wanted else [],
        "same_name": [group.accredible_id for group in item.same_name],
    }
