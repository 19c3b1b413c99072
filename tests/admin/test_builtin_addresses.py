"""The documented addresses where the host has pages of its own there: whose pages they show."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client, modify_settings

from credentials_accredible.models import AccredibleAPIConfig
from tests import factories
from tests.adoption import builtin
from tests.adoption.conftest import point_at
from tests.builtin import make_builtin_config, make_builtin_group
from tests.conftest import PluginSettings

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.builtin")]

CONFIGS = "/admin/badges/accredibleapiconfig/"
GROUPS = "/admin/badges/accrediblegroup/"
OURS = "/admin/credentials_accredible/"
LEFT = "accredible_adopt_builtin"


def told(response: Any) -> list[str]:
    """The messages on a page."""
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def group_to_adopt(settings: Any) -> Any:
    """A group of the built-in integration that can be taken over as it is."""
    point_at(settings)
    group = builtin.group(builtin.account(), pk=501, name="Diver")
    builtin.requirement(group, "A")
    return group


def test_empty_tables_leave_the_addresses_to_the_plugin(admin_client: Client) -> None:
    for name in ["accredibleapiconfig", "accrediblegroup", "accrediblebadge"]:
        response = admin_client.get(f"/admin/badges/{name}/", follow=True)
        assert response.status_code == 200
        assert response.request["PATH_INFO"] == f"{OURS}{name}/"
        assert LEFT not in response.content.decode()


def test_the_page_to_add_a_configuration_is_the_plugins(admin_client: Client) -> None:
    assert admin_client.get(f"{CONFIGS}add/")["Location"] == f"{OURS}accredibleapiconfig/add/"


@pytest.mark.parametrize("rest", ["", "add/", "{pk}/change/", "{pk}/delete/", "{pk}/history/"])
def test_with_data_every_page_of_the_host_stays_and_names_the_command(admin_client: Client, rest: str) -> None:
    group = make_builtin_group()
    pages = [CONFIGS + rest.format(pk=group.api_config.pk), GROUPS + rest.format(pk=group.pk)]
    for page in pages:
        response = admin_client.get(page)
        assert response.status_code == 200
        assert response.context["opts"].app_label == "badges"
        [message] = told(response)
        assert LEFT in message
        assert "configurations: 1, active groups: 1" in message


def test_the_addresses_turn_with_a_take_over_and_back_with_its_undoing(
    admin_client: Client, group_to_adopt: Any
) -> None:
    call_command("accredible_adopt_builtin", stdout=StringIO())
    taken = admin_client.get(GROUPS, follow=True)
    assert taken.request["PATH_INFO"] == f"{OURS}accrediblegroup/"
    assert told(taken) == []
    assert warnings() == []

    call_command("accredible_adopt_builtin", undo=True, stdout=StringIO())
    assert admin_client.get(GROUPS).status_code == 200
    assert [LEFT in warning for warning in warnings()] == [True]


def test_a_group_that_is_switched_on_again_there_brings_the_pages_back(
    admin_client: Client, group_to_adopt: Any
) -> None:
    call_command("accredible_adopt_builtin", stdout=StringIO())
    type(group_to_adopt).objects.update(is_active=True)
    assert "active groups: 1" in admin_client.get(GROUPS).content.decode()


def test_the_plugins_list_of_configurations_says_so_too(admin_client: Client) -> None:
    make_builtin_config()
    response = admin_client.get(f"{OURS}accredibleapiconfig/")
    assert [LEFT in message for message in told(response)] == [True]


def test_what_is_kept_is_told_once_after_a_change_there(admin_client: Client) -> None:
    config = make_builtin_config()
    changed = admin_client.post(f"{CONFIGS}{config.pk}/change/", {"name": "New", "api_key": "k"}, follow=True)
    assert sum(LEFT in message for message in told(changed)) == 1
    config.refresh_from_db()
    assert config.name == "New"


def test_who_may_not_enter_is_told_nothing(client: Client) -> None:
    make_builtin_config()
    response = client.get(CONFIGS, follow=True)
    assert "/login/" in response.request["PATH_INFO"]
    assert LEFT not in response.content.decode()
    client.force_login(factories.make_staff())
    assert LEFT not in client.get(CONFIGS).content.decode()


def test_keys_and_filters_of_the_host_do_not_open_objects_of_the_plugin(admin_client: Client) -> None:
    config = factories.make_config("Another")
    assert admin_client.get(f"{CONFIGS}{config.pk}/change/")["Location"] == f"{OURS}accredibleapiconfig/"
    assert admin_client.get(f"{GROUPS}?api_config__id__exact=1")["Location"] == f"{OURS}accrediblegroup/"


def test_a_form_of_a_page_that_was_replaced_meanwhile_changes_nothing(admin_client: Client) -> None:
    config = factories.make_config("Another")
    form = {"action": "delete_selected", "_selected_action": config.pk, "post": "yes"}
    response = admin_client.post(CONFIGS, form, follow=True)
    assert response.request["PATH_INFO"] == f"{OURS}accredibleapiconfig/"
    assert any("Nothing was changed" in message for message in told(response))
    assert AccredibleAPIConfig.objects.get() == config


def test_the_setting_decides_outright(admin_client: Client, plugin_settings: PluginSettings) -> None:
    plugin_settings(REPLACE_BUILTIN=False)
    response = admin_client.get(CONFIGS)
    assert response.status_code == 200
    assert told(response) == []

    make_builtin_group()
    assert told(admin_client.get(CONFIGS)) == []
    plugin_settings(REPLACE_BUILTIN=True)
    response = admin_client.get(CONFIGS, follow=True)
    assert response.request["PATH_INFO"] == f"{OURS}accredibleapiconfig/"
    assert told(response) == []


def test_a_value_that_is_none_of_them_is_named(admin_client: Client, plugin_settings: PluginSettings) -> None:
    plugin_settings(REPLACE_BUILTIN="maybe")
    response = admin_client.get(CONFIGS)
    assert response.status_code == 200
    assert any("REPLACE_BUILTIN" in message for message in told(response))


@pytest.mark.urls("demo.urls")
def test_a_host_without_the_built_in_has_nothing_to_say(admin_client: Client) -> None:
    make_builtin_group()
    with modify_settings(INSTALLED_APPS={"remove": "demo.builtin"}):
        response = admin_client.get(CONFIGS, follow=True)
        assert response.request["PATH_INFO"] == f"{OURS}accredibleapiconfig/"
        assert told(response) == []
        assert warnings() == []


def warnings() -> list[str]:
    """What the system check of the database says about the built-in."""
    found = run_checks(databases=["default"])
    return [str(message.msg) for message in found if message.id == "credentials_accredible.W007"]


def test_a_system_check_of_the_database_says_so(plugin_settings: PluginSettings) -> None:
    assert warnings() == []
    config = make_builtin_config()
    assert [LEFT in warning for warning in warnings()] == [True]
    plugin_settings(REPLACE_BUILTIN=True)
    assert warnings() == []
    plugin_settings(REPLACE_BUILTIN="auto")
    config.delete()
    assert warnings() == []


def test_checks_of_other_commands_ask_no_database(django_assert_num_queries: Any) -> None:
    make_builtin_config()
    with django_assert_num_queries(0):
        call_command("check")


@pytest.mark.django_db(transaction=True)
def test_tables_that_are_not_there_yet_hold_nothing(admin_client: Client) -> None:
    call_command("migrate", "badges", "zero", verbosity=0)
    try:
        assert warnings() == []
        response = admin_client.get(CONFIGS, follow=True)
        assert response.request["PATH_INFO"] == f"{OURS}accredibleapiconfig/"
        assert response.status_code == 200
    finally:
        call_command("migrate", "badges", verbosity=0)


@pytest.mark.parametrize("name", ["badgerequirement", "badgepenalty", "badgeprogress"])
def test_pages_for_other_providers_stay_the_hosts_and_the_plugins_say_so(admin_client: Client, name: str) -> None:
    theirs = admin_client.get(f"/admin/badges/{name}/")
    assert theirs.status_code == 200
    assert theirs.context["opts"].app_label == "badges"
    assert f"/admin/badges/{name}/</a>" in admin_client.get(f"{OURS}{name}/").content.decode()


@pytest.mark.urls("demo.urls")
def test_pages_without_namesakes_say_nothing_of_them(admin_client: Client) -> None:
    assert "/admin/badges/" not in admin_client.get(f"{OURS}badgerequirement/").content.decode()
