"""Events that cannot be processed are told, kept, and processed again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, InterfaceError, OperationalError, connection

from credentials_accredible import api
from credentials_accredible.models import BadgeProgress, FailedEvent
from tests.badges.configuring import PASSES, active_group, in_course, require
from tests.badges.sending import DEMO, badges_of, course_status, learner, minutes
from tests.factories import PASSING, make_user

# Whoever calls within a transaction gets one try only.
pytestmark = pytest.mark.django_db(transaction=True)

AWARDED = [("Badge", "awarded")]
Failing = Callable[..., list[int]]


@pytest.fixture(autouse=True)
def earnable() -> None:
    require(active_group(), *in_course(DEMO, PASSES))


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Failing]:
    """Lets the database fail so many times; the list that is returned has an entry for each try."""
    with ExitStack() as failures:

        def fail(times: int, error: Exception) -> list[int]:
            tries: list[int] = []

            def begin_progress(execute: Any, sql: str, *args: Any) -> Any:
                if sql.startswith("INSERT") and BadgeProgress._meta.db_table in sql:
                    tries.append(len(tries))
                    if len(tries) <= times:
                        raise error
                return execute(sql, *args)

            failures.close()
            failures.enter_context(connection.execute_wrapper(begin_progress))
            monkeypatch.setattr("time.sleep", lambda _seconds: None)
            return tries

        yield fail


@pytest.mark.parametrize(
    "error", [OperationalError(1213, "Deadlock"), InterfaceError("closed"), IntegrityError("twice")]
)
def test_a_database_error_that_passes_costs_nothing(failing: Failing, error: Exception) -> None:
    tries = failing(3, error)
    course_status("ada")
    assert badges_of() == AWARDED
    assert len(tries) == 4
    assert not FailedEvent.objects.exists()


def test_what_does_not_pass_is_kept(failing: Failing) -> None:
    tries = failing(100, OperationalError("the disk is full"))
    course_status("ada", at=minutes(1), event_id=UUID(int=7))

    failed = FailedEvent.objects.get()
    assert (failed.event_type, failed.event_id, failed.event_time) == (PASSING, str(UUID(int=7)), minutes(1))
    assert failed.error == "OperationalError: the disk is full"
    assert (failed.attempts, failed.resolved_at) == (1, None)
    assert failed.payload["event"]["course_passing_status"]["course"]["course_key"] == DEMO
    assert len(tries) == 5
    assert not BadgeProgress.objects.exists()


def test_an_error_of_ours_is_kept_and_not_tried_again(failing: Failing) -> None:
    tries = failing(100, KeyError("bug"))
    course_status("ada")
    assert FailedEvent.objects.get().error == "KeyError: 'bug'"
    assert len(tries) == 1


def test_within_a_transaction_there_is_one_try(failing: Failing) -> None:
    from django.db import transaction

    tries = failing(100, OperationalError("deadlock"))
    with transaction.atomic():
        course_status("ada")
    assert len(tries) == 1
    assert FailedEvent.objects.count() == 1


def test_the_same_event_that_fails_again_is_kept_once(failing: Failing) -> None:
    failing(100, KeyError("bug"))
    for _delivery in range(3):
        course_status("ada", event_id=UUID(int=7))
    course_status("ada", event_id=UUID(int=8))
    assert list(FailedEvent.objects.order_by("event_id").values_list("attempts", flat=True)) == [3, 1]


def test_a_kept_event_is_processed_as_if_it_came_now(failing: Failing) -> None:
    failing(1, KeyError("bug"))
    course_status(learner("ada", id=7, name="Ada Lovelace"), at=minutes(1), event_id=UUID(int=7))
    failed = FailedEvent.objects.get()

    assert api.process_failed_event(failed)

    assert badges_of() == AWARDED
    user = get_user_model().objects.get()
    assert (user.email, user.full_name, user.lms_user_id) == ("ada@example.com", "Ada Lovelace", 7)
    context = BadgeProgress.objects.get().fulfillments.get().context
    assert (context["event_id"], context["time"]) == (str(UUID(int=7)), minutes(1).isoformat())


def test_what_a_processed_event_said_is_forgotten(failing: Failing) -> None:
    failing(1, KeyError("bug"))
    course_status("ada")
    failed = FailedEvent.objects.get()
    assert api.process_failed_event(failed)
    failed.refresh_from_db()
    assert failed.resolved_at is not None
    assert failed.payload == {}
    # And to do it again does nothing.
    assert api.process_failed_event(failed)


def test_one_that_fails_again_stays_with_the_new_reason(failing: Failing) -> None:
    failing(100, KeyError("bug"))
    course_status("ada")
    failed = FailedEvent.objects.get()
    failing(100, ValueError("other bug"))
    assert not api.process_failed_event(failed)
    failed.refresh_from_db()
    assert (failed.attempts, failed.error, failed.resolved_at) == (2, "ValueError: other bug", None)
    assert failed.payload["learner"]["username"] == "ada"


def test_a_failure_that_an_operator_has_corrected_goes_through() -> None:
    make_user("ada", lms_user_id=1)
    course_status(learner("ada", id=7))
    failed = FailedEvent.objects.get()
    assert not api.process_failed_event(failed)
    get_user_model().objects.update(lms_user_id=7)
    assert api.process_failed_event(failed)
    assert badges_of() == AWARDED


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (learner("ada", name="N" * 20_000), "N" * 1000),
        (learner("ada", name="\x00\ud83d🏅"), "🏅"),
        (learner("ada", name=10**400, id=float("inf")), "1000"),
        (learner("ada", name=[minutes(1), object()]), "<object>"),
    ],
    ids=["long", "broken", "numbers", "others"],
)
def test_whatever_an_event_says_can_be_kept(failing: Failing, user: Any, said: str) -> None:
    failing(100, KeyError("bug"))
    course_status(user)
    kept = FailedEvent.objects.get().payload
    assert said in kept["event"]["course_passing_status"]["user"]["pii"]["name"]
    assert len(json.dumps(kept)) < 200_000


def test_the_log_says_which_event_failed_and_nothing_of_the_learner(
    failing: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    failing(100, ValueError("ada@example.com is a bad value"))
    with caplog.at_level(logging.ERROR, "credentials_accredible"):
        course_status("ada", event_id=UUID(int=7))
    (record,) = [record for record in caplog.records if record.name.startswith("credentials_accredible")]
    message = record.getMessage()
    assert f"event_failed event_type={PASSING} event_id={UUID(int=7)}" in message
    assert "error=ValueError" in message
    assert "in begin_progress" in message
    assert "ada" not in caplog.text.replace("credentials_accredible", "")


def test_failures_are_counted(failing: Failing, caplog: pytest.LogCaptureFixture) -> None:
    failing(100, KeyError("bug"))
    with caplog.at_level(logging.ERROR, "credentials_accredible"):
        course_status("ada")
        course_status("ada")
    first, second = (
        int(part.removeprefix("failures="))
        for record in caplog.records
        for part in record.getMessage().split()
        if part.startswith("failures=")
    )
    assert second == first + 1
