"""What lists and pages say: words for people, the way to the group, and nothing raw."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    FailedEvent,
    Fulfillment,
    GroupSnapshot,
    SyncChange,
    SyncRun,
)
from tests import factories
from tests.factories import COURSE, PASSING

pytestmark = pytest.mark.django_db

PLUGIN = "/admin/credentials_accredible/"
NAME = "<b>مجموعة</b> " + "long " * 60


@pytest.fixture
def group() -> AccredibleGroup:
    """A group with a learner in progress and a badge."""
    return factories.configure(factories.make_group(name=NAME))


def rows(client: Client, model: str) -> str:
    """The rows of a list."""
    html = client.get(f"{PLUGIN}{model}/").content.decode()
    return html.split('id="result_list"')[1].split("</table>")[0]


@pytest.mark.parametrize("model", ["accrediblebadge", "badgeprogress"])
def test_a_row_leads_to_its_group_whose_name_is_cut_and_isolated(
    admin_client: Client, group: AccredibleGroup, model: str
) -> None:
    html = rows(admin_client, model)

    assert f'href="{PLUGIN}accrediblegroup/{group.pk}/change/"><bdi>&lt;b&gt;مجموعة&lt;/b&gt; long' in html
    assert "long " * 30 not in re.sub(r"<[^>]*>", "", html)


def test_a_row_leads_nowhere_for_who_may_not_see_groups(client: Client, group: AccredibleGroup) -> None:
    client.force_login(factories.make_staff("view_accrediblebadge", "view_badgeprogress"))

    for model in ("accrediblebadge", "badgeprogress"):
        assert "accrediblegroup" not in rows(client, model)


def test_what_is_wrong_with_a_badge_stands_below_its_state(admin_client: Client, group: AccredibleGroup) -> None:
    AccredibleBadge.objects.update(state="error", status="revoked", last_error="<i>No such address</i>")

    cell = re.search(r'<td class="field-stage">(.*?)</td>', rows(admin_client, "accrediblebadge"))

    assert cell
    assert re.sub(r"<[^>]*>", " ", cell[1]).split() == [
        "revoked,", "error", "&lt;i&gt;No", "such", "address&lt;/i&gt;",
    ]  # fmt: skip


def test_a_page_of_progress_names_people_and_things(admin_client: Client, group: AccredibleGroup) -> None:
    progress = BadgeProgress.objects.get()
    facts = {"course.course_key": COURSE, "is_passing": True}
    Fulfillment.objects.update(context={"event_id": "e-1", "time": "2026-11-26T13:21:15.993679+00:00", "facts": facts})

    html = admin_client.get(f"{PLUGIN}badgeprogress/{progress.pk}/change/").content.decode()

    assert f"<h2>{progress.user.username} / " in html
    assert f"<div>course: {COURSE}</div><div>passing: true</div>" in html
    for raw in (f"learner {progress.user_id}", "993679", "event_id", "requirement "):
        assert raw not in html.split('id="content"')[1], raw


def test_deleting_a_penalty_says_in_words_what_goes_along(admin_client: Client, group: AccredibleGroup) -> None:
    penalty = group.penalties.get()

    html = admin_client.get(f"{PLUGIN}badgepenalty/{penalty.pk}/delete/").content.decode()

    assert "1 data rule" in html
    assert "object (" not in html
    admin_client.post(f"{PLUGIN}badgepenalty/{penalty.pk}/delete/", {"post": "yes"})
    assert not group.penalties.exists()


def test_a_failed_event_is_called_by_what_happened(admin_client: Client) -> None:
    failed = FailedEvent.objects.create(event_type=PASSING, event_time=timezone.now(), error="broken", payload={"a": 1})

    html = admin_client.get(f"{PLUGIN}failedevent/{failed.pk}/change/").content.decode()

    assert "<h2>Course passing status, " in html
    assert "<details><summary>The event as it came, for experts</summary><pre>" in html


def test_a_failed_event_that_was_processed_says_so_in_its_row(admin_client: Client) -> None:
    FailedEvent.objects.create(
        event_type=PASSING, event_time=timezone.now(), error="broken", resolved_at=timezone.now()
    )

    assert "processed after all, " in rows(admin_client, "failedevent")


def test_runs_changes_and_snapshots_isolate_what_others_named(admin_client: Client, admin_user: Any) -> None:
    group = factories.make_group()
    run = SyncRun.objects.create(
        api_config=group.api_config, config_name=NAME[:255], user=admin_user, trigger="admin", started_at=timezone.now()
    )
    SyncChange.objects.create(sync_run=run, action="created", accredible_id=1, name=NAME, group=group)
    GroupSnapshot.objects.create(cause="sync", name=NAME, config_name=NAME[:255], accredible_id=7, data={})

    for model in ("syncrun", "syncchange", "groupsnapshot"):
        assert "<bdi>&lt;b&gt;مجموعة&lt;/b&gt; long" in rows(admin_client, model), model
    assert "admin, <bdi>admin</bdi>" in rows(admin_client, "syncrun")
    assert f'href="{PLUGIN}accrediblegroup/{group.pk}/change/">See the group</a>' in rows(admin_client, "syncchange")
