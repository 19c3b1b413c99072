"""The first page of the plugin: how things stand, what needs a person, and the button for each."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    FailedEvent,
    GroupSnapshot,
    SyncRun,
)
from demo.emulator.server import Emulator
from tests import factories
from tests.admin.overview.pages import PAGE, PLUGIN, a_failed_badge, a_run, follow, press, sections, text
from tests.conftest import PluginSettings
from tests.factories import PASSING

pytestmark = pytest.mark.django_db


class TestWhereNothingIsWrong:
    def test_it_says_so(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        a_run(config)

        response = admin_client.get(PAGE)

        assert sections(response) == {}
        assert "Nothing, as far as you may see." in text(response.content.decode())
        assert "works" in text(response.content.decode())

    def test_it_leads_to_the_first_step_where_there_is_no_account(self, admin_client: Client) -> None:
        assert f'href="{PLUGIN}accredibleapiconfig/add/"' in admin_client.get(PAGE).content.decode()

    def test_accredible_is_not_asked(
        self, admin_client: Client, config: AccredibleAPIConfig, emulator: Emulator
    ) -> None:
        a_failed_badge(config)

        admin_client.get(PAGE)

        assert emulator.requests == []

    @pytest.mark.parametrize("page", ["/admin/", PLUGIN, f"{PLUGIN}accrediblegroup/"])
    def test_the_lists_of_the_admin_lead_to_it(self, admin_client: Client, page: str) -> None:
        assert f'href="{PAGE}"' in admin_client.get(page).content.decode()


class TestAccounts:
    def test_a_pause_is_lifted_by_its_button(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        AccredibleAPIConfig.objects.update(paused_at=timezone.now(), pause_reason="Invalid token")

        found = sections(admin_client.get(PAGE))["paused"]
        follow(admin_client, found, "Enter a key")
        press(admin_client, found, "Resume delivery")

        assert "Invalid token" in found
        config.refresh_from_db()
        assert config.paused_at is None
        assert sections(admin_client.get(PAGE)) == {}

    def test_a_key_that_works_again_lifts_the_pause(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        AccredibleAPIConfig.objects.update(paused_at=timezone.now(), pause_reason="Invalid token")

        page = text(press(admin_client, admin_client.get(PAGE).content.decode(), "Test connection").content.decode())

        assert "The API key of “Main” is accepted. Issuer: " in page
        assert "Delivery for “Main” goes on." in page
        config.refresh_from_db()
        assert config.paused_at is None
        assert config.issuer_name

    def test_a_key_that_does_not_is_told_and_lifts_nothing(self, admin_client: Client, emulator: Emulator) -> None:
        config = factories.make_config("Main", key="never-was-a-key")
        AccredibleAPIConfig.objects.update(paused_at=timezone.now())

        page = text(press(admin_client, admin_client.get(PAGE).content.decode(), "Test connection").content.decode())

        assert "The connection of “Main” does not work: " in page
        assert "never-was-a-key" not in page
        config.refresh_from_db()
        assert config.paused_at

    def test_few_credits_are_told_until_there_are_more(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        AccredibleAPIConfig.objects.update(credits_left=1, checked_at=timezone.now())

        found = sections(admin_client.get(PAGE))["credits"]

        assert "it had 1 credit left." in text(found)
        press(admin_client, found, "Test connection")
        assert sections(admin_client.get(PAGE)) == {}

    def test_an_account_without_a_key_is_told(self, admin_client: Client) -> None:
        factories.make_config("Main", key="")

        page = admin_client.get(PAGE)

        follow(admin_client, sections(page)["key"], "Enter a key")
        assert "Sync now" not in page.content.decode()

    def test_a_key_that_nobody_can_read_is_told(
        self, admin_client: Client, config: AccredibleAPIConfig, plugin_settings: PluginSettings
    ) -> None:
        plugin_settings(ENCRYPTION_KEYS=["another"])

        found = sections(admin_client.get(PAGE))["key"]

        assert "cannot be read" in text(found)
        assert "ENCRYPTION_KEYS" in found

    def test_a_sync_is_started_by_a_button(self, admin_client: Client, account: Any) -> None:
        factories.make_config("Main")
        account.add_group(name="g", course_name="Group")

        page = press(admin_client, admin_client.get(PAGE).content.decode(), "Sync now")

        assert "Main was synced: 1 created" in text(page.content.decode())

    def test_a_sync_that_waits_for_a_word_leads_to_the_preview(
        self, admin_client: Client, config: AccredibleAPIConfig
    ) -> None:
        a_run(config, status=RunStatus.REFUSED, needs_confirmation=True)

        follow(
            admin_client,
            sections(admin_client.get(PAGE))["confirmation"],
            "Look at what would change, and confirm",
        )

    def test_a_schedule_that_fails_leads_to_its_run(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now())
        run = a_run(config, status=RunStatus.FAILED, trigger="schedule", heartbeat_at=timezone.now())

        page = follow(admin_client, sections(admin_client.get(PAGE))["schedule_fails"], "See why")

        assert page.request["PATH_INFO"] == f"{PLUGIN}syncrun/{run.pk}/change/"

    def test_a_schedule_that_nobody_looks_at_is_told(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        AccredibleAPIConfig.objects.update(sync_interval=60, next_sync_at=timezone.now() - timedelta(hours=1))

        found = sections(admin_client.get(PAGE))["schedule_overdue"]

        assert "nobody started it" in text(found)
        press(admin_client, found, "Sync now")
        assert SyncRun.objects.filter(status=RunStatus.SUCCEEDED).exists()

    def test_a_sync_that_no_worker_takes_on_is_told(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        now = timezone.now()
        times = {"started_at": now - timedelta(minutes=10), "heartbeat_at": now, "finished_at": None}
        a_run(config, status=RunStatus.QUEUED, lock=config, owner="somebody", **times)

        follow(admin_client, sections(admin_client.get(PAGE))["sync_waits"], "Follow the sync")


class TestBadges:
    @pytest.mark.parametrize("problem", ["recipient", "refused", "taken", "exhausted"])
    def test_failures_are_told_by_reason_and_retried(
        self, admin_client: Client, config: AccredibleAPIConfig, problem: str
    ) -> None:
        badge = a_failed_badge(config, problem)
        other = a_failed_badge(config, "orphaned", api_config=None)

        html = admin_client.get(PAGE).content.decode()
        found = next(part for part in html.split("data-kind") if "1 badge of “<bdi>Main</bdi>”" in part)
        listed = follow(admin_client, unescape(found), "See these badges")
        press(admin_client, unescape(found), "Retry the delivery")

        assert [row.pk for row in listed.context["cl"].result_list] == [badge.pk]
        badge.refresh_from_db()
        other.refresh_from_db()
        assert badge.next_attempt_at
        assert other.next_attempt_at is None

    def test_badges_of_a_deleted_account_are_found(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        badge = a_failed_badge(config, "orphaned", api_config=None)

        found = sections(admin_client.get(PAGE))["badges_failed"]

        assert "1 badge of no account was not delivered" in text(found)
        listed = follow(admin_client, found, "See these badges")
        assert [row.pk for row in listed.context["cl"].result_list] == [badge.pk]

    def test_many_are_not_counted_one_by_one(
        self, admin_client: Client, config: AccredibleAPIConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _number in range(3):
            a_failed_badge(config)
        for module in ("delivery.outbox", "overview.needs"):
            monkeypatch.setattr(f"credentials_accredible.{module}.MOST_COUNTED", 2)

        assert "More than 2 badges" in text(sections(admin_client.get(PAGE))["badges_failed"])

    def test_badges_that_learners_cannot_see_are_told(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        later = timezone.now() + timedelta(minutes=9)
        badge = a_failed_badge(config, "", state="unpublished", external_id="7", next_attempt_at=later)

        listed = follow(admin_client, sections(admin_client.get(PAGE))["badges_hidden"], "See these badges")

        assert [row.pk for row in listed.context["cl"].result_list] == [badge.pk]

    def test_badges_that_nobody_sends_are_told_unless_something_keeps_them_back(
        self, admin_client: Client, config: AccredibleAPIConfig
    ) -> None:
        factories.make_badge(factories.make_group(config))
        assert sections(admin_client.get(PAGE)) == {}
        AccredibleBadge.objects.update(next_attempt_at=timezone.now() - timedelta(hours=1))

        found = sections(admin_client.get(PAGE))["badges_late"]
        AccredibleAPIConfig.objects.update(held_until=timezone.now() + timedelta(minutes=5))

        assert "accredible_deliver" in text(found)
        assert sections(admin_client.get(PAGE)) == {}

    def test_a_day_counts_what_was_delivered_on_it(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        now = timezone.now()
        for days in (0, 0, 1, 13, 14):
            a_failed_badge(config, "", state="accepted", delivered_at=now - timedelta(days=days))

        response = admin_client.get(PAGE)

        days = [day.delivered for day in response.context["found"].days]
        assert days == [1, *[0] * 11, 1, 2]
        html = response.content.decode()
        assert html.count("<rect") == 3
        assert html.count('<tr><th scope="row">') == 14
        assert "4 badges in the last 14 days. The highest bar is 2." in text(html)


class TestEventsAndGroups:
    def test_failed_events_are_processed_again_by_a_button(self, admin_client: Client) -> None:
        FailedEvent.objects.create(event_type=PASSING, event_time=timezone.now(), error="broken")
        done = FailedEvent.objects.create(event_type=PASSING, event_time=timezone.now(), error="broken")
        FailedEvent.objects.filter(pk=done.pk).update(resolved_at=timezone.now())

        found = sections(admin_client.get(PAGE))["events_failed"]
        listed = follow(admin_client, found, "See these events")
        page = press(admin_client, found, "Process again")

        assert text(found).startswith("1 event of a learner could not be processed")
        assert done.pk not in [row.pk for row in listed.context["cl"].result_list]
        assert "1 event processed." in text(page.content.decode())

    def test_groups_that_syncs_took_from_learners_are_told_for_some_days(
        self, admin_client: Client, config: AccredibleAPIConfig
    ) -> None:
        row = {"api_config": config, "config_name": "Main", "accredible_id": 7, "data": {}, "learners": 3}
        removed = GroupSnapshot.objects.create(cause="sync", name="Gone", **row)
        GroupSnapshot.objects.create(cause="person", name="Deleted", **row)

        page = admin_client.get(PAGE)
        follow(admin_client, sections(page)["groups_removed"], "See what was removed")
        GroupSnapshot.objects.filter(pk=removed.pk).update(created=timezone.now() - timedelta(days=8))

        assert "“Gone”" in text(sections(page)["groups_removed"])
        assert page.context["found"].removed == 2
        assert sections(admin_client.get(PAGE)) == {}

    def test_groups_are_counted(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        factories.configure(factories.make_group(config))
        factories.make_group(config)

        figures = admin_client.get(PAGE).context["found"].groups

        assert (figures.total, figures.active, figures.bare) == (2, 1, 1)
