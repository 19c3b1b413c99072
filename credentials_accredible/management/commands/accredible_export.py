"""Writes what is configured under groups into a file, to be imported by another installation."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credentials_accredible import api
from credentials_accredible.management.base import AccredibleCommand, add_config_option

_STANDARD_OUTPUT = "-"


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Writes groups' requirements, data rules, penalties, custom attributes and activation; no keys, no learners."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help=_("what to write, “-” for the standard output"))
        add_config_option(parser)
        parser.add_argument(
            "--format", choices=["yaml", "json"], help=_("default: json for a file that is called so, else yaml")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        configs = api.find_configs(options["config"])
        name = options["file"]
        style = options["format"] or ("json" if name.lower().endswith(".json") else "yaml")
        text = api.export_groups(configs, style)
        if name == _STANDARD_OUTPUT:
            self.stdout.write(text, ending="")
            return
        try:
            _write(Path(name), text)
        except OSError as error:
            raise CommandError(
                _("%(name)s cannot be written: %(reason)s.") % {"name": name, "reason": error.strerror or error}
            ) from None
        self.stdout.write(self.style.SUCCESS(_("Written: %(name)s.") % {"name": name}))


def _write(path: Path, text: str) -> None:
    path = Path(os.path.realpath(path))  # a link stays, and leads to the new file
    if path.exists() and not path.is_file():
        # A device or a pipe: to put a file in its place would take it away from everybody.
        path.write_text(text, encoding="utf-8", newline="")
        return
    # A former file stays until the new one is complete.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
