"""Why something did not work is a sentence; the request and its status are folded, wherever a page tells it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeLogEntry, SyncRun
from tests import factories
from tests.admin.config_pages import LIST, told
from tests.admin.forms import text

pytestmark = pytest.mark.django_db

PLUGIN = "/admin/credentials_accredible/"
REQUEST = "POST /v1/credentials: HTTP 422"
ERROR = f"Accredible did not accept what was sent ({REQUEST}): email: is <i>invalid</i>"
SENTENCE = "Accredible did not accept what was sent: email: is &lt;i&gt;invalid&lt;/i&gt;"
FOLDED = f"<summary>Technical detail</summary><pre>{REQUEST}</pre></details>"


@pytest.fixture
def badge(admin_client: Client) -> AccredibleBadge:
    badge = factories.make_badge(factories.make_group())
    AccredibleBadge.objects.filter(pk=badge.pk).update(state="error", problem="refused", last_error=ERROR)
    BadgeLogEntry.objects.create(badge=badge, action="issue", succeeded=False, detail=ERROR)
    return badge


def test_a_badge_tells_it_in_its_row_and_on_its_page(admin_client: Client, badge: AccredibleBadge) -> None:
    listed = text(admin_client.get(f"{PLUGIN}accrediblebadge/"))
    page = text(admin_client.get(f"{PLUGIN}accrediblebadge/{badge.pk}/change/"))

    assert SENTENCE in listed
    assert "HTTP" not in listed
    # The error, and the entry of the log.
    assert page.count(SENTENCE) == page.count(FOLDED) == 2


def test_a_run_tells_it_in_its_row_and_on_its_page(admin_client: Client) -> None:
    config = factories.make_config()
    run = SyncRun.objects.create(
        api_config=config, config_name="x", started_at=timezone.now(), status="failed", error=ERROR, warnings=[ERROR]
    )

    listed = text(admin_client.get(f"{PLUGIN}syncrun/"))
    page = text(admin_client.get(f"{PLUGIN}syncrun/{run.pk}/change/"))

    assert SENTENCE in listed
    assert "HTTP" not in listed
    assert page.count(FOLDED) == 2


def test_a_paused_account_tells_it_in_its_row_and_among_the_deliveries(admin_client: Client) -> None:
    config = factories.make_config()
    AccredibleAPIConfig.objects.filter(pk=config.pk).update(paused_at=timezone.now(), pause_reason=ERROR)

    listed = text(admin_client.get(LIST))
    deliveries = text(admin_client.get(f"{PLUGIN}accrediblebadge/delivery/"))

    assert SENTENCE in listed
    assert "HTTP" not in listed
    assert FOLDED in deliveries


@pytest.mark.parametrize(
    ("request_and_status", "advice"),
    [
        ("POST /v1/credentials: HTTP 401", "Enter a key that is valid in the environment of this account"),
        ("GET /v1/issuer/details: HTTP 403", "Ask the people who manage the account at Accredible"),
        ("PUT /v1/credentials/7: HTTP 404", "sync the groups, and try again"),
        ("POST /v1/credentials: HTTP 400", "correct that, and try again"),
        ("POST /v1/credentials: HTTP 409", "correct that, and try again"),
        ("POST /v1/credentials: HTTP 422", "correct that, and try again"),
        ("POST /v1/credentials: HTTP 429", "Nothing is wrong: too much was asked of it at once."),
        ("POST /v1/credentials: HTTP 408", "Accredible, or the way to it, is disturbed."),
        ("POST /v1/credentials: HTTP 502", "Accredible, or the way to it, is disturbed."),
        ("POST /v1/credentials: no reply", "Accredible, or the way to it, is disturbed."),
        ("POST /v1/credentials: sin respuesta", "Accredible, or the way to it, is disturbed."),
    ],
)
def test_what_to_do_is_said_once_on_the_page(
    admin_client: Client, badge: AccredibleBadge, request_and_status: str, advice: str
) -> None:
    error = f"It did not work ({request_and_status}): because"
    AccredibleBadge.objects.update(last_error=error)
    BadgeLogEntry.objects.update(detail=error)

    page = text(admin_client.get(f"{PLUGIN}accrediblebadge/{badge.pk}/change/"))

    assert page.count('<div class="accredible-advice">') == page.count(advice) == 1


def test_a_sentence_of_ours_needs_no_advice(admin_client: Client, badge: AccredibleBadge) -> None:
    AccredibleBadge.objects.update(last_error="Its API configuration was deleted.")
    BadgeLogEntry.objects.all().delete()

    assert "accredible-advice" not in text(admin_client.get(f"{PLUGIN}accrediblebadge/{badge.pk}/change/"))


def test_so_does_the_message_of_a_sync(admin_client: Client, account: Any) -> None:
    config = factories.make_config("Wrong", key="no-such-key-1")

    messages = told(admin_client.post(f"{LIST}{config.pk}/sync/", follow=True))

    assert "Wrong was not synced: Accredible refused the API key" in messages
    assert "<summary>Technical detail</summary><pre>POST /v1/issuer/groups/search: HTTP 401</pre>" in messages


def test_what_a_database_says_is_in_the_log_alone(
    admin_client: Client, account: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import OperationalError

    def busy(*args: object, **kwargs: object) -> None:
        raise OperationalError(1205, "Lock wait timeout exceeded")

    account.add_group(name="g", course_name="Group")
    monkeypatch.setattr("credentials_accredible.sync.engine.apply", busy)

    outcome = api.sync(factories.make_config())

    assert outcome.error == "The database did not take the changes. The database is busy: try again."
    assert "Lock wait timeout" in caplog.text
