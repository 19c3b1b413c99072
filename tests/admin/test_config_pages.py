"""The pages of API configurations, through Django's client."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from demo.emulator.server import Emulator
from tests import factories
from tests.admin.config_pages import ADD, KEY, LIST, post, sync, told
from tests.conftest import PluginSettings

pytestmark = pytest.mark.django_db


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
        self, admin_client: Client, account: Any, plugin_settings: PluginSettings
    ) -> None:
        config = factories.make_config(key=KEY)
        plugin_settings(ENCRYPTION_KEYS=["lost"])

        listed = admin_client.get(LIST)
        page = admin_client.get(f"{LIST}{config.pk}/change/").content.decode()
        post(admin_client, f"{LIST}{config.pk}/change/", name="Main", environment="emulator", new_api_key=KEY)

        config.refresh_from_db()
        assert listed.status_code == 200
        assert "ENCRYPTION_KEYS" in page
        assert config.api_key.reveal() == KEY

    def test_settings_that_cannot_be_used_are_told_instead_of_a_crash(
        self, admin_client: Client, emulator: Emulator, plugin_settings: PluginSettings
    ) -> None:
        plugin_settings(ENVIRONMENTS={"mars": {"api_url": "http://mars.example.com"}})

        response = admin_client.get(ADD, follow=True)

        assert "['ENVIRONMENTS']['mars']['api_url'] must start with https://" in told(response)

    def test_the_list_opens_with_settings_that_cannot_be_used(
        self, admin_client: Client, emulator: Emulator, plugin_settings: PluginSettings
    ) -> None:
        factories.make_config()
        plugin_settings(ENVIRONMENTS={"mars": {"api_url": "http://mars.example.com"}})

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

        with django_assert_max_num_queries(12):
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


def test_no_query_compares_what_is_stored_of_a_key(admin_client: Client, account: Any) -> None:
    factories.make_config(key=KEY)

    for lookup in ("api_key", "api_key__contains", "api_key__startswith", "api_key__regex"):
        response = admin_client.get(LIST, {lookup: "g"})
        assert response.status_code == 302
        assert "e=1" in response["Location"]


@pytest.mark.parametrize("key", ["²", "9" * 5000])
def test_an_address_that_is_no_number_leads_away(admin_client: Client, key: str) -> None:
    assert admin_client.get(f"{LIST}{key}/change/").status_code == 302
