"""While the database is away, events wait; nothing is lost, and nothing is done twice."""

from __future__ import annotations

import json
import logging
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connection, transaction

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge, BadgeProgress, FailedEvent, Fulfillment
from tests.badges.configuring import PASSES, active_group, in_course, require
from tests.badges.sending import DEMO, badges_of, course_status, learner, minutes
from tests.conftest import PluginSettings
from tests.factories import PASSING

# Whoever calls within a transaction gets one try only.
pytestmark = pytest.mark.django_db(transaction=True)

AWARDED = [("Badge", "awarded")]
GONE = OperationalError(2006, "Server has gone away")


class Outage:
    """The database away: every statement fails. Seconds pass as the processes wait."""

    def __init__(self) -> None:
        self.seconds, self.waited = 0.0, 0.0
        self.error: Exception = GONE
        self.statements = lambda sql: True

    def __call__(self, execute: Any, sql: str, *args: Any) -> Any:
        if self.waited < self.seconds and self.statements(sql):
            raise self.error
        return execute(sql, *args)


@pytest.fixture(autouse=True)
def earnable() -> None:
    require(active_group(), *in_course(DEMO, PASSES))


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """An outage that begins as its seconds are set."""
    state, now = Outage(), time.monotonic

    def sleep(seconds: float) -> None:
        state.waited += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: now() + state.waited)
    # In memory, closing would be the end of it.
    monkeypatch.setattr(connection, "close", lambda: None)
    with connection.execute_wrapper(state):
        yield state


@pytest.fixture
def spool(settings: Any) -> Callable[[], list[Path]]:
    """The files that wait on disk."""
    return lambda: sorted(Path(settings.CREDENTIALS_ACCREDIBLE["EVENT_SPOOL"]).rglob("*.json"))


@pytest.mark.parametrize("seconds", [1, 5, 60])
@pytest.mark.parametrize(
    "error",
    [GONE, OperationalError(1053, "Server shutdown"), OperationalError(1290, "read-only"), InterfaceError(0, "")],
    ids=["gone", "shutdown", "read-only", "closed"],
)
def test_an_outage_costs_no_event(
    outage: Outage, spool: Callable[[], list[Path]], seconds: float, error: Exception
) -> None:
    outage.seconds, outage.error = seconds, error
    for number in range(20):
        course_status(f"learner-{number}")
    assert AccredibleBadge.objects.values("user").distinct().count() == AccredibleBadge.objects.count() == 20
    assert not FailedEvent.objects.exists()
    assert not spool()
    assert seconds <= outage.waited < seconds + 20


def test_a_connection_killed_in_the_middle_of_the_transaction_leaves_nothing_half_done(outage: Outage) -> None:
    outage.statements = lambda sql: sql.startswith("INSERT") and Fulfillment._meta.db_table in sql
    outage.seconds = 30
    course_status("ada")
    assert badges_of() == AWARDED
    assert (BadgeProgress.objects.count(), Fulfillment.objects.count()) == (1, 1)


def test_after_the_patience_the_event_waits_on_disk_for_the_next_one_that_gets_through(
    outage: Outage, spool: Callable[[], list[Path]], plugin_settings: PluginSettings
) -> None:
    plugin_settings(DATABASE_PATIENCE=10)
    outage.seconds = 1000
    course_status("ada", at=minutes(1), event_id=UUID(int=7))
    course_status("bob", at=minutes(0))
    assert 20 <= outage.waited < 40
    assert [json.loads(path.read_text())["payload"]["learner"]["username"] for path in spool()] == ["bob", "ada"]

    outage.seconds = 0
    course_status("eve")

    assert [badges_of(name) for name in ("ada", "bob", "eve")] == [AWARDED] * 3
    context = Fulfillment.objects.get(progress__user__username="ada").context
    assert (context["event_id"], context["time"]) == (str(UUID(int=7)), minutes(1).isoformat())
    assert not spool()


