"""Lists open in every time zone, also on a MySQL that was never given the names of time zones."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials_accredible import api
from tests import factories

pytestmark = pytest.mark.django_db

BY_DAY = [
    model
    for model, shown in admin.site._registry.items()
    if model._meta.app_label == "credentials_accredible" and shown.date_hierarchy
]


@pytest.fixture
def removed() -> None:
    api.remove_groups([factories.configure(factories.make_group(factories.make_config()))])


def knows_time_zones() -> bool:
    if connection.vendor != "mysql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONVERT_TZ('2000-01-01 00:00:00', 'UTC', 'Europe/Kyiv') IS NOT NULL")
        return bool(cursor.fetchone()[0])


def test_some_lists_link_to_days() -> None:
    assert len(BY_DAY) == 4


@pytest.mark.usefixtures("removed")
@pytest.mark.parametrize("zone", ["UTC", "Europe/Kyiv", "America/Lima"])
@pytest.mark.parametrize("model", BY_DAY)
def test_a_list_opens_and_links_to_days_where_the_database_can_tell_them(
    admin_client: Client, model: type, zone: str
) -> None:
    with timezone.override(zone):
        answer = admin_client.get(reverse(f"admin:credentials_accredible_{model._meta.model_name}_changelist"))

    assert answer.status_code == 200
    assert bool(answer.context["cl"].date_hierarchy) is (zone == "UTC" or knows_time_zones())
