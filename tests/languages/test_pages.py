"""No page of the admin, no answer of the REST API and no command shows a text that cannot be translated."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.management import CommandError, call_command, load_command_class
from django.test import Client
from rest_framework.test import APIClient

from credentials_accredible.choices import Difference
from credentials_accredible.exceptions import FileProblem, RequestFailed
from tests import factories
from tests.admin.doors import DOORS, Door
from tests.admin.test_doors import knock
from tests.test_before_migrate import NEEDED, OURS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wide_letters")]

_WORD = re.compile(r"[A-Za-z]{2,}")
# Paths, addresses, options and names that programs have given.
_TECHNICAL = re.compile(r"\S*\w[._/:=+']\w\S*|--\w[\w-]*|[A-Z]+_[A-Z_]+")
# Attributes that people see or hear, and those that scripts take texts from.
_SHOWN = re.compile(
    r"title|alt|placeholder|label|aria-label|summary|data-(label|unknown|found|none|failed|placeholder)"
)
_HIDDEN = {"script", "style", "template", "textarea", "code"}
# Names of things, what a person types or a program reads, and what the fixtures call their things.
_NAMES = {
    "Accredible", "API", "CCX", "CSV", "DD", "Django", "HTTP", "HTTPS", "ID", "ISO", "JSON", "LMS", "LinkedIn", "MM",
    "REST", "URL", "UTC", "UUID", "YAML", "YYYY", "Open", "edX", "GET", "Core", "Emulator", "Europe", "Group",
}  # fmt: skip
# Django says so in English: the picture of a search field, and of what is not so.
_OF_DJANGO = {"Search", "False", "True"}


class _Texts(HTMLParser):
    """The texts that a page shows, each with the element it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "col", "hr", "img", "input", "link", "meta"}:
            self._open.append(tag)
        button = tag == "input" and dict(attrs).get("type") in {"submit", "button", "reset"}
        for name, value in attrs:
            if value and (_SHOWN.fullmatch(name) or (button and name == "value")):
                self.found.append((f"{tag}[{name}]", value))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not _HIDDEN & set(self._open):
            self.found.append((self._open[-1] if self._open else "", data.strip()))


def stored() -> set[str]:
    """Every word of what is stored, in any column of any row of the plugin, of users and of what they may do."""
    others = [model for model in apps.get_models() if model._meta.model_name in {"site", "permission", "logentry"}]
    found = _NAMES | _OF_DJANGO
    for model in [*apps.get_app_config("credentials_accredible").get_models(), get_user_model(), *others]:
        for row in model._default_manager.values():
            for value in row.values():
                found.update(_WORD.findall(value if isinstance(value, str) else json.dumps(value, default=str)))
    return found


def plain(text: str, known: set[str]) -> list[str]:
    """The words of ``text`` in plain letters that are no data."""
    return [word for word in _WORD.findall(_TECHNICAL.sub("", text)) if word not in known]


def untranslated(page: str, known: set[str]) -> Iterator[str]:
    parser = _Texts()
    parser.feed(page)
    for where, text in parser.found:
        if plain(text, known):
            yield f"<{where}> {text[:200]}"


@pytest.mark.parametrize("door", [door for door in DOORS if door.method == "get"], ids=str)
def test_every_page_of_the_admin(admin_client: Client, objects: dict[str, Any], door: Door) -> None:
    response = knock(admin_client, door, objects)

    # What nobody may open is answered by Django.
    if response.status_code not in {403, 405} and "html" in response.headers.get("Content-Type", ""):
        missed = list(untranslated(response.content.decode(), stored()))
        assert not missed, "\n".join(missed)


@pytest.mark.parametrize("name", OURS)
def test_the_help_of_every_command(name: str) -> None:
    parser = load_command_class("credentials_accredible", name).create_parser("manage.py", name)
    # What all commands of Django have, it explains itself.
    of_django = load_command_class("django.core", "check").create_parser("manage.py", "check")
    theirs = {option for action in of_django._actions for option in action.option_strings} | {"--skip-checks"}

    texts = [str(parser.description)]
    texts += [str(action.help) for action in parser._actions if action.help and not theirs & set(action.option_strings)]

    missed = [text for text in texts if plain(text, {*_NAMES, "default", *Difference.values})]
    assert not missed, "\n".join(missed)


