"""What operators look up is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

import credentials_accredible.checks
from credentials_accredible import conf

ROOT = Path(__file__).resolve().parent.parent
OF_EVERY_COMMAND = {
    "--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color",
    "--skip-checks",
}  # fmt: skip


def page(name: str) -> str:
    """A page of the documentation."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def command_options() -> Iterator[str]:
    """Every option of every command of the plugin."""
    for name, app in get_commands().items():
        if app == "credentials_accredible":
            parser = load_command_class(app, name).create_parser("manage.py", name)
            options = {option for action in parser._actions for option in action.option_strings}
            yield from sorted(option for option in options - OF_EVERY_COMMAND if option.startswith("--"))


@pytest.mark.parametrize("command", [name for name, app in get_commands().items() if app == "credentials_accredible"])
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"^{command}\n-+$", page("commands.rst"), re.MULTILINE)


@pytest.mark.parametrize("option", list(command_options()))
def test_every_option_of_a_command_is_documented(option: str) -> None:
    assert re.search(rf"^\.\. option:: {option}\b", page("commands.rst"), re.MULTILINE)


def test_every_setting_is_annotated_for_the_reference() -> None:
    source = Path(conf.__file__).read_text(encoding="utf-8")
    assert re.findall(r"setting_name: CREDENTIALS_ACCREDIBLE\['(\w+)'\]", source) == list(conf._DEFAULTS)


def test_every_system_check_is_documented() -> None:
    ids = re.findall(r"^([EW]\d{3})  ", credentials_accredible.checks.__doc__ or "", re.MULTILINE)
    assert ids
    assert [name for name in ids if f"credentials_accredible.{name}" not in page("troubleshooting.rst")] == []


@pytest.mark.parametrize("target", re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
def test_every_target_of_make_is_documented(target: str) -> None:
    assert target == "help" or f"``make {target}``" in page("development.rst")
