"""What one does about a thing is on its page, and on its row."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    FailedEvent,
)
from tests import factories
from tests.admin.config_pages import ADD, KEY, LIST, post, told
from tests.factories import PASSING

pytestmark = pytest.mark.django_db

PLUGIN = "/admin/credentials_accredible/"


@pytest.fixture
def config(account: Any) -> AccredibleAPIConfig:
    """An account with one group."""
    account.add_group(name="g", course_name="Group")
    return factories.make_config("Main")


def buttons(response: Any) -> dict[str, str]:
    """The labels of what can be pressed, and where it leads."""
    html = response.content.decode()
    forms = re.findall(r'<form method="post" action="([^"]*)">(?:(?!</form>).)*?<button[^>]*>([^<]*)<', html, re.DOTALL)
    rows = re.findall(r'<button type="submit" formaction="([^"]*)">([^<]*)<', html)
    links = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', html)
    return {label: to.replace("&amp;", "&") for to, label in [*links, *rows, *forms]}


def test_an_account_is_synced_from_its_row(admin_client: Client, config: AccredibleAPIConfig) -> None:
    to = buttons(admin_client.get(LIST))["Sync now"]

    first = post(admin_client, to)
    second = post(admin_client, to)

    assert "Main was synced: 1 created" in told(first)
    assert first.request["PATH_INFO"] == f"{PLUGIN}accrediblegroup/"
    assert "See its groups" in told(second)
    assert second.request["PATH_INFO"] == f"{LIST}{config.pk}/change/"


def test_a_sync_that_would_remove_groups_asks_first(
    admin_client: Client, config: AccredibleAPIConfig, account: Any
) -> None:
    post(admin_client, f"{LIST}{config.pk}/sync/")
    account.remove_group(AccredibleGroup.objects.get().accredible_id)

    page = post(admin_client, buttons(admin_client.get(f"{LIST}{config.pk}/change/"))["Sync now"])

    assert "Yes, remove them and sync" in page.content.decode()
    assert AccredibleGroup.objects.exists()


def test_the_row_and_the_page_have_the_same_buttons(admin_client: Client, config: AccredibleAPIConfig) -> None:
    row = buttons(admin_client.get(LIST))
    page = buttons(admin_client.get(f"{LIST}{config.pk}/change/"))

    for label in ("Sync now", "Preview", "Test connection"):
        assert row[label] == page[label]


def test_who_may_not_sync_has_none_of_them(client: Client, config: AccredibleAPIConfig) -> None:
    client.force_login(factories.make_staff("view_accredibleapiconfig", "change_accredibleapiconfig"))

    for address in (LIST, f"{LIST}{config.pk}/change/"):
        assert not {"Sync now", "Preview", "Test connection"} & buttons(client.get(address)).keys()


def test_saving_an_account_says_whose_key_it_is_and_offers_the_sync(admin_client: Client, account: Any) -> None:
    page = post(admin_client, ADD, name="Main", environment="emulator", new_api_key=KEY)

    assert "The API key of “Main” is accepted. Issuer: " in told(page)
    assert "Credits left: " in told(page)
    assert "Sync now" in told(page)


def test_the_same_key_saved_anew_lifts_the_pause_if_it_works(admin_client: Client, config: AccredibleAPIConfig) -> None:
    AccredibleAPIConfig.objects.update(paused_at=timezone.now(), pause_reason="refused")

    page = post(admin_client, f"{LIST}{config.pk}/change/", name="Main", environment="emulator", new_api_key="")

    assert "Delivery for “Main” goes on." in told(page)
    config.refresh_from_db()
    assert (config.paused_at, config.pause_reason) == (None, "")


def test_a_pause_is_lifted_on_the_page_of_the_account(admin_client: Client, config: AccredibleAPIConfig) -> None:
    assert "Resume delivery" not in buttons(admin_client.get(f"{LIST}{config.pk}/change/"))
    AccredibleAPIConfig.objects.update(paused_at=timezone.now())

    assert buttons(admin_client.get(f"{LIST}{config.pk}/change/"))["Resume delivery"] == LIST


def test_a_failed_badge_is_retried_on_its_page(admin_client: Client) -> None:
    badge = factories.make_badge(factories.make_group())
    address = f"{PLUGIN}accrediblebadge/{badge.pk}/change/"
    assert "Retry the delivery" not in buttons(admin_client.get(address))
    AccredibleBadge.objects.update(state="error", problem="refused", next_attempt_at=None)

    page = post(admin_client, buttons(admin_client.get(address))["Retry the delivery"])

    assert "1 badge is due for delivery." in told(page)
    assert page.request["PATH_INFO"] == address
    badge.refresh_from_db()
    assert badge.next_attempt_at


def test_a_failed_event_is_processed_again_on_its_page(admin_client: Client) -> None:
    event = FailedEvent.objects.create(event_type=PASSING, event_time=timezone.now(), error="broken")
    address = f"{PLUGIN}failedevent/{event.pk}/change/"

    page = post(admin_client, buttons(admin_client.get(address))["Process again"])

    assert "1 event processed." in told(page)
    assert page.request["PATH_INFO"] == address
    assert "Process again" not in buttons(page)


def test_progress_leads_to_the_badge_or_to_the_form_that_awards_it(admin_client: Client) -> None:
    group = factories.configure(factories.make_group())
    progress = BadgeProgress.objects.get()
    address = f"{PLUGIN}badgeprogress/{progress.pk}/change/"

    form = admin_client.get(buttons(admin_client.get(address))["Award by hand"])
    badge = AccredibleBadge.objects.create(
        user=progress.user, group=group, api_config=group.api_config, accredible_group_id=1, group_name="G"
    )

    assert progress.user.username in form.content.decode()
    found = buttons(admin_client.get(address))
    assert found["See the badge"] == f"{PLUGIN}accrediblebadge/{badge.pk}/change/"
    assert "Award by hand" not in found
