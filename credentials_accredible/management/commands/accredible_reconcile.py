"""Compares badges with what Accredible has of them; a configuration that fails does not stop the others."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import api
from credentials_accredible.choices import Difference, Repair
from credentials_accredible.management.base import (
    AccredibleCommand,
    add_config_option,
    add_format_option,
    counted,
    no_configs,
)

# Findings of one kind that are shown to people; programs get all.
_SHOWN = 20
_ALL = "all"


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Compares badges with Accredible's credentials, and repairs differences where asked to. "
        "Exits with 1 if a comparison failed, or if differences are left that need a person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_config_option(parser)
        recorded, delivered = (sorted(map(str, kinds)) for kinds in (api.RECORDED, api.DELIVERED))
        parser.add_argument(
            "--repair",
            nargs="*",
            choices=[*recorded, *delivered, _ALL],
            metavar="KIND",
            help=_(
                "repair %(recorded)s, which changes nothing at Accredible, and what is named of %(delivered)s, or all"
            )
            % {"recorded": ", ".join(recorded), "delivered": ", ".join(delivered)},
        )
        parser.add_argument(
            "--ignore",
            nargs="+",
            default=[],
            choices=Difference.values,
            metavar="KIND",
            help=_("leave these kinds out"),
        )
        parser.add_argument("--dry-run", action="store_true", help=_("show what would be repaired, and write nothing"))
        add_format_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        configs = api.find_configs(options["config"])
        results = []
        for config in configs:
            result = api.reconcile(
                config,
                repairs=_repairs(options["repair"]),
                ignore=[Difference(kind) for kind in options["ignore"]],
                dry_run=options["dry_run"],
            )
            results.append(result)
            if options["format"] == "text":
                self._print(result)
        if options["format"] == "json":
            self.write_json([_as_dict(result) for result in results])
        elif not configs:
            self.stderr.write(no_configs())
        left = sum(result.needs_a_person for result in results)
        if left:
            words = ngettext(
                "%(left)s of %(count)s configuration needs a person.",
                "%(left)s of %(count)s configurations need a person.",
                len(results),
            )
            raise CommandError(words % {"left": left, "count": len(results)})

    def _print(self, result: api.Reconciliation) -> None:
        if result.error:
            words = _("%(name)s: not compared: %(error)s")
            self.stdout.write(self.style.ERROR(words % {"name": result.config.name, "error": result.error}))
            return
        words = (
            _("%(name)s: %(badges)s (%(in_flight)s in delivery, left alone) and %(credentials)s compared: %(found)s.")
            if result.in_flight
            else _("%(name)s: %(badges)s and %(credentials)s compared: %(found)s.")
        )
        counts = Counter(finding.kind for finding in result.findings)
        # The kinds as --repair takes them.
        found = ", ".join(f"{counts[kind]} {kind}" for kind in Difference if counts[kind]) or _("no difference")
        style = self.style.ERROR if result.needs_a_person else self.style.SUCCESS
        values = {
            "name": result.config.name,
            "badges": counted(result.badges, "badge"),
            "in_flight": result.in_flight,
            "credentials": counted(result.credentials, "credential"),
            "found": found,
        }
        self.stdout.write(style(words % values))
        for kind in Difference:
            self._print_findings(kind, [finding for finding in result.findings if finding.kind == kind])

    def _print_findings(self, kind: Difference, findings: list[api.Finding]) -> None:
        if findings:
            self.stdout.write(f"  {kind}: {kind.label}")
        for finding in findings[:_SHOWN]:
            what = [_("badge %(uuid)s") % {"uuid": finding.badge}] if finding.badge else []
            what += [_("group %(id)s") % {"id": finding.group}]
            what += [_("credential %(id)s") % {"id": finding.credential}] if finding.credential else []
            parts = [", ".join(what)]
            parts += [str(Repair(finding.repair).label)] if finding.repair else []
            parts += [_("%(id)s stays") % {"id": finding.kept}] if finding.kept else []
            self.stdout.write(f"    {': '.join(parts)}")
        if len(findings) > _SHOWN:
            words = _("… and %(count)s more: see --format json") % {"count": len(findings) - _SHOWN}
            self.stdout.write(f"    {words}")


def _repairs(named: list[str] | None) -> Collection[Difference]:
    """What is to be repaired: nothing where the option is not given, and what changes nothing there with it."""
    if named is None:
        return ()
    if _ALL in named:
        return api.RECORDED | api.DELIVERED
    return api.RECORDED | {Difference(kind) for kind in named}


def _as_dict(result: api.Reconciliation) -> dict[str, Any]:
    return {
        "config": result.config.pk,
        "name": result.config.name,
        "error": result.error,
        "badges": result.badges,
        "in_flight": result.in_flight,
        "credentials": result.credentials,
        "requests": result.requests,
        "findings": [
            {
                "kind": str(finding.kind),
                "badge": str(finding.badge) if finding.badge else None,
                "group": finding.group,
                "credential": finding.credential or None,
                "repair": str(finding.repair) or None,
                "kept": finding.kept or None,
            }
            for finding in result.findings
        ],
    }