RUNS: dict[str, list[list[str]]] = {
    "accredible_adopt_builtin": [[]],
    "accredible_backfill": [["--dry-run", "--group", "Here"], ["--group", "Here"], ["--group", "nowhere"]],
    "accredible_deliver": [["--status"], [], ["--config", "nowhere"]],
    "accredible_export": [["/nowhere/groups.yaml"]],
    "accredible_import": [["/nowhere/groups.yaml"]],
    "accredible_prune": [["--dry-run"], []],
    "accredible_reconcile": [[], ["--repair", "all"]],
    "accredible_reencrypt": [[]],
    "accredible_restore": [["--run", "999"], ["--snapshot", "{groupsnapshot}"], ["--snapshot", "999"]],
    "accredible_retire": [["nobody"], ["ada"], ["ada", "--readmit"]],
    "accredible_status": [[]],
    "accredible_sync": [["--dry-run"], [], ["--due", "--force"], ["--site", "999"]],
}


def test_there_is_a_run_of_every_command() -> None:
    assert sorted(RUNS) == OURS
    assert NEEDED.keys() <= RUNS.keys()


@pytest.mark.parametrize("name", OURS)
def test_what_every_command_says(name: str, objects: dict[str, Any]) -> None:
    factories.make_user("ada")
    missed = []
    for arguments in RUNS[name]:
        out = io.StringIO()
        try:
            call_command(name, *(argument.format(**objects) for argument in arguments), stdout=out, stderr=out)
        except CommandError as error:
            out.write(str(error))
        # An error of the operating system is in its words.
        said_by_it = "No such file or directory"
        known = stored() | {word for text in (*arguments, said_by_it) for word in _WORD.findall(text)}
        missed += [line for line in out.getvalue().splitlines() if plain(line, known)]
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("configs/999/", None),
        ("groups/999/", None),
        ("badges/999/", None),
        ("runs/999/", None),
        ("retirements/999/", None),
        ("badges/?page=999", None),
        ("badges/?page=x", None),
        ("runs/?started_after=yesterday", None),
        ("configs/{accredibleapiconfig}/sync/", {"force": "yes", "unknown": 1, "site": 999}),
        ("configs/{accredibleapiconfig}/sync/", {}),
        ("configs/{accredibleapiconfig}/sync/", {"carry_over": [{"removed": 1, "created": 2}]}),
        ("retirements/", {}),
    ],
)
def test_what_the_rest_api_refuses(path: str, body: Any, objects: dict[str, Any]) -> None:
    client = APIClient()
    client.force_login(factories.make_user("root", is_staff=True, is_superuser=True))
    address = f"/accredible/api/v1/{path.format(**objects)}"

    answer = client.get(address) if body is None else client.post(address, body, format="json")

    assert 400 <= answer.status_code < 500
    told = answer.json()
    texts = [told["detail"], *(text for texts in told.get("errors", {}).values() for text in texts)]
    # Fields are called by their names.
    known = stored() | set(told.get("errors", {})) | {"GET", *_WORD.findall(path)}
    missed = [text for text in texts if plain(re.sub(r"\w+_\w+", "", text), known)]
    assert not missed, "\n".join(missed)


def test_what_the_rest_api_says_is_missing(objects: dict[str, Any]) -> None:
    client = APIClient()
    client.force_login(factories.make_staff())

    assert not plain(client.get("/accredible/api/v1/badges/").json()["detail"], set(_NAMES))


def _kinds(kind: type[RequestFailed]) -> Iterator[type[RequestFailed]]:
    yield kind
    for special in kind.__subclasses__():
        yield from _kinds(special)


@pytest.mark.parametrize("kind", list(_kinds(RequestFailed)), ids=lambda kind: kind.__name__)
def test_what_went_wrong_at_accredible(kind: type[RequestFailed]) -> None:
    texts = [str(kind("GET /v1", detail="in its words")), str(kind("GET /v1", status=500))]

    missed = [text for text in texts if plain(text, {*_NAMES, "in", "its", "words"})]
    assert not missed, "\n".join(missed)


def test_where_a_file_is_wrong() -> None:
    assert not plain(str(FileProblem(3, 5, "1")), _NAMES)


def test_what_the_system_checks_say(plugin_settings: Any) -> None:
    plugin_settings(NO_SUCH_SETTING=1, DELIVERY="celery", EVENTS=["org.example.unknown.v1"], DELIVERY_LEASE=1)

    found = [message for message in run_checks() if message.id and message.id.startswith("credentials_accredible")]

    assert len(found) >= 3
    missed = [text for message in found for text in (message.msg, message.hint) if plain(text, {"celery", *_NAMES})]
    assert not missed, "\n".join(missed)


def test_the_page_of_a_learner(client: Client) -> None:
    badge = factories.make_badge(factories.make_group())
    client.force_login(badge.user)

    missed = list(untranslated(client.get("/accredible/badges/").content.decode(), stored()))
    assert not missed, "\n".join(missed)
