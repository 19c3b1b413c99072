"""The pages of API configurations, through Django's client."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncRun
from demo.emulator.server import Emulator
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
ADD = LIST + "add/"
KEY = "main-key-0001"


def post(client: Client, url: str, **data: Any) -> Any:
    """Send a form and follow to the page after it."""
    return client.post(url, data, follow=True)


def told(response: Any) -> str:
    """All messages of the page."""
    return "\n".join(str(message) for message in get_messages(response.wsgi_request)) or "\n".join(
        str(message) for message in response.context["messages"]
    )


def sync(client: Client, *configs: AccredibleAPIConfig, **more: Any) -> Any:
    """Tick the configurations and run "Sync groups"."""
    return post(client, LIST, action="sync_groups", _selected_action=[config.pk for config in configs], **more)


class TestTheDocumentedWay:
    def test_an_operator_who_follows_the_hosts_documentation_ends_with_inactive_groups(
        self, admin_client: Client, emulator: Emulator
    ) -> None:
        emulator.add_account(key=KEY, seed=135)

        page = admin_client.get("/admin/badges/accredibleapiconfig/", follow=True)
        assert "Add Accredible API configuration" in page.content.decode()
        added = post(
            admin_client,
            "/admin/badges/accredibleapiconfig/add/",
            name="Main",
            environment="emulator",
            new_api_key=KEY,
        )
        assert "was added successfully" in told(added)
        config = AccredibleAPIConfig.objects.get()
        synced = post(
            admin_client, "/admin/badges/accredibleapiconfig/", action="sync_groups", _selected_action=[config.pk]
        )
        assert "Main was synced: 135 created" in told(synced)
        groups = admin_client.get("/admin/badges/accrediblegroup/", follow=True)

        assert "135 Accredible groups" in groups.content.decode()
        assert AccredibleGroup.objects.filter(is_active=False).count() == 135


class TestTheForm:
    def test_saving_tries_the_key_and_keeps_what_accredible_says(self, admin_client: Client, account: Any) -> None:
        post(admin_client, ADD, name="Main", environment="emulator", new_api_key=f"  {KEY}\n")

        config = AccredibleAPIConfig.objects.get()
        assert config.api_key.reveal() == KEY
        assert config.issuer_name
        assert config.checked_at is not None

    def test_a_refused_key_is_an_error_that_says_which_and_where(
        self, admin_client: Client, emulator: Emulator
    ) -> None:
        response = post(admin_client, ADD, name="Main", environment="emulator", new_api_key="wrong-key-98765")

        page = response.content.decode()
        assert "Accredible refused the entered key ••••8765 in the environment “Emulator”" in page
        assert "wrong-key" not in page
        assert not AccredibleAPIConfig.objects.exists()

    def test_an_unreachable_accredible_is_a_warning_and_the_key_is_saved(
        self, admin_client: Client, emulator: Emulator
    ) -> None:
        emulator.fault("status", status=503, path="/v1/issuer/details", times=100)

        response = post(admin_client, ADD, name="Main", environment="emulator", new_api_key=KEY)

        assert "was saved, but could not be tried in the environment “Emulator”" in told(response)
        assert AccredibleAPIConfig.objects.get().api_key.reveal() == KEY

    def test_a_new_configuration_needs_a_key(self, admin_client: Client, emulator: Emulator) -> None:
        response = post(admin_client, ADD, name="Main", environment="emulator", new_api_key="")

        assert "This field is required" in response.content.decode()
        assert not AccredibleAPIConfig.objects.exists()

    def test_a_stored_key_is_shown_by_its_last_four_characters_only(self, admin_client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)

        page = admin_client.get(f"{LIST}{config.pk}/change/").content.decode()

        assert "••••0001" in page
        assert KEY not in page
        assert 'type="password"' in page

    def test_an_empty_key_keeps_the_stored_one(self, admin_client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)

        post(admin_client, f"{LIST}{config.pk}/change/", name="Renamed", environment="emulator", new_api_key="")

        config.refresh_from_db()
        assert (config.name, config.api_key.reveal()) == ("Renamed", KEY)

    def test_a_stored_key_that_is_refused_is_named_as_the_stored_one(
        self, admin_client: Client, emulator: Emulator
    ) -> None:
        config = factories.make_config(key="old-key-000042")

        response = post(
            admin_client, f"{LIST}{config.pk}/change/", name="Renamed", environment="emulator", new_api_key=""
        )

        assert "refused the stored key ••••0042" in response.content.decode()

    def test_the_environment_of_imported_groups_cannot_be_changed(self, admin_client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)
        factories.make_group(config)

        post(admin_client, f"{LIST}{config.pk}/change/", name="Main", environment="eu", new_api_key="")

        config.refresh_from_db()
        assert (config.name, config.environment) == ("Main", "emulator")

    def test_a_key_of_another_issuer_is_pointed_out(self, admin_client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)
        AccredibleAPIConfig.objects.update(issuer_name="Somebody else")

        response = post(admin_client, f"{LIST}{config.pk}/change/", name="Main", environment="emulator", new_api_key="")

        assert "before, it was “Somebody else”" in told(response)

    def test_a_key_that_cannot_be_decrypted_leaves_the_page_usable(
        self, admin_client: Client, account: Any, settings: Any
    ) -> None:
        config = factories.make_config(key=KEY)
        settings.CREDENTIALS_ACCREDIBLE["ENCRYPTION_KEYS"] = ["lost"]

        listed = admin_client.get(LIST)
        page = admin_client.get(f"{LIST}{config.pk}/change/").content.decode()
        post(admin_client, f"{LIST}{config.pk}/change/", name="Main", environment="emulator", new_api_key=KEY)

        config.refresh_from_db()
        assert listed.status_code == 200
        assert "ENCRYPTION_KEYS" in page
        assert config.api_key.reveal() == KEY

    def test_settings_that_cannot_be_used_are_told_instead_of_a_crash(
        self, admin_client: Client, emulator: Emulator, settings: Any
    ) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {"ENVIRONMENTS": {"mars": {"api_url": "http://mars.example.com"}}}

        response = admin_client.get(ADD, follow=True)

        assert "['ENVIRONMENTS']['mars']['api_url'] must start with https://" in told(response)

    def test_the_list_opens_with_settings_that_cannot_be_used(
        self, admin_client: Client, emulator: Emulator, settings: Any
    ) -> None:
        factories.make_config()
        settings.CREDENTIALS_ACCREDIBLE = {"ENVIRONMENTS": {"mars": {"api_url": "http://mars.example.com"}}}

        response = admin_client.get(LIST)

        assert response.status_code == 200
        assert "must start with https://" in response.content.decode()

    def test_who_may_only_look_sees_no_field_for_a_key(self, client: Client, account: Any) -> None:
        config = factories.make_config(key=KEY)
        client.force_login(factories.make_staff("view_accredibleapiconfig"))

        page = client.get(f"{LIST}{config.pk}/change/").content.decode()
        response = client.post(f"{LIST}{config.pk}/change/", {"name": "X", "new_api_key": "another-key-9"})

        assert "••••0001" in page
        assert 'type="password"' not in page
        assert response.status_code == 403

    def test_a_key_is_not_tried_for_who_may_not_save_it(self, client: Client, emulator: Emulator) -> None:
        client.force_login(factories.make_staff("view_accredibleapiconfig"))

        response = client.post(ADD, {"name": "X", "environment": "emulator", "new_api_key": KEY})

        assert response.status_code == 403
        assert emulator.requests == []


class TestTheList:
    def test_it_shows_the_state_of_each_configuration(self, admin_client: Client, account: Any) -> None:
        account.add_group(name="g", course_name="Group")
        config = factories.make_config("Main", key=KEY)
        sync(admin_client, config)
        AccredibleGroup.objects.update(is_active=True)

        page = admin_client.get(LIST).content.decode()

        for text in ("Main", "Emulator", "1, 1 of them active", "succeeded", "Last sync"):
            assert text in page, text

    def test_its_number_of_queries_does_not_depend_on_the_number_of_configurations(
        self, admin_client: Client, account: Any, django_assert_max_num_queries: Any
    ) -> None:
        for _number in range(20):
            sync(admin_client, factories.make_config(key=KEY))

        with django_assert_max_num_queries(10):
            admin_client.get(LIST)


class TestDeleting:
    def test_a_configuration_with_active_groups_is_not_deleted(self, admin_client: Client, account: Any) -> None:
        config = factories.make_config("Main", key=KEY)
        factories.configure(factories.make_group(config))

        page = admin_client.get(f"{LIST}{config.pk}/delete/").content.decode()
        post(admin_client, f"{LIST}{config.pk}/delete/", post="yes")
        post(admin_client, LIST, action="delete_selected", _selected_action=[config.pk], post="yes")

        assert "Main has 1 active group: deactivate it first" in page
        assert AccredibleAPIConfig.objects.filter(pk=config.pk).exists()

    def test_one_without_active_groups_is_deleted_and_earned_badges_stay(
        self, admin_client: Client, account: Any
    ) -> None:
        config = factories.make_config("Main", key=KEY)
        group = factories.make_group(config)
        badge = factories.make_badge(factories.configure(group))
        AccredibleGroup.objects.update(is_active=False)

        post(admin_client, f"{LIST}{config.pk}/delete/", post="yes")

        badge.refresh_from_db()
        assert not AccredibleAPIConfig.objects.exists()
        assert (badge.group, badge.api_config, badge.group_name) == (None, None, group.name)


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
    return [part.split("</td>")[0] for part in page.split("<td>")[1:]]


def test_no_query_compares_what_is_stored_of_a_key(admin_client: Client, account: Any) -> None:
    factories.make_config(key=KEY)

    for lookup in ("api_key", "api_key__contains", "api_key__startswith", "api_key__regex"):
        response = admin_client.get(LIST, {lookup: "g"})
        assert response.status_code == 302
        assert "e=1" in response["Location"]
