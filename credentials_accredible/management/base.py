"""What the commands share: options, how numbers are read, how results are printed, and how an error ends a command."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import DatabaseError, InterfaceError, connections, router
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.text import identifier, spelled_out, whole_number

# In output, beside other words; "count" is put in by ``counted``.
_NOUNS = {
    "badge": ngettext_lazy("%(count)s badge", "%(count)s badges", "count"),
    "credential": ngettext_lazy("%(count)s credential", "%(count)s credentials", "count"),
    "early penalty": ngettext_lazy("%(count)s early penalty", "%(count)s early penalties", "count"),
    "event on this disk": ngettext_lazy("%(count)s event on this disk", "%(count)s events on this disk", "count"),
    "failed event": ngettext_lazy("%(count)s failed event", "%(count)s failed events", "count"),
    "fulfilment": ngettext_lazy("%(count)s fulfilment", "%(count)s fulfilments", "count"),
    "learner": ngettext_lazy("%(count)s learner", "%(count)s learners", "count"),
    "log entry": ngettext_lazy("%(count)s log entry", "%(count)s log entries", "count"),
    "record": ngettext_lazy("%(count)s record", "%(count)s records", "count"),
    "request": ngettext_lazy("%(count)s request", "%(count)s requests", "count"),
    "row of history": ngettext_lazy("%(count)s row of history", "%(count)s rows of history", "count"),
    "row of progress": ngettext_lazy("%(count)s row of progress", "%(count)s rows of progress", "count"),
    "snapshot": ngettext_lazy("%(count)s snapshot", "%(count)s snapshots", "count"),
    "snapshot entry": ngettext_lazy("%(count)s entry of snapshots", "%(count)s entries of snapshots", "count"),
    "sync run": ngettext_lazy("%(count)s sync run", "%(count)s sync runs", "count"),
}


class AccredibleCommand(BaseCommand):
    """Ends with status 1 and one sentence where a setting, or a name in its options, cannot be used.

    ``about`` is what ``--help`` says first, in the language of the process.
    """

    about: Any = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The parser takes no lazy text.
        self.help = str(self.about)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Carry out the command; CommandError in place of ConfigurationError, and of errors of the database.

        It makes no database: where a file of SQLite is missing, a connection would leave an empty one behind.
        """
        _refuse_missing_file()
        try:
            return super().execute(*args, **options)
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        except (DatabaseError, InterfaceError) as error:
            passes = api.is_busy(error) or api.is_away(error)
            if not passes and _is_behind():
                raise CommandError(
                    _("The database is not up to date: run “manage.py migrate”, and then this command again.")
                ) from error
            raise CommandError(api.why_not_stored(error)) from error

    def check(self, *args: Any, **kwargs: Any) -> None:
        """The system checks: an error ends the command. Warnings are for ``check`` and ``migrate``: cron would mail
        them each time."""
        shown, self.stderr = self.stderr, OutputWrapper(StringIO())
        try:
            super().check(*args, **kwargs)
        finally:
            self.stderr = shown

    def write_json(self, results: list[dict[str, Any]] | dict[str, Any]) -> None:
        self.stdout.write(json.dumps(results, indent=2))


def add_config_option(parser: Any, help: str = "") -> None:
    """Let API configurations be named by id or name: ``options["config"]`` is a list, empty for none."""
    parser.add_argument(
        "--config",
        action="extend",
        nargs="+",
        default=[],
        metavar="ID_OR_NAME",
        help=help or _("only these; can be repeated"),
    )


def add_format_option(parser: ArgumentParser, help: str | None = None) -> None:
    parser.add_argument("--format", choices=["text", "json"], default="text", help=help)


def add_pairs_option(parser: ArgumentParser, name: str, metavar: str, help: str) -> None:
    """An option of two numbers, as ``12=9001``, that can be repeated: a list of pairs."""
    parser.add_argument(name, type=_pair, action="append", default=[], metavar=metavar, help=help)


def number_from(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an option that is a whole number within these limits."""

    def read(text: str) -> int:
        number = whole_number(identifier(text))
        if number is None or number < least:
            raise ArgumentTypeError(_("must be a whole number, %(least)s or more") % {"least": least})
        if most is not None and number > most:
            raise ArgumentTypeError(_("must be %(most)s at most") % {"most": most})
        return number

    return read


def counted(number: int, noun: str) -> str:
    """``1 badge``, ``2 badges``, as the language has it; ``noun`` is one of those that are known here."""
    return str(_NOUNS[noun] % {"count": number})


def no_configs() -> str:
    return _("There is no API configuration yet: add one in the admin.")


def _connection() -> Any:
    return connections[router.db_for_write(AccredibleBadge)]


def _refuse_missing_file() -> None:
    connection = _connection()
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.is_in_memory_db() or name.startswith("file:"):
        return
    if not Path(name).exists():
        raise CommandError(
            _("There is no database “%(name)s”: run “manage.py migrate” first, or correct its path.") % {"name": name}
        )


def _is_behind() -> bool:
    """Whether migrations of the plugin are still to be applied; False where the database does not even say that."""
    try:
        executor = MigrationExecutor(_connection())
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes(AccredibleBadge._meta.app_label)))
    except (DatabaseError, InterfaceError):
        return False


def _pair(text: str) -> tuple[int, int]:
    first, second = (whole_number(identifier(number)) for number in text.partition("=")[::2])
    if first is None or second is None:
        raise ArgumentTypeError(_("“%(text)s” is not two numbers, as 12=9001") % {"text": spelled_out(text)})
    return first, second
