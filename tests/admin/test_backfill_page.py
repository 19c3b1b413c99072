"""The page of a group that gives what learners have qualified for before."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup
from tests.badges.qualifying import account, group_of
from tests.badges.sending import badges_of
from tests.conftest import PluginSettings
from tests.course_records import make_grade
from tests.factories import make_staff
from tests.sync.messages import URL, use_broker, waiting

pytestmark = pytest.mark.django_db

AWARDED = [("Badge", "awarded")]


@pytest.fixture(autouse=True)
def manual(plugin_settings: PluginSettings) -> None:
    plugin_settings(DELIVERY="manual")


def page_of(group: AccredibleGroup) -> str:
    return reverse("admin:credentials_accredible_accrediblegroup_backfill", args=[group.pk])


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff("change_accrediblegroup"))
    return client


def test_the_page_counts_and_gives(staff: Client) -> None:
    group = group_of()
    account()
    make_grade()
    shown = staff.get(page_of(group)).content.decode()
    assert "1 badge would be awarded." in shown
    assert badges_of() == []
    reply = staff.post(page_of(group), follow=True).content.decode()
    assert "Backfilled: 1 badge awarded." in reply
    assert badges_of() == AWARDED


def test_the_page_leaves_it_to_a_worker_where_there_is_one(staff: Client, plugin_settings: PluginSettings) -> None:
    use_broker(plugin_settings, URL)
    group = group_of()
    account()
    make_grade()
    assert "A worker fills in" in staff.post(page_of(group), follow=True).content.decode()
    [(name, arguments)] = [item for item in waiting() if item[0].endswith("backfill")]
    assert (name, badges_of()) == ("credentials_accredible.backfill", [])
    api.continue_backfill(*arguments, go_on=lambda: True)
    assert badges_of() == AWARDED


def test_who_activates_a_group_is_led_to_the_page(staff: Client) -> None:
    group = group_of()
    api.deactivate_group(group)
    data = {"action": "activate", "_selected_action": [group.pk]}
    reply = staff.post(reverse("admin:credentials_accredible_accrediblegroup_changelist"), data, follow=True)
    assert page_of(group) in reply.content.decode()