def test_an_event_is_on_disk_before_anything_is_waited_for(
    outage: Outage, spool: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    outage.seconds = 1000

    class Killed(BaseException):
        pass

    def kill(seconds: float) -> None:
        if spool():
            raise Killed
        outage.waited += seconds

    monkeypatch.setattr("time.sleep", kill)
    with pytest.raises(Killed):
        course_status("ada")

    outage.seconds = 0
    with suppress(CommandError):  # nobody answers for Accredible
        call_command("accredible_deliver", stdout=StringIO())
    assert badges_of() == AWARDED
    assert not spool()


def test_the_same_event_waits_once(outage: Outage, spool: Callable[[], list[Path]]) -> None:
    outage.seconds = 10_000
    for _delivery in range(3):
        course_status("ada", event_id=UUID(int=7))
    assert len(spool()) == 1


def test_what_waits_can_be_processed_twice(outage: Outage, spool: Callable[[], list[Path]]) -> None:
    outage.seconds = 1000
    course_status("ada")
    (path,) = spool()
    kept = path.read_text()
    outage.seconds = 0
    assert api.work_off_spool() == 1
    path.parent.mkdir()
    path.write_text(kept)
    assert api.work_off_spool() == 1
    assert badges_of() == AWARDED


def test_only_the_user_of_the_process_can_read_what_waits(outage: Outage, spool: Callable[[], list[Path]]) -> None:
    outage.seconds = 1000
    course_status("ada")
    (path,) = spool()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "ada@example.com" in path.read_text()


def test_nobody_waits_within_a_transaction_or_where_the_event_is_not_from_the_bus(
    outage: Outage, spool: Callable[[], list[Path]]
) -> None:
    from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED

    from tests.badges.sending import CourseData, CourseKey, CoursePassingStatusData

    course = CourseData(course_key=CourseKey.from_string(DEMO), display_name="A course")
    data = CoursePassingStatusData(is_passing=True, course=course, user=learner("bob"))
    with transaction.atomic():
        outage.seconds = 1000
        course_status("ada")
        outage.seconds = 0
    outage.seconds = 1000
    COURSE_PASSING_STATUS_UPDATED.send_event(course_passing_status=data)
    # What is tried again at once takes a second.
    assert outage.waited < 3
    assert len(spool()) == 2

    outage.seconds = 0
    course_status("eve")
    assert [badges_of(name) for name in ("ada", "bob", "eve")] == [AWARDED] * 3


def test_one_that_fails_for_another_reason_becomes_a_failed_event(
    outage: Outage, spool: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    outage.seconds = 1000
    course_status("ada", event_id=UUID(int=7))
    course_status("bob")
    outage.seconds, outage.waited = 1, 0
    outage.error = KeyError("bug")
    outage.statements = lambda sql: "INSERT" in sql and BadgeProgress._meta.db_table in sql
    assert api.work_off_spool() == 2
    assert {failed.error for failed in FailedEvent.objects.all()} == {"KeyError: 'bug'"}
    assert not spool()


def test_what_cannot_be_read_stays_and_holds_up_nothing(
    outage: Outage, spool: Callable[[], list[Path]], caplog: pytest.LogCaptureFixture
) -> None:
    outage.seconds = 1000
    course_status("ada")
    (path,) = spool()
    (path.parent / "0-cut.json").write_text('{"type": ')
    outage.seconds = 0
    assert api.work_off_spool() == 1
    assert badges_of() == AWARDED
    assert [path.name for path in spool()] == ["0-cut.json"]
    assert "spooled_event_unreadable file=0-cut.json" in caplog.text


@pytest.mark.parametrize("broken", ["a file", "full"])
def test_what_cannot_be_put_on_disk_either_is_waited_for_without_an_end(
    outage: Outage, plugin_settings: PluginSettings, tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin_settings(DATABASE_PATIENCE=10)
    if broken == "full":
        monkeypatch.setattr("credentials_accredible.badges.spool._MOST_EVENTS", 0)
    else:
        (tmp_path / "file").touch()
        plugin_settings(EVENT_SPOOL=str(tmp_path / "file"))
    outage.seconds = 5000
    course_status("ada")
    assert badges_of() == AWARDED


def test_an_event_that_can_be_kept_nowhere_can_be_found_by_the_log(
    outage: Outage, plugin_settings: PluginSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    plugin_settings(EVENT_SPOOL=str(tmp_path / "file"))
    with caplog.at_level(logging.ERROR, "credentials_accredible"), transaction.atomic():
        outage.seconds, outage.error = 1000, OperationalError(2006, "gone with ada@example.com")
        course_status("ada", at=minutes(1), event_id=UUID(int=7))
        outage.seconds = 0
    expected = f"event_type={PASSING} event_id={UUID(int=7)} event_time={minutes(1).isoformat()}"
    assert f"event_lost {expected}" in caplog.text
    assert "example.com" not in caplog.text


def test_the_log_has_a_line_as_the_outage_is_met_and_one_as_it_ends(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    outage.seconds = 60
    with caplog.at_level(logging.WARNING, "credentials_accredible"):
        course_status("ada")
    names = [record.getMessage().split()[0] for record in caplog.records if "accredible" in record.name]
    assert names == ["event_spooled", "database_away", "database_back"]
    assert "ada" not in caplog.text


def test_what_waits_is_shown(outage: Outage, plugin_settings: PluginSettings) -> None:
    outage.seconds = 1000
    course_status("ada")
    outage.seconds = 0
    assert status().endswith("delivered today.\n1 event on this machine's disk, to be processed.\n")
    (row,) = json.loads(status("--format", "json"))
    assert row["events_on_disk"] == 1
    assert "credentials_accredible.W006" in [message.id for message in run_checks()]
    course_status("bob")
    assert "disk" not in status()
    assert "credentials_accredible.W006" not in [message.id for message in run_checks()]


def test_a_process_that_watches_waits_and_goes_on(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    class Stop:
        def __init__(self) -> None:
            self.is_stopped = False

        def set(self) -> None:
            self.is_stopped = True

        def is_set(self) -> bool:
            return self.is_stopped

        def wait(self, seconds: float) -> bool:
            outage.waited += seconds
            self.is_stopped = len(looks) > 2
            return self.is_stopped

    monkeypatch.setattr("threading.Event", Stop)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(api, "deliver", lambda *_args, **_options: looks.append(outage.waited) or api.Delivery())
    outage.seconds = 600
    call_command("accredible_deliver", "--watch", stdout=StringIO())
    assert looks[0] >= 600


def test_scheduled_syncs_wait_for_the_database(outage: Outage) -> None:
    outage.seconds = 60
    call_command("accredible_sync", "--due", stdout=StringIO())
    assert outage.waited >= 60


def status(*options: str) -> str:
    out = StringIO()
    call_command("accredible_deliver", "--status", *options, stdout=out)
    return out.getvalue()
