"""What operators look up is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

import credentials_accredible.checks
from credentials_accredible import defaults
from credentials_accredible.choices import (
    AttributeSource,
    BadgeState,
    Delivery,
    Difference,
    NeedKind,
    Repair,
    Return,
    RunStatus,
    Takeover,
)
from credentials_accredible.rest_api.v1.errors import Code
from tests.pages_of_docs import DOCS, page, table
from tests.texts import PACKAGE, texts

OF_EVERY_COMMAND = {
    "--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color",
    "--skip-checks",
}  # fmt: skip
LABELS_OF_DJANGO = {
    "Add", "Change", "Delete", "Delete selected", "Go", "History", "Save",
}  # fmt: skip


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
    source = Path(defaults.__file__).read_text(encoding="utf-8")
    assert re.findall(r"setting_name: CREDENTIALS_ACCREDIBLE\['(\w+)'\]", source) == list(defaults.DEFAULTS)


def test_every_system_check_is_documented() -> None:
    ids = re.findall(r"^([EW]\d{3})  ", credentials_accredible.checks.__doc__ or "", re.MULTILINE)
    assert ids
    assert [name for name in ids if f"credentials_accredible.{name}" not in page("troubleshooting.rst")] == []


@pytest.mark.parametrize(
    "target", re.findall(r"^([a-z-]+):.*## ", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
)
def test_every_target_of_make_is_documented(target: str) -> None:
    assert target == "help" or f"``make {target}``" in page("development.rst")


def annotated() -> dict[str, tuple[list[str], str]]:
    """What the models say of personal data: the kinds, and what becomes of it when a learner leaves."""
    found = {}
    for path in sorted((PACKAGE / "models").glob("*.py")):
        for name, text in re.findall(r'^class (\w+)\([^\n]*\n    """(.*?)"""', path.read_text("utf-8"), re.M | re.S):
            if kinds := re.search(r"\.\. pii_types: (.*)", text):
                retirement = re.search(r"\.\. pii_retirement: (\w+)", text)
                found[name] = sorted(kinds[1].split(", ")), retirement[1] if retirement else ""
    return found


def test_the_page_of_personal_data_says_what_the_models_say() -> None:
    told = {}
    for name, kinds, _what, _how_long, retirement in table("personal_data.rst", "Table"):
        told[name.strip("`")] = sorted(re.findall(r"``(\w+)``", kinds)), re.findall(r"``(\w+)``", retirement)[0]

    assert len(told) > 10
    assert told == annotated()


def quotations(role: str) -> list[str]:
    """What the documentation quotes in that role, on one line each."""
    pages = "\n".join(path.read_text("utf-8") for path in sorted(DOCS.rglob("*.rst")))
    return sorted({" ".join(text.split()) for text in re.findall(rf":{role}:`([^`]+)`", pages)})


def is_said(message: str) -> bool:
    """Whether a text of the plugin has the message in it, word for word."""
    words = re.compile(rf"(?<!\w){re.escape(message.strip('… '))}(?!\w)")
    return any(words.search(text) for text in texts())


@pytest.mark.parametrize("message", quotations("message"))
def test_a_message_that_is_quoted_is_in_the_source(message: str) -> None:
    assert is_said(message)


@pytest.mark.parametrize("label", quotations("guilabel"))
def test_a_label_that_is_quoted_is_in_the_source(label: str) -> None:
    assert label in LABELS_OF_DJANGO or label.lower() in {text.lower() for text in texts()}


@pytest.mark.parametrize(
    "message", ["Accredible cannot be reached", "The group “…” (…) was skipped, because “…” holds it already"]
)
def test_a_message_that_was_changed_is_not_in_the_source(message: str) -> None:
    assert not is_said(message)


def test_the_table_of_log_lines_has_each_of_them_with_its_level() -> None:
    calls = (path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    levels = {name: level for source in calls for level, name in re.findall(r"\blog\.([a-z]+)\(\s*\"(\w+)", source)}
    told = {line: level for line, level, _meaning, _what_to_do in table("operations.rst", "Line")}

    assert len(levels) > 25
    assert told == {f":message:`{name}`": level.replace("exception", "error").upper() for name, level in levels.items()}


def test_how_soon_to_act_is_said_of_everything_that_needs_a_person() -> None:
    told = " ".join(what for what, _threshold, _how_soon in table("operations.rst", "What"))

    assert [kind for kind in NeedKind if f"``{kind.value}``" not in told] == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("commands.rst", [*RunStatus.values[2:], *Return.values, *Repair.values[1:], *Takeover.values]),
        ("delivery.rst", [*BadgeState.values, *Difference.values]),
        ("portability.rst", AttributeSource.values),
        ("rest_api.rst", [code.value for code in Code]),
        ("workers.rst", Delivery.values),
    ],
)
def test_every_value_that_programs_meet_is_documented(name: str, values: list[str]) -> None:
    assert [value for value in values if f"``{value}``" not in page(name)] == []
