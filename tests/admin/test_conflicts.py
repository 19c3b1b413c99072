"""Groups that another configuration holds: who holds them, and what to do, on the pages of a sync."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from tests import factories
from tests.admin.config_pages import KEY, LIST, sync, told
from tests.admin.forms import text
from tests.rest_api.conftest import ROOT

pytestmark = pytest.mark.django_db

RUNS = "/admin/credentials_accredible/syncrun/"
GROUPS = "/admin/credentials_accredible/accrediblegroup/"
ADVICE = "Another configuration of the same environment holds these groups."


@pytest.fixture
def holder(account: Any) -> AccredibleAPIConfig:
    """A configuration that holds the one group of the account."""
    account.add_group(name="g", course_name="Shared <i>")
    config = factories.make_config("Holder <b>", key=KEY)
    api.sync(config)
    return config


@pytest.fixture
def other(holder: AccredibleAPIConfig) -> AccredibleAPIConfig:
    """Another one of the same account, which was synced once."""
    config = factories.make_config("Other", key=KEY)
    api.sync(config)
    return config


def page_of(client: Client, config: AccredibleAPIConfig) -> str:
    return text(client.get(f"{RUNS}{SyncRun.objects.filter(api_config=config).latest('pk').pk}/change/"))


def test_a_run_names_them_with_the_way_to_who_holds_them(
    admin_client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig
) -> None:
    page = page_of(admin_client, other)

    group = holder.groups.get()
    assert ADVICE in page
    assert f'<a href="{GROUPS}{group.pk}/change/"><bdi>Shared &lt;i&gt;</bdi></a> ({group.accredible_id})' in page
    assert f'held by <a href="{LIST}{holder.pk}/change/"><bdi>Holder &lt;b&gt;</bdi></a>' in page


def test_so_does_the_preview(admin_client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig) -> None:
    page = text(admin_client.get(f"{LIST}{other.pk}/preview/"))

    assert ADVICE in page
    assert f'held by <a href="{LIST}{holder.pk}/change/">' in page


def test_what_was_renamed_or_let_go_since_is_told_as_it_is_now(
    admin_client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig
) -> None:
    AccredibleAPIConfig.objects.filter(pk=holder.pk).update(name="Renamed")
    renamed = page_of(admin_client, other)
    run = SyncRun.objects.filter(api_config=other).latest("pk")
    holder.groups.get().delete()
    let_go = page_of(admin_client, other)
    api.sync(other)
    here = text(admin_client.get(f"{RUNS}{run.pk}/change/"))

    assert "<bdi>Renamed</bdi>" in renamed
    assert "nobody holds it any more, the next sync brings it here" in let_go
    assert "it is here by now" in here


def test_a_run_whose_configuration_is_gone_still_names_them(
    admin_client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig
) -> None:
    run = SyncRun.objects.filter(api_config=other).latest("pk")
    other.delete()

    page = text(admin_client.get(f"{RUNS}{run.pk}/change/"))

    assert "<bdi>Shared &lt;i&gt;</bdi>" in page
    assert "held by <bdi>Holder &lt;b&gt;</bdi>" in page


def test_who_may_not_see_configurations_and_groups_gets_no_links(
    client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig
) -> None:
    client.force_login(factories.make_staff("view_syncrun"))

    page = page_of(client, other)

    assert "held by <bdi>Holder &lt;b&gt;</bdi>" in page
    assert f"{LIST}{holder.pk}" not in page


def test_the_message_of_a_sync_leads_there(
    admin_client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig
) -> None:
    messages = told(sync(admin_client, other))

    run = SyncRun.objects.filter(api_config=other).latest("pk")
    assert f'<a href="{RUNS}{run.pk}/change/">What to do</a>' in messages


def test_the_rest_api_tells_them_with_the_run(
    admin_client: Client, holder: AccredibleAPIConfig, other: AccredibleAPIConfig
) -> None:
    run = SyncRun.objects.filter(api_config=other).latest("pk")

    told_of = admin_client.get(f"{ROOT}runs/{run.pk}/").json()

    group = holder.groups.get()
    expected = {"accredible_id": group.accredible_id, "name": "Shared <i>", "holder": "Holder <b>"}
    assert told_of["conflicts"] == [expected]


def test_of_very_many_a_run_names_the_first_hundred(admin_client: Client, account: Any) -> None:
    for number in range(103):
        account.add_group(name=f"g{number}", course_name="Shared " + "x" * 400)
    api.sync(factories.make_config(key=KEY))
    other = factories.make_config("Other", key=KEY)
    api.sync(other)

    run = SyncRun.objects.get(api_config=other)
    assert (run.conflicting_count, len(run.conflicts)) == (103, 100)
    assert "and 3 more: accredible_sync --dry-run lists them" in page_of(admin_client, other)
