"""Who sees what on the first page of the plugin, and what it costs."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import (
    AccredibleAPIConfig,
    FailedEvent,
    GroupSnapshot,
)
from tests import factories
from tests.admin.overview.pages import PAGE, PLUGIN, a_failed_badge, a_run, sections
from tests.factories import PASSING

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>{account}"


@pytest.fixture
def trouble(config: AccredibleAPIConfig) -> None:
    """Something of every area."""
    AccredibleAPIConfig.objects.update(name=HOSTILE, paused_at=timezone.now(), pause_reason=HOSTILE, credits_left=0)
    config.refresh_from_db()
    a_run(config, status=RunStatus.REFUSED, needs_confirmation=True)
    a_failed_badge(config)
    FailedEvent.objects.create(event_type=PASSING, event_time=timezone.now(), error="broken")
    GroupSnapshot.objects.create(cause="sync", name=HOSTILE, config_name="Main", accredible_id=7, data={}, learners=3)


class TestWhoSeesWhat:
    @pytest.mark.parametrize(
        ("permission", "kinds"),
        [
            ("view_accredibleapiconfig", {"paused", "credits", "confirmation"}),
            ("view_accrediblegroup", set()),
            ("view_accrediblebadge", {"badges_failed"}),
            ("view_failedevent", {"events_failed"}),
            ("view_groupsnapshot", {"groups_removed"}),
        ],
    )
    @pytest.mark.usefixtures("trouble")
    def test_each_person_sees_what_their_permissions_allow_and_no_button_that_is_not_theirs(
        self, client: Client, permission: str, kinds: set[str]
    ) -> None:
        client.force_login(factories.make_staff(permission))

        response = client.get(PAGE)

        assert sections(response).keys() == kinds
        content = response.content.decode().split('id="content"')[1]
        assert "<button" not in content
        for to in re.findall(rf'href="({PLUGIN}[^"]*)"', content):
            assert client.get(unescape(to)).status_code == 200, to

    def test_who_may_see_nothing_is_refused_and_not_led_there(self, client: Client) -> None:
        client.force_login(factories.make_staff("view_syncrun"))

        assert client.get(PAGE).status_code == 403
        assert PAGE not in client.get("/admin/").content.decode()

    @pytest.mark.usefixtures("trouble")
    def test_hostile_text_stays_text(self, admin_client: Client) -> None:
        html = admin_client.get(PAGE).content.decode()

        assert "<script>alert" not in html
        assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;{account}</bdi>" in html

    def test_what_it_costs_does_not_depend_on_how_much_there_is(
        self, admin_client: Client, config: AccredibleAPIConfig, trouble: None
    ) -> None:
        admin_client.get(PAGE)
        with CaptureQueriesContext(connection) as few:
            admin_client.get(PAGE)
        for number in range(3):
            other = factories.make_config(f"Other {number}")
            AccredibleAPIConfig.objects.filter(pk=other.pk).update(sync_interval=60)
            a_run(other, status=RunStatus.FAILED, trigger="schedule", heartbeat_at=timezone.now())
            for problem in ("recipient", "refused", "taken"):
                a_failed_badge(other, problem, delivered_at=timezone.now())

        with CaptureQueriesContext(connection) as many:
            admin_client.get(PAGE)

        assert len(many) == len(few)
        assert api.overview().accounts
