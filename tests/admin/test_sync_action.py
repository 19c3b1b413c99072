"""The action “Sync groups” of API configurations, and what it asks first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from demo.emulator.server import Emulator
from tests import factories
from tests.admin.config_pages import KEY, LIST, sync, told

pytestmark = pytest.mark.django_db


class TestSyncGroups:
    def test_several_configurations_get_a_message_each(self, admin_client: Client, account: Any) -> None:
        account.add_group(name="g", course_name="<b>Group</b>")
        first, second = factories.make_config("First", key=KEY), factories.make_config("Second", key=KEY)
        broken = factories.make_config("Broken", key="no-such-key-1")

        response = sync(admin_client, broken, first, second)

        messages = told(response)
        assert "Broken was not synced: Accredible refused the API key" in messages
        assert "First was synced: 1 created" in messages
        assert "Second was synced: 0 created" in messages
        assert "Second: skipped, because another configuration holds them already" in messages
        assert "held by “First”" in messages
        assert "<b>Group</b>" not in response.content.decode()
        run = SyncRun.objects.get(api_config=first)
        assert (run.trigger, run.user.is_superuser) == ("admin", True)  # type: ignore[union-attr]

    def test_it_needs_a_permission_of_its_own(self, client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)
        client.force_login(factories.make_staff("view_accredibleapiconfig", "change_accredibleapiconfig"))

        page = client.get(LIST).content.decode()
        sync(client, config)

        assert "Sync groups" not in page
        assert not SyncRun.objects.exists()

    def test_with_that_permission_it_runs(self, client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)
        client.force_login(factories.make_staff("view_accredibleapiconfig", "sync_accredibleapiconfig"))

        sync(client, config)

        assert SyncRun.objects.get().status == RunStatus.SUCCEEDED


class TestConfirmation:
    @pytest.fixture
    def config(self, admin_client: Client, account: Any) -> AccredibleAPIConfig:
        """A configuration of three groups, the first of which is configured, active and gone at Accredible."""
        for number in range(3):
            account.add_group(name=f"g-{number}", course_name=f"Group <i>{number}</i>")
        config = factories.make_config("Main", key=KEY)
        sync(admin_client, config)
        group = factories.configure(config.groups.earliest("accredible_id"))
        account.remove_group(group.accredible_id)
        return config

    def test_a_plan_that_removes_groups_is_shown_first(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        page = sync(admin_client, config).content.decode()

        assert "Remove groups?" in page
        assert "Group &lt;i&gt;0&lt;/i&gt;" in page
        assert [int(cell) for cell in _cells(page)[-5:]] == [2, 3, 1, 0, 1]
        assert config.groups.count() == 3

    def test_confirming_applies_what_was_shown(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        page = sync(admin_client, config)

        response = sync(admin_client, config, **_digests(page))

        assert "Main was synced: 0 created, 0 updated, 2 unchanged, 1 removed" in told(response)
        assert config.groups.count() == 2

    def test_what_has_changed_meanwhile_is_shown_again(
        self, admin_client: Client, config: AccredibleAPIConfig, account: Any
    ) -> None:
        page = sync(admin_client, config)
        account.remove_group(config.groups.latest("accredible_id").accredible_id)

        again = sync(admin_client, config, **_digests(page))
        text = again.content.decode()

        assert "The plan has changed since you confirmed it" in text
        assert "This removes 2 of 3 groups" not in text
        assert config.groups.count() == 3
        sync(admin_client, config, **_digests(again))
        assert config.groups.count() == 1

    def test_a_large_removal_is_marked(self, admin_client: Client, config: AccredibleAPIConfig, account: Any) -> None:
        for group in list(config.groups.order_by("accredible_id"))[1:]:
            account.remove_group(group.accredible_id)

        page = sync(admin_client, config).content.decode()

        assert "This removes 3 of 3 groups" in page

    def test_what_removes_nothing_is_synced_without_asking(
        self, admin_client: Client, config: AccredibleAPIConfig, emulator: Emulator
    ) -> None:
        emulator.add_account(key="eu-key-000001", environment="eu")
        other = factories.make_config("Other", key="eu-key-000001", environment="eu")

        page = sync(admin_client, config, other)

        assert "Remove groups?" in page.content.decode()
        assert "Other was synced" in told(page)

    def test_a_digest_made_up_removes_nothing(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        page = sync(admin_client, config, **{f"digest-{config.pk}": "0" * 64})

        assert "Remove groups?" in page.content.decode()
        assert config.groups.count() == 3


def _digests(page: Any) -> dict[str, str]:
    return {item["digest_name"]: item["digest"] for item in page.context["pending"]}


def _cells(page: str) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", page)
