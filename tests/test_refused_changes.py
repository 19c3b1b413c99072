"""A change that the database does not take is told for what it is, and logged where it is not for want of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client

from demo.emulator.server import Emulator
from tests.admin.config_pages import KEY, LIST, told
from tests.admin.forms import GROUPS, group_form
from tests.factories import make_badge, make_config, make_group
from tests.rest_api.conftest import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = "The database is busy: try again."
AWAY = "The database cannot be reached, or not be written, at present: try again later."
THERE = "The database has something like this already."
BADGES = "/admin/credentials_accredible/accrediblebadge/"
PART = "This was not done, or not all of it."
REFUSED = "The database refused it: the log of this service says why."


def of_driver(kind: type[DatabaseError], **values: Any) -> DatabaseError:
    """An error as Django makes it of a driver's."""
    cause = Exception("driver")
    for name, value in values.items():
        setattr(cause, name, value)
    error = kind("driver")
    error.__cause__ = cause
    return error


ERRORS = {
    "lock": (OperationalError(1205, "Lock wait timeout exceeded"), BUSY),
    "deadlock": (OperationalError(1213, "Deadlock found"), BUSY),
    "statement too long": (OperationalError(1969, "max_statement_time exceeded"), BUSY),
    "lock of PostgreSQL": (of_driver(OperationalError, sqlstate="55P03"), BUSY),
    "deadlock of PostgreSQL": (of_driver(OperationalError, pgcode="40P01"), BUSY),
    "lock of SQLite": (of_driver(OperationalError, sqlite_errorcode=5), BUSY),
    "snapshot of SQLite": (of_driver(OperationalError, sqlite_errorcode=517), BUSY),
    "gone": (OperationalError(2006, "Server has gone away"), AWAY),
    "closed": (InterfaceError(0, ""), AWAY),
    "the same": (IntegrityError(1062, "Duplicate entry"), THERE),
    "the same in PostgreSQL": (of_driver(IntegrityError, sqlstate="23505"), THERE),
    "the same in SQLite": (of_driver(IntegrityError, sqlite_errorcode=2067), THERE),
    "reference": (IntegrityError(1452, "Cannot add a child row"), REFUSED),
    "reference in SQLite": (of_driver(IntegrityError, sqlite_errorcode=787), REFUSED),
    "full": (OperationalError(1114, "The table is full"), REFUSED),
    "no such column": (ProgrammingError("no such column"), REFUSED),
}


@pytest.fixture(params=ERRORS.values(), ids=ERRORS)
def failing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Callable[[str], None], Exception, str]]:
    """Lets statements that begin like that fail; the error, and the words for it."""
    error, words = request.param
    begins: list[str] = []

    def execute(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith(tuple(begins)):
            raise error
        return execute(sql, *args)

    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with connection.execute_wrapper(execute):
        yield begins.append, error, words


def assert_logged(caplog: pytest.LogCaptureFixture, error: Exception, words: str) -> None:
    found = [record for record in caplog.records if record.getMessage().startswith("change_not_stored")]
    assert [record.exc_info[1] for record in found if record.exc_info] == ([] if words == BUSY else [error])


def test_by_a_page_of_a_group(admin_client: Client, failing: Any, caplog: pytest.LogCaptureFixture) -> None:
    group = make_group()
    fail, error, words = failing
    fail('UPDATE "credentials_accredible_accrediblegroup"')

    page = admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group), follow=True)

    assert told(page) == f"Nothing was changed. {words}"
    assert_logged(caplog, error, words)


def test_by_a_page_of_a_configuration(
    admin_client: Client, account: Any, failing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fail, error, words = failing
    fail('INSERT INTO "credentials_accredible_accredibleapiconfig"')

    data = {"name": "Main", "environment": "emulator", "new_api_key": KEY}
    page = admin_client.post(LIST + "add/", data, follow=True)

    assert f"Nothing was changed. {words}" in told(page)
    assert_logged(caplog, error, words)


def test_by_the_rest_api(admin_client: Client, failing: Any, caplog: pytest.LogCaptureFixture) -> None:
    badge = make_badge(make_group())
    fail, error, words = failing
    fail('UPDATE "credentials_accredible_accrediblebadge"')

    answer = admin_client.post(f"{ROOT}badges/{badge.uuid}/retry/")

    passes = words in {BUSY, AWAY}
    assert answer.status_code == (503 if passes else 500)
    assert answer.json() == {"detail": words, "code": "database_unavailable" if passes else "unexpected"}
    assert_logged(caplog, error, words)


def test_by_a_command(failing: Any, caplog: pytest.LogCaptureFixture) -> None:
    fail, error, words = failing
    fail('SELECT "credentials_accredible_accredibleapiconfig"')

    with pytest.raises(CommandError, match=words) as raised:
        call_command("accredible_deliver", stdout=StringIO())

    assert raised.value.__cause__ is error
    assert_logged(caplog, error, words)


def test_callers_are_asked_to_wait_an_hour_at_most(admin_client: Client, emulator: Emulator, account: Any) -> None:
    config = make_config()
    emulator.fault("status", status=429, retry_after=86400, times=None)

    answer = admin_client.post(f"{ROOT}configs/{config.pk}/preview/", {}, content_type="application/json")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3600")


@pytest.mark.parametrize("action", ["retry", "deliver_now"])
def test_by_an_action_of_a_list(admin_client: Client, failing: Any, action: str) -> None:
    badge = make_badge(make_group())
    fail, _error, words = failing
    fail('UPDATE "credentials_accredible_accrediblebadge"')

    page = admin_client.post(BADGES, {"action": action, "_selected_action": [badge.pk]}, follow=True)

    assert told(page) == f"{PART} {words}"


def test_by_a_button_of_a_page(admin_client: Client, failing: Any) -> None:
    badge = make_badge(make_group())
    fail, _error, words = failing
    fail('UPDATE "credentials_accredible_accrediblebadge"')

    page = admin_client.post(f"{BADGES}{badge.pk}/deliver-now/", follow=True)

    assert page.redirect_chain[-1][0] == f"{BADGES}{badge.pk}/change/"
    assert told(page) == f"{PART} {words}"


def test_by_a_form_that_keeps_what_was_typed(admin_client: Client, failing: Any) -> None:
    group = make_group(is_active=True)
    badge = make_badge(make_group(is_active=True))
    fail, _error, words = failing
    fail('INSERT INTO "credentials_accredible_accrediblebadge"')
    awarding = admin_client.post(
        f"{BADGES}award/", {"group": group.pk, "learners": badge.user.username, "reason": "Did it by hand"}
    )
    fail('UPDATE "credentials_accredible_accrediblebadge"')
    revoking = admin_client.post(f"{BADGES}{badge.pk}/revoke/", {"confirmed": "yes", "reason": "Cheated"})

    for page, reason in ((awarding, "Did it by hand"), (revoking, "Cheated")):
        assert page.status_code == 200
        assert f"Nothing was changed. {words}" in page.content.decode()
        assert reason in page.content.decode()
