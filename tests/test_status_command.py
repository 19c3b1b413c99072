"""accredible_status tells what the overview shows, until it is done."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, SyncRun
from tests import factories

pytestmark = pytest.mark.django_db


def status(*options: str) -> tuple[str, str]:
    """What the command prints, and how it ends; empty for 0."""
    out = StringIO()
    try:
        call_command("accredible_status", *options, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


@pytest.fixture
def config() -> AccredibleAPIConfig:
    """An account that nobody has looked at yet."""
    return factories.make_config("Main")


def test_without_trouble_it_ends_with_0(config: AccredibleAPIConfig) -> None:
    assert status() == ("Main: API key: not tried yet. Credits left: not known. Last sync: never.\n", "")


def test_the_sentence_about_the_last_sync_ends_with_one_full_stop(config: AccredibleAPIConfig) -> None:
    started = datetime(2026, 5, 1, 14, tzinfo=UTC)
    SyncRun.objects.create(
        api_config=config, config_name=config.name, status=RunStatus.SUCCEEDED, started_at=started, finished_at=started
    )

    assert status()[0].endswith(" Last sync: succeeded (May 1, 2026, 2 p.m.).\n")


def test_without_an_account_it_says_so() -> None:
    assert status() == ("There is no API configuration yet: add one in the admin.\n", "")


def test_what_needs_a_person_is_told_each_time(config: AccredibleAPIConfig) -> None:
    AccredibleAPIConfig.objects.update(paused_at=timezone.now(), pause_reason="Invalid token")
    factories.make_badge(factories.make_group(config))
    AccredibleBadge.objects.update(state="error", problem="refused", next_attempt_at=None)

    first, second = status(), status()

    assert first == second
    assert first[1] == "2 things need a person."
    lines = first[0].splitlines()
    assert lines[0].startswith("Main: API key: refused: delivery is paused.")
    assert lines[1].startswith("! No badge of “Main” has been sent since ")
    assert lines[1].endswith("resume delivery. Invalid token")
    assert lines[2].startswith("! 1 badge of “Main” was not delivered: ")


def test_programs_get_the_same(config: AccredibleAPIConfig) -> None:
    AccredibleAPIConfig.objects.update(credits_left=0, checked_at=timezone.now())

    printed, end = status("--format", "json")

    told: dict[str, Any] = json.loads(printed)
    assert end == "1 thing needs a person."
    assert [(account["config"], account["key"]) for account in told["accounts"]] == [(config.pk, "works")]
    assert [(need["kind"], need["config"], need["count"]) for need in told["needs"]] == [("credits", config.pk, 0)]
