"""Imports the groups of Accredible accounts; one that fails does not stop the others."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.sites.models import Site
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from credentials_accredible import api
from credentials_accredible.choices import RunTrigger
from credentials_accredible.management.base import (
    AccredibleCommand,
    add_config_option,
    add_format_option,
    add_pairs_option,
    no_configs,
    number_from,
)
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.text import moment, one_line, shortened

# Characters of a value in a line.
_LONGEST = 60


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Imports the groups of Accredible accounts. Exits with 1 if a configuration failed or was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        add_config_option(which)
        which.add_argument("--due", action="store_true", help=_("only those whose scheduled sync is due: for cron"))
        parser.add_argument(
            "--site", type=number_from(1), metavar="ID", help=_("the site that new groups get (default: SITE_ID)")
        )
        parser.add_argument("--dry-run", action="store_true", help=_("show what would change, and write nothing"))
        parser.add_argument(
            "--force", action="store_true", help=_("remove groups even where the removal guard would refuse")
        )
        add_pairs_option(
            parser,
            "--carry-over",
            "OLD_ID=NEW_ID",
            _("a group that is gone and the new one that was made at Accredible in its place; can be repeated"),
        )
        parser.add_argument(
            "--refresh-icons", action="store_true", help=_("read every design again, not only new and changed ones")
        )
        add_format_option(parser)
        parser.add_argument("--no-progress", action="store_true", help=_("no progress bar, on a terminal either"))

    def handle(self, *args: Any, **options: Any) -> None:
        site = self._site(options["site"])
        outcomes = []
        for config in self._configs(options):
            with self._progress(config.name, shown=not options["no_progress"]) as progress:
                outcome = self._sync(config, site, progress, options)
            outcomes.append(outcome)
            if options["format"] == "text":
                self._print(outcome, dry_run=options["dry_run"])
        if options["format"] == "json":
            self.write_json([_as_dict(outcome) for outcome in outcomes])
        elif not outcomes and not options["due"]:
            self.stderr.write(no_configs())
        failed = sum(not outcome.succeeded for outcome in outcomes)
        if failed:
            words = ngettext(
                "%(failed)s of %(count)s configuration not synced.",
                "%(failed)s of %(count)s configurations not synced.",
                len(outcomes),
            )
            raise CommandError(words % {"failed": failed, "count": len(outcomes)})

    @staticmethod
    def _configs(options: dict[str, Any]) -> Iterable[AccredibleAPIConfig]:
        if not options["due"]:
            found = api.find_configs(options["config"])
            if options["carry_over"] and len(found) != 1:
                raise CommandError(_("--carry-over is for one configuration: name it with --config."))
            return found
        if options["force"] or options["dry_run"] or options["carry_over"]:
            raise CommandError(
                _("--due goes without --force, --carry-over and --dry-run: what is due is synced, and stays guarded.")
            )
        # One by one: each look may have to wait for the database.
        return iter(lambda: api.patiently(lambda: next(api.claim_due_syncs(), None)), None)

    @staticmethod
    def _sync(config: Any, site: Site | None, progress: api.Progress, options: dict[str, Any]) -> api.Outcome:
        icons, carry_over = options["refresh_icons"], dict(options["carry_over"])
        if options["dry_run"]:
            return api.preview(
                config, force=options["force"], carry_over=carry_over, refresh_icons=icons, progress=progress
            )
        return api.sync(
            config,
            trigger=RunTrigger.SCHEDULE if options["due"] else RunTrigger.COMMAND,
            site=site,
            consent=api.Consent(force=options["force"], carry_over=carry_over),
            refresh_icons=icons,
            progress=progress,
        )

    def _print(self, outcome: api.Outcome, *, dry_run: bool) -> None:
        style = self.style.SUCCESS if outcome.succeeded else self.style.ERROR
        state = _("would be synced") if dry_run and outcome.succeeded else outcome.status.label
        self.stdout.write(style(f"{outcome.config.name}: {state}: {outcome.sentence}"))
        for warning in outcome.warnings:
            self.stdout.write(self.style.WARNING(f"  {_('warning: %(text)s') % {'text': warning}}"))
        if outcome.plan and (dry_run or not outcome.succeeded):
            for line in _plan_lines(outcome.plan, outcome.holdings):
                self.stdout.write(f"  {line}")
        elif outcome.plan:
            for line in _conflict_lines(outcome.plan):
                self.stdout.write(self.style.WARNING(f"  {line}"))

    @staticmethod
    def _site(pk: int | None) -> Site | None:
        if pk is None:
            return None
        try:
            return Site.objects.get(pk=pk)
        except Site.DoesNotExist:
            known = ", ".join(f"{site.pk} ({site.domain})" for site in Site.objects.all())
            raise CommandError(
                _("There is no site %(pk)s. Existing ones: %(known)s.") % {"pk": pk, "known": known}
            ) from None

    @contextmanager
    def _progress(self, name: str, *, shown: bool) -> Iterator[api.Progress]:
        console = Console(stderr=True)
        if not shown or not console.is_terminal:
            yield lambda stage, done, total, kept_back: None
            return
        columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()]
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=None)

            def show(stage: str, done: int, total: int | None, kept_back: float) -> None:
                words = f"{name}: {api.wait_sentence(kept_back) or stage}"
                bar.update(task, description=words, completed=done, total=total, refresh=True)

            yield show


def _as_dict(outcome: api.Outcome) -> dict[str, Any]:
    return {
        "config": outcome.config.pk,
        "name": outcome.config.name,
        "status": str(outcome.status),
        **api.plan_figures(outcome.plan if outcome.succeeded else None),
        "same_name": [
            {"removed": offer.local.accredible_id, "created": offer.remote.accredible_id}
            for offer in (outcome.plan.lookalikes if outcome.plan else ())
        ],
        "error": outcome.error,
        "run": outcome.run.pk if outcome.run else None,
    }


def _plan_lines(plan: api.Plan, hanging: dict[int, api.Holdings]) -> Iterator[str]:
    """A line for each group that would change, and what could be done instead.

    ``+`` created, ``~`` updated, ``>`` carried over, ``-`` removed, ``!`` conflicting, ``?`` could be carried over.
    """
    for group in plan.create:
        yield f"+ {group.accredible_id}  {group.name}"
    for update in plan.update:
        yield f"~ {update.local.accredible_id}  {update.remote.name}"
        yield from (f"    {_describe(change)}" for change in update.changes)
    for carried in plan.carry:
        yield f"> {carried.local.accredible_id} -> {carried.remote.accredible_id}  {carried.remote.name}"
        kept = hanging.get(carried.local.pk, api.Holdings())
        yield f"    {_('keeps %(kept)s; is inactive afterwards') % {'kept': kept}}"
    for local in plan.remove:
        state = _("active") if local.is_active else _("inactive")
        yield f"- {local.accredible_id}  {local.name}"
        yield f"    {state}, {hanging.get(local.pk, api.Holdings())}"
    yield from _conflict_lines(plan)
    for offer in plan.lookalikes:
        old, new = offer.local.accredible_id, offer.remote.accredible_id
        yield f"? {old} -> {new}  {offer.remote.name}"
        words = _("this looks like the same group, recreated at Accredible. To carry its configuration over:")
        yield f"    {words}"
        yield f"    --carry-over {old}={new}"


def _conflict_lines(plan: api.Plan) -> Iterator[str]:
    for conflict in plan.conflicting:
        yield f"! {conflict.remote.accredible_id}  {conflict.remote.name}"
        yield f"    {_('held by “%(holder)s” already') % {'holder': conflict.holder}}"
    if plan.conflicting:
        yield api.conflict_advice()


def _describe(change: api.Change) -> str:
    return f"{api.field_label(change.field)}: {_short(change.old)} -> {_short(change.new)}"


def _short(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    return shortened(one_line(str(value if value not in (None, "") else _("(none)"))), _LONGEST)
