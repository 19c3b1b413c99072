"""Takes over from the service's built-in Accredible integration, and gives it back."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credentials_accredible import api
from credentials_accredible.management.base import AccredibleCommand, add_config_option, add_format_option
from credentials_accredible.text import one_line

# Lines about learners of one group; JSON has all of them.
_LINES = 20


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Takes over from the built-in Accredible integration of the service: API configurations, "
        "groups with requirements, rules and penalties, learners' progress and badges. Its groups "
        "are switched off by it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_config_option(parser, _("only these configurations of the built-in integration; can be repeated"))
        parser.add_argument("--undo", action="store_true", help=_("give back what was taken over"))
        parser.add_argument("--dry-run", action="store_true", help=_("show what would be done, and write nothing"))
        add_format_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        act = api.undo_adoption if options["undo"] else api.adopt_builtin
        report = act(options["config"], dry_run=options["dry_run"])
        if options["format"] == "json":
            self.write_json([_as_dict(config) for config in report.configs])
        else:
            for config in report.configs:
                self._print(config)
            if not report.configs:
                self.stdout.write(_("The built-in integration has no API configuration."))
            elif options["dry_run"]:
                self.stdout.write(_("Nothing was written."))
        if not report.refused:
            return
        if options["undo"]:
            raise CommandError(_("Nothing was given back, because not all of it can be: see above."))
        raise CommandError(
            _("Not taken over: %(refused)s. Correct what is said above, and run the command again.")
            % {"refused": report.refused}
        )

    def _print(self, config: api.AdoptedConfig) -> None:
        style = self.style.ERROR if config.refused else self.style.SUCCESS
        self.stdout.write(style(f"{one_line(config.name)} ({config.builtin_id}): {config.way.label}"))
        for line in filter(None, [config.reason, *config.notes]):
            self.stdout.write(f"  {one_line(line)}")
        for group in config.groups:
            style = self.style.ERROR if group.refused else self.style.SUCCESS
            self.stdout.write("  " + style(f"{one_line(group.name)} ({group.builtin_id}): {group.way.label}"))
            for line in _lines(group):
                self.stdout.write(f"    {line}")


def _lines(group: api.AdoptedGroup) -> Iterator[str]:
    """What is to be known of it, a line each."""
    figures = api.adoption_figures(group) if group.is_changed else ""
    yield from map(one_line, filter(None, [group.reason, figures, api.adoption_switch(group), *group.notes]))
    if group.early:
        yield _("Awarded there before every letter was fulfilled; these stay awarded:")
        yield from _some(
            [
                _("%(name)s: %(fulfilled)s of %(total)s") % {"name": name, "fulfilled": fulfilled, "total": total}
                for name, fulfilled, total in group.early
            ]
        )
    if group.left:
        yield _("Not taken over:")
        yield from _some(group.left)


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {one_line(line)}" for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield _("  … and %d more, see --format json.") % (len(lines) - _LINES)


def _as_dict(config: api.AdoptedConfig) -> dict[str, Any]:
    return {
        "builtin_id": config.builtin_id,
        "name": config.name,
        "way": str(config.way),
        "reason": config.reason,
        "config": config.config.pk if config.config else None,
        "notes": config.notes,
        "groups": [
            {
                "accredible_id": group.builtin_id,
                "name": group.name,
                "way": str(group.way),
                "reason": group.reason,
                "group": group.group.pk if group.group else None,
                "switched": group.switched,
                **{name: group.counts[name] for name in api.COUNTED},
                "early": [
                    {"learner": name, "fulfilled": fulfilled, "letters": total}
                    for name, fulfilled, total in group.early
                ],
                "left": group.left,
                "notes": group.notes,
            }
            for group in config.groups
        ],
    }
