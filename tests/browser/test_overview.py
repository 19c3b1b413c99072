"""The overview in a browser: what needs a person is done there; few permissions; a narrow window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    FailedEvent,
    GroupSnapshot,
    SyncRun,
)
from demo.emulator.server import Emulator
from tests import factories
from tests.adoption import builtin
from tests.adoption.conftest import point_at
from tests.browser.looking import hidden, window
from tests.browser.test_admin import Visit, press, text, wait_until_gone
from tests.factories import PASSING

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/credentials_accredible/overview/"
RIGHT_TO_LEFT = "قسم الهندسة"


@pytest.fixture
def trouble(emulator: Emulator, account: Any) -> AccredibleAPIConfig:
    """An account of which everything needs a person."""
    now = timezone.now()
    account.add_group(name="g", course_name="Group")
    config = factories.make_config(f"{RIGHT_TO_LEFT} {'a long name ' * 8}")
    group = factories.make_group(config)
    for problem in ("recipient", "refused", "taken", "exhausted"):
        badge = factories.make_badge(group)
        AccredibleBadge.objects.filter(pk=badge.pk).update(state="error", problem=problem, next_attempt_at=None)
    hidden = factories.make_badge(group)
    later = {"next_attempt_at": now + timedelta(hours=1)}
    AccredibleBadge.objects.filter(pk=hidden.pk).update(state="unpublished", external_id="7", **later)
    delivered = factories.make_badge(group)
    done = {"state": "accepted", "next_attempt_at": None, "delivered_at": now}
    AccredibleBadge.objects.filter(pk=delivered.pk).update(**done)
    late = factories.make_badge(group)
    AccredibleBadge.objects.filter(pk=late.pk).update(next_attempt_at=now - timedelta(hours=1))
    FailedEvent.objects.create(event_type=PASSING, event_time=now, error="broken")
    GroupSnapshot.objects.create(
        cause="sync", name=RIGHT_TO_LEFT, config_name="x", accredible_id=7, data={}, learners=3
    )
    failed = {"status": RunStatus.FAILED, "trigger": "schedule", "heartbeat_at": now, "finished_at": now}
    SyncRun.objects.create(api_config=config, config_name="x", started_at=now, needs_confirmation=True, **failed)
    AccredibleAPIConfig.objects.update(credits_left=2, checked_at=now, sync_interval=60, next_sync_at=now)
    return config


def kinds(page: Chrome) -> list[str]:
    return [str(row.get_attribute("data-kind")) for row in page.find_elements(By.CSS_SELECTOR, ".accredible-need")]


def do(page: Chrome, kind: str, label: str) -> None:
    """Press what stands beside a thing that needs a person, and wait for the next page."""
    row = page.find_element(By.CSS_SELECTOR, f'[data-kind="{kind}"]')
    button = row.find_element(By.XPATH, f".//button[text()='{label}'] | .//a[text()='{label}']")
    button.click()
    wait_until_gone(page, button)


def test_each_thing_is_done_from_there(page: Chrome, visit: Visit, trouble: AccredibleAPIConfig) -> None:
    visit("/admin/")
    press(page, By.LINK_TEXT, "Overview")
    assert set(kinds(page)) == {
        "credits", "confirmation", "schedule_fails", "badges_late", "badges_failed", "badges_hidden", "events_failed",
        "groups_removed",
    }  # fmt: skip
    assert len(page.find_elements(By.CSS_SELECTOR, "svg rect")) == 1

    do(page, "events_failed", "Process again")
    assert "1 event processed." in text(page, ".messagelist")
    for _reason in range(4):
        visit(PAGE)
        do(page, "badges_failed", "Retry the delivery")
        assert "1 badge is due for delivery." in text(page, ".messagelist")
    visit(PAGE)
    do(page, "credits", "Test connection")
    assert "is accepted. Issuer: " in text(page, ".messagelist")
    press(page, By.XPATH, "//ul[@class='messagelist']//button[text()='Sync now']")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")
    assert "was synced: 1 created" in text(page, ".messagelist")
    AccredibleAPIConfig.objects.update(paused_at=timezone.now())
    visit(PAGE)
    do(page, "paused", "Resume delivery")
    visit(PAGE)
    do(page, "badges_hidden", "See these badges")
    assert "1 Accredible badge" in text(page, "#changelist")

    visit(PAGE)
    assert set(kinds(page)) == {"badges_late", "badges_hidden", "groups_removed"}
    do(page, "groups_removed", "See what was removed")
    assert RIGHT_TO_LEFT in text(page, "#result_list")


def test_each_button_is_within_a_narrow_window(page: Chrome, visit: Visit, trouble: AccredibleAPIConfig) -> None:
    visit(PAGE)

    with window(page, 390):
        assert hidden(page) <= 0
        for button in page.find_elements(By.CSS_SELECTOR, ".accredible-tools a, .accredible-tools button"):
            assert 0 <= button.rect["x"] <= 390 - button.rect["width"]


def test_staff_with_few_permissions_see_little_and_can_press_nothing(
    page: Chrome, live_server: Any, trouble: AccredibleAPIConfig, log_in: Callable[[Any], None]
) -> None:
    log_in(factories.make_staff("view_accrediblebadge"))
    page.get(f"{live_server.url}/admin/")
    press(page, By.LINK_TEXT, "Overview")

    assert set(kinds(page)) == {"badges_late", "badges_failed", "badges_hidden"}
    assert not page.execute_script("return document.querySelector('#content button, #accredible-accounts')")
    do(page, "badges_late", "See what is due")
    assert "1 Accredible badge" in text(page, "#changelist")


def test_a_sync_that_no_worker_takes_is_followed_from_there(
    page: Chrome, visit: Visit, trouble: AccredibleAPIConfig
) -> None:
    now = timezone.now()
    started = {"started_at": now - timedelta(minutes=10), "heartbeat_at": now}
    queued = {"status": RunStatus.QUEUED, "trigger": "admin", "lock": trouble, "owner": "somebody"}
    SyncRun.objects.all().delete()
    SyncRun.objects.create(api_config=trouble, config_name="x", **started, **queued)
    visit(PAGE)
    do(page, "sync_waits", "Follow the sync")

    assert text(page, ".accredible-progress-text").startswith("Waits for a worker since 6")


def test_a_schedule_that_nobody_starts_is_started_from_there(page: Chrome, visit: Visit, account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    factories.make_config("Main")
    AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now() - timedelta(hours=3))
    visit(PAGE)
    do(page, "schedule_overdue", "Sync now")

    assert "was synced: 1 created" in text(page, ".messagelist")


def test_a_take_over_is_done_from_there(page: Chrome, visit: Visit, account: Any, settings: Any) -> None:
    point_at(settings)
    builtin.requirement(builtin.group(builtin.account(), pk=501, name=RIGHT_TO_LEFT), "A")
    visit(PAGE)
    do(page, "take_over", "Take over")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")
    assert "All of it was taken over." in text(page, ".messagelist")

    assert AccredibleGroup.objects.get().name == RIGHT_TO_LEFT
    visit(PAGE)
    assert "take_over" not in kinds(page)
