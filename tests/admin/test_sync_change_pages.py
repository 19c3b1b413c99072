"""The pages that say what a sync did to which group."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import ChangeAction, RunStatus, SnapshotCause
from credentials_accredible.models import AccredibleGroup, GroupSnapshot, SyncChange, SyncRun
from tests import factories

pytestmark = pytest.mark.django_db

RUNS = "/admin/credentials_accredible/syncrun/"
CHANGES = "/admin/credentials_accredible/syncchange/"
GROUPS = "/admin/credentials_accredible/accrediblegroup/"


def page(client: Client, address: str) -> str:
    """What is at ``address``."""
    response = client.get(address)
    assert response.status_code == 200, response
    return str(response.content.decode())


def make_run(*, changes: int, action: str = ChangeAction.CREATED) -> SyncRun:
    """A run that did ``changes`` things."""
    run = SyncRun.objects.create(
        config_name="Main", trigger="command", status=RunStatus.SUCCEEDED, started_at=timezone.now()
    )
    SyncChange.objects.bulk_create(
        SyncChange(sync_run=run, action=action, accredible_id=number, name=f"Group {number}")
        for number in range(10_000, 10_000 + changes)
    )
    return run


def test_a_run_shows_what_it_did_and_leads_to_the_groups(admin_client: Client, account: Any) -> None:
    changed = account.add_group(name="g-1", course_name="<b>Old</b> title")["id"]
    account.add_group(name="g-2", course_name="Stays")
    config = factories.make_config()
    api.sync(config)
    account.update_group(changed, course_name="<i>New</i> title")
    run = api.sync(config).run
    assert run is not None

    shown = page(admin_client, f"{RUNS}{run.pk}/change/")

    group = config.groups.get(accredible_id=changed)
    assert f'<a href="{GROUPS}{group.pk}/change/">&lt;i&gt;New&lt;/i&gt; title</a>' in shown
    assert "<del>&lt;b&gt;Old&lt;/b&gt; title</del>" in shown
    assert "<ins>&lt;i&gt;New&lt;/i&gt; title</ins>" in shown
    assert "Stays" not in shown


def test_a_large_run_shows_the_first_of_each_kind_and_leads_to_all(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    run = make_run(changes=2_000)

    # On Django 4.2, there is a savepoint around it, and a content type that is read for the first time.
    with django_assert_max_num_queries(10):
        shown = page(admin_client, f"{RUNS}{run.pk}/change/")
    listed = admin_client.get(f"{CHANGES}?sync_run__id__exact={run.pk}&action__exact=created")

    assert "created: 2000" in shown
    assert shown.count("<li>Group ") == 50
    assert f'href="{CHANGES}?sync_run__id__exact={run.pk}&amp;action__exact=created">Show all 2000</a>' in shown
    assert listed.context["cl"].result_count == 2_000


def test_the_list_is_filtered_and_searched(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    make_run(changes=30)
    make_run(changes=30, action=ChangeAction.REMOVED)

    with django_assert_max_num_queries(9):
        page(admin_client, CHANGES)
    removed = admin_client.get(f"{CHANGES}?action__exact=removed").context["cl"].result_count
    found = admin_client.get(f"{CHANGES}?q=Group+10007").context["cl"].result_count

    assert (removed, found) == (30, 2)


def test_a_group_leads_to_the_runs_that_changed_it(admin_client: Client, account: Any) -> None:
    for number in range(2):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}")
    config = factories.make_config()
    api.sync(config)
    group = config.groups.get(name="Group 0")

    shown = page(admin_client, f"{GROUPS}{group.pk}/change/")
    listed = admin_client.get(f"{CHANGES}?group__id__exact={group.pk}")

    assert f'href="{CHANGES}?group__id__exact={group.pk}"' in shown
    assert [change.name for change in listed.context["cl"].result_list] == ["Group 0"]


def test_a_removed_group_leads_to_its_snapshot(admin_client: Client) -> None:
    run = make_run(changes=2, action=ChangeAction.REMOVED)
    snapshot = GroupSnapshot.objects.create(
        sync_run=run, cause=SnapshotCause.SYNC, config_name="Main", accredible_id=10_001, name="Group 10001", data={}
    )

    shown = page(admin_client, f"{RUNS}{run.pk}/change/")
    one = page(admin_client, f"{CHANGES}{SyncChange.objects.get(accredible_id=10_001).pk}/change/")

    assert shown.count(f"/groupsnapshot/{snapshot.pk}/change/") == 1
    assert f"/groupsnapshot/{snapshot.pk}/change/" in one


class TestPermissions:
    def test_who_sees_runs_sees_what_they_did(self, client: Client) -> None:
        change = SyncChange.objects.get(sync_run=make_run(changes=1))
        client.force_login(factories.make_staff("view_syncrun"))

        assert "Group 10000" in page(client, CHANGES)
        assert "Group 10000" in page(client, f"{CHANGES}{change.pk}/change/")

    @pytest.mark.parametrize("permission", ["view_accrediblegroup", "view_accredibleapiconfig"])
    def test_nobody_else_does(self, client: Client, permission: str) -> None:
        change = SyncChange.objects.get(sync_run=make_run(changes=1))
        client.force_login(factories.make_staff(permission))

        assert client.get(CHANGES).status_code == 403
        assert client.get(f"{CHANGES}{change.pk}/change/").status_code == 403

    def test_the_way_there_is_shown_to_those_who_may_go_it(self, client: Client) -> None:
        group: AccredibleGroup = factories.make_group()
        client.force_login(factories.make_staff("view_accrediblegroup"))

        assert "syncchange" not in page(client, f"{GROUPS}{group.pk}/change/")
