"""Migrations hold what the models say, and nothing of what an operator sets."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command

LOOPBACK = {"api_url": "http://127.0.0.1:8901", "dashboard_url": "http://127.0.0.1:8901"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written",
    [
        {},
        {"EVENTS": ["org.openedx.learning.course.enrollment.created.v1"]},
        {"ENVIRONMENTS": {"mars": LOOPBACK}},
        {"ENCRYPTION_KEYS": ["one"], "PAGE_SIZE": 7},
    ],
    ids=["default", "events", "environments", "others"],
)
def test_no_setting_asks_for_a_migration(settings: Any, written: dict[str, Any]) -> None:
    settings.CREDENTIALS_ACCREDIBLE = written

    call_command("makemigrations", "credentials_accredible", check=True, dry_run=True, verbosity=0)


def test_shared_models_get_no_accessor_of_ours_that_could_be_anothers() -> None:
    user, site = apps.get_model("core.User"), apps.get_model("sites.Site")

    accessors = {
        relation.get_accessor_name()
        for model in (user, site)
        for relation in model._meta.related_objects
        if relation.related_model._meta.app_label == "credentials_accredible"
    }

    # Another app could have the same name for its own, but for one with the plugin's before it.
    assert accessors <= {None, "accredible_text"}
