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

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.text import identifier, spelled_out, whole_number

NO_CONFIGS = "There is no API configuration yet: add one in the admin."


class AccredibleCommand(BaseCommand):
    """Ends with status 1 and one sentence where a setting, or a name in its options, cannot be used."""

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
                    "The database is not up to date: run “manage.py migrate”, and then this command again."
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


def add_config_option(parser: Any, help: str = "only these; can be repeated") -> None:
    """Let API configurations be named by id or name: ``options["config"]`` is a list, empty for none."""
    parser.add_argument("--config", action="extend", nargs="+", default=[], metavar="ID_OR_NAME", help=help)


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
            raise ArgumentTypeError(f"must be a whole number, {least} or more")
        if most is not None and number > most:
            raise ArgumentTypeError(f"must be {most} at most")
        return number

    return read


def counted(number: int, noun: str) -> str:
    """``1 badge``, ``2 badges``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _connection() -> Any:
    return connections[router.db_for_write(AccredibleBadge)]


def _refuse_missing_file() -> None:
    connection = _connection()
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.is_in_memory_db() or name.startswith("file:"):
        return
    if not Path(name).exists():
        raise CommandError(f"There is no database “{name}”: run “manage.py migrate” first, or correct its path.")


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
        raise ArgumentTypeError(f"“{spelled_out(text)}” is not two numbers, as 12=9001")
    return first, second
