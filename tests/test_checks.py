"""What the system checks say about the settings."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from credentials_accredible.defaults import DEFAULTS

PREFIX = "credentials_accredible."
PASSING = "org.openedx.learning.course.passing.status.updated.v1"
COURSE_CREATED = "org.openedx.content_authoring.course.created.v1"


@pytest.fixture
def check(settings: Any) -> Any:
    """Runs all checks under that ``CREDENTIALS_ACCREDIBLE``, and gives our messages."""

    def run(written: object, **others: object) -> list[CheckMessage]:
        settings.CREDENTIALS_ACCREDIBLE = written
        for name, value in others.items():
            setattr(settings, name, value)
        return [message for message in run_checks() if str(message.id).startswith(PREFIX)]

    return run


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix(PREFIX) for message in messages]


@pytest.mark.parametrize("written", [None, {}, {"PAGE_SIZE": 50, "RATE_LIMIT": [10, 1], "EVENTS": [PASSING]}])
def test_good_settings_pass(check: Any, written: object) -> None:
    assert check(written) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENTS", []),
        ("ENVIRONMENTS", {"proxy": {"api_url": "http://api.example.com", "dashboard_url": "https://example.com"}}),
        ("ENCRYPTION_KEYS", []),
        ("ENCRYPTION_KEYS", "one"),
        ("ENCRYPTION_KEYS", 5),
        ("EVENTS", PASSING),
        ("EVENTS", 5),
        ("IGNORED_KEYPATHS", "user.id"),
        ("REQUEST_TIMEOUT", 5),
        ("REQUEST_ATTEMPTS", 0),
        ("RETRY_MAX_WAIT", "long"),
        ("MAX_REPLY_BYTES", 0),
        ("PAGE_SIZE", 1.5),
        ("PAGE_SIZE", float("inf")),
        ("FETCH_CONCURRENCY", None),
        ("RATE_LIMIT", [0, 0]),
        ("RATE_LIMIT_SHARES", 0),
        ("REDIS_URL", "localhost"),
        ("MAX_REMOVAL_RATIO", 2),
        ("SYNC_LEASE", 0),
        ("RULES_RECHECK", -1),
        ("REVOCATION", "shred"),
        ("REVOCATION", ["expire"]),
        ("DELIVERY", "pigeon"),
        ("DELIVERY", ["celery"]),
        ("BROKER_URL", "rabbit.example.com"),
        ("BROKER_URL", 5672),
        ("INLINE_TIMEOUT", 5),
        ("INLINE_TIMEOUT", [0, 5]),
        ("DELIVERY_LEASE", 20),
        ("DELIVERY_DELAYS", 5),
        ("DELIVERY_DAYS", -1),
        ("UNPUBLISHED_RECHECK", 0),
        ("ADOPT_FOREIGN", "no"),
        ("SEND_GROUP_NAME", 1),
        ("HISTORY_DAYS", "a year"),
        ("SNAPSHOT_DAYS", -1),
        ("REST_THROTTLE", "often"),
    ],
)
def test_a_setting_that_cannot_be_used_is_an_error_that_names_it(check: Any, name: str, value: object) -> None:
    (message,) = check({name: value})
    assert ids([message]) == ["E001"]
    assert message.is_serious()
    assert f"CREDENTIALS_ACCREDIBLE['{name}']" in message.msg


def test_a_lease_that_a_request_would_outlast_is_an_error_that_names_both(check: Any) -> None:
    (message,) = check({"DELIVERY_LEASE": 40, "INLINE_TIMEOUT": [10, 50]})
    assert "DELIVERY_LEASE" in message.msg
    assert "INLINE_TIMEOUT" in message.msg


def test_a_worker_without_a_broker_is_an_error_that_says_what_to_do(check: Any) -> None:
    (message,) = check({"DELIVERY": "celery"})
    assert ids([message]) == ["E002"]
    assert "BROKER_URL" in message.hint
    shares = {"RATE_LIMIT_SHARES": 4}
    assert check({"DELIVERY": "celery", "BROKER_URL": "amqp://", **shares}) == []
    assert check({"DELIVERY": "celery", **shares}, CELERY_BROKER_URL="redis://127.0.0.1:6379/0") == []


def test_workers_that_do_not_keep_the_rate_limit_together_are_a_warning(check: Any) -> None:
    (message,) = check({"BROKER_URL": "amqp://"})
    assert ids([message]) == ["W004"]
    assert "REDIS_URL" in message.hint
    assert check({"BROKER_URL": "amqp://", "REDIS_URL": "redis://127.0.0.1:6379/0"}) == []
    assert check({"BROKER_URL": "amqp://", "RATE_LIMIT_SHARES": 4}) == []
    assert check({"BROKER_URL": "amqp://", "DELIVERY": "manual"}) == []


def test_less_patience_than_a_request_can_take_is_a_warning(check: Any) -> None:
    (message,) = check({"LATE_ANSWER_MINUTES": 1, "REQUEST_TIMEOUT": [10, 50], "DELIVERY_LEASE": 300})
    assert ids([message]) == ["W005"]
    assert "learners get two" in message.msg
    assert check({"LATE_ANSWER_MINUTES": 1.1, "REQUEST_TIMEOUT": [10, 50], "DELIVERY_LEASE": 300}) == []
    assert ids(check({"LATE_ANSWER_MINUTES": -1})) == ["E001"]


def test_the_address_of_the_broker_is_not_repeated(check: Any) -> None:
    (message,) = check({"BROKER_URL": "guest:hunter2@rabbit"})
    assert ids([message]) == ["E001"]
    assert "hunter2" not in str(message)


@pytest.mark.parametrize("written", [[1], "text", 5])
def test_settings_that_are_no_dict_are_one_error(check: Any, written: object) -> None:
    (message,) = check(written)
    assert ids([message]) == ["E001"]
    assert "CREDENTIALS_ACCREDIBLE must be a dict" in message.msg


def test_one_unusable_setting_does_not_hide_another(check: Any) -> None:
    messages = check({"SYNC_LEASE": 0, "ENVIRONMENTS": [], "RATE_LIMIT": "fast"})
    assert ids(messages) == ["E001", "E001", "E001"]
    assert all(name in str(messages) for name in ("SYNC_LEASE", "ENVIRONMENTS", "RATE_LIMIT"))


def test_secrets_are_not_in_the_message(check: Any) -> None:
    messages = check({"ENCRYPTION_KEYS": ["hunter2", 5]})
    assert ids(messages) == ["E001"]
    assert "hunter2" not in str(messages)


def test_a_setting_that_does_not_exist_is_a_warning(check: Any) -> None:
    (message,) = check({"PAGESIZE": 50})
    assert ids([message]) == ["W001"]
    assert "PAGESIZE" in message.msg
    assert not message.is_serious()


def test_an_unknown_event_type_is_a_warning(check: Any) -> None:
    (message,) = check({"EVENTS": [PASSING, "org.openedx.learning.course.pasing.v1"]})
    assert ids([message]) == ["W002"]
    assert "org.openedx.learning.course.pasing.v1" in message.msg
    assert "CREDENTIALS_ACCREDIBLE['EVENTS']" in message.hint
    assert not message.is_serious()


def test_an_event_type_without_a_learner_is_a_warning(check: Any) -> None:
    (message,) = check({"EVENTS": [COURSE_CREATED]})
    assert ids([message]) == ["W003"]
    assert COURSE_CREATED in message.msg
    assert "UserData" in message.msg
    assert not message.is_serious()


def test_event_types_of_the_host_are_looked_at_where_there_are_no_others(check: Any) -> None:
    assert ids(check({}, BADGES_CONFIG={"events": ["org.example.nothing.v1"]})) == ["W002"]
    assert ids(check({"EVENTS": [PASSING]}, BADGES_CONFIG={"events": ["org.example.nothing.v1"]})) == []


class Hostile:
    """Raises whatever one asks it."""

    def __iter__(self) -> Iterator[object]:
        raise RuntimeError

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


@pytest.mark.parametrize("name", DEFAULTS)
def test_no_value_stops_the_other_checks(check: Any, name: str) -> None:
    messages = check({name: Hostile(), "PAGESIZE": 50})
    assert ids(messages) == ["E001", "W001"]
    assert name in messages[0].msg


@pytest.mark.django_db
def test_commands_of_the_plugin_print_no_warnings_and_end_with_errors(settings: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {"NO_SUCH_SETTING": 1}
    out, err = StringIO(), StringIO()
    call_command("accredible_deliver", skip_checks=False, stdout=out, stderr=err)
    assert err.getvalue() == ""

    settings.CREDENTIALS_ACCREDIBLE = {"PAGE_SIZE": 0}
    with pytest.raises(SystemCheckError, match="PAGE_SIZE"):
        call_command("accredible_deliver", skip_checks=False, stdout=out, stderr=err)
