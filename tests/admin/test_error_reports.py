"""No error report shows an API key: not the one being entered, not a stored one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleAPIConfig
from tests import factories
from tests.interrupting import interrupted, places_that_show

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
KEY = "key-that-nobody-may-see-5678"


class Bug(Exception):
    """Something nobody thought of."""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client with a bug deep inside, where the key is at hand."""

    def issuer(self: AccredibleClient) -> None:
        plain = f"Token token={KEY}"
        raise Bug(len(plain))

    monkeypatch.setattr(AccredibleClient, "issuer", issuer)


@pytest.mark.parametrize("entered", [KEY, f" {KEY}", f"{KEY}\n"])
@pytest.mark.parametrize("debug", [True, False])
def test_the_key_being_entered_is_not_in_the_error_report(
    admin_client: Client, emulator: Any, broken: None, settings: Any, debug: bool, entered: str
) -> None:
    settings.DEBUG = debug
    settings.ADMINS = [("Admin", "admin@example.com")]
    admin_client.raise_request_exception = False

    response = admin_client.post(LIST + "add/", {"name": "Main", "environment": "emulator", "new_api_key": entered})

    assert response.status_code == 500
    shown = response.content.decode()
    if debug:
        assert "Bug" in shown
        assert "new_api_key" in shown
    else:
        (report,) = mail.outbox
        shown += report.body + "".join(str(alternative) for alternative in report.alternatives)
        assert "Bug" in shown
    assert KEY not in shown


def test_a_stored_key_is_not_in_the_error_report(
    admin_client: Client, emulator: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    admin_client.raise_request_exception = False
    config = factories.make_config(key=KEY)

    def broken(self: Any) -> None:
        raise Bug(repr(self.__dict__))

    monkeypatch.setattr("credentials_accredible.models.AccredibleAPIConfig.__str__", broken)
    shown = admin_client.get(f"{LIST}{config.pk}/change/").content.decode()

    assert "Bug" in shown
    assert KEY not in shown


def test_no_function_shows_the_key_being_entered_at_whatever_line_it_is_interrupted(
    admin_client: Client, emulator: Any
) -> None:
    emulator.add_account(key=KEY)
    form = {"name": "Main", "environment": "emulator", "new_api_key": f" {KEY}"}

    lines = 0
    where = ("/admin/config.py", "/admin/config_form.py", "/models/config.py", "/secrets.py")
    for interruption in interrupted(lambda: admin_client.post(LIST + "add/", form), within=where):
        lines += 1
        # What sends the request is no part of the host.
        assert [place for place in places_that_show(interruption, KEY) if "/django/test/client.py" not in place] == []

    assert lines > 100
    assert AccredibleAPIConfig.objects.get().api_key.reveal() == KEY
