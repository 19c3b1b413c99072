"""The preview of a sync, through Django's client."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from demo.emulator.server import Emulator
from tests import factories, tables
from tests.admin.forms import text

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
KEY = "main-key-0001"


def address(config: AccredibleAPIConfig) -> str:
    return f"{LIST}{config.pk}/preview/"


def confirm(client: Client, page: Any) -> Any:
    """Press the button of the page."""
    data: dict[str, Any] = {"action": page.context["action"]}
    for item in page.context["pending"]:
        data.setdefault(page.context["checkbox_name"], []).append(item["config"].pk)
        data[item["digest_name"]] = item["digest"]
    return client.post(LIST, data, follow=True)


@pytest.fixture
def config(admin_client: Client, account: Any) -> AccredibleAPIConfig:
    """A configuration of four groups; Accredible has renamed, removed and added one since, another one is held."""
    known = [account.add_group(name=f"g-{n}", course_name=f"Group <i>{n}</i>")["id"] for n in range(4)]
    config = factories.make_config("Main", key=KEY)
    admin_client.post(LIST, {"action": "sync_groups", "_selected_action": [config.pk]})
    factories.configure(config.groups.get(accredible_id=known[0]))
    account.remove_group(known[0])
    account.update_group(known[1], course_name="Renamed", course_description="old " * 50 + "<b>end</b>")
    account.add_group(name="new", course_name="A new <i>one</i>")
    held = account.add_group(name="held", course_name="Held elsewhere")["id"]
    factories.make_group(factories.make_config("Holder <i>", key=KEY), accredible_id=held)
    return config


def test_it_shows_all_that_a_sync_would_do(admin_client: Client, config: AccredibleAPIConfig) -> None:
    page = text(admin_client.get(address(config))).replace("\n</td>", "</td>")

    for part in (
        "<strong>1</strong> created",
        "<strong>1</strong> updated",
        "<strong>2</strong> unchanged",
        "<strong>1</strong> removed",
        "<strong>1</strong> conflicting",
        "A new &lt;i&gt;one&lt;/i&gt;",
        "Group &lt;i&gt;1&lt;/i&gt;</td>",
        "Renamed</td>",
        "&lt;b&gt;end&lt;/b&gt;</div></details>",
        "Held elsewhere",
        "Holder &lt;i&gt;",
        "Group &lt;i&gt;2&lt;/i&gt;",
        "Yes, remove them and sync",
    ):
        assert part in page, part
    assert "<i>" not in page
    plan = page.split('class="accredible-plan"')[1]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", plan)[:8]
    assert cells[1:7] == ["yes", "2", "3", "1", "0", "1"]


def test_nothing_at_all_is_written(admin_client: Client, config: AccredibleAPIConfig) -> None:
    admin_client.get(LIST)
    before = tables.dump()

    assert admin_client.get(address(config)).status_code == 200

    assert tables.dump() == before


def test_what_was_seen_is_done_once_it_is_confirmed(admin_client: Client, config: AccredibleAPIConfig) -> None:
    response = confirm(admin_client, admin_client.get(address(config)))

    assert "Main was synced: 1 created, 1 updated, 2 unchanged, 1 removed, 1 conflicting" in text(response)
    assert config.groups.count() == 4


def test_what_was_not_seen_is_not_done(admin_client: Client, config: AccredibleAPIConfig, account: Any) -> None:
    page = admin_client.get(address(config))
    account.remove_group(config.groups.latest("accredible_id").accredible_id)

    again = confirm(admin_client, page)

    assert "The plan has changed since you confirmed it" in text(again)
    assert config.groups.count() == 4


def test_a_sync_that_removes_nothing_can_be_started_from_it(admin_client: Client, account: Any) -> None:
    account.add_group(name="g", course_name="Group")
    config = factories.make_config("Main", key=KEY)

    page = admin_client.get(address(config))
    confirm(admin_client, page)

    assert "Sync now" in text(page)
    assert config.groups.count() == 1


def test_where_nothing_would_change_nothing_is_offered(admin_client: Client, account: Any) -> None:
    page = text(admin_client.get(address(factories.make_config("Main", key=KEY))))

    assert "Sync now" not in page
    assert "Yes, remove" not in page


def test_a_large_removal_is_marked(admin_client: Client, config: AccredibleAPIConfig, account: Any) -> None:
    for group in config.groups.order_by("accredible_id")[1:]:
        account.remove_group(group.accredible_id)

    page = text(admin_client.get(address(config)))

    assert "This removes 4 of 4 groups. Is it the right account" in page


def test_why_accredible_could_not_be_asked_is_said(admin_client: Client, emulator: Emulator) -> None:
    config = factories.make_config("Main", key="a-key-nobody-knows")

    page = text(admin_client.get(address(config)))

    assert "refused the API key" in page
    assert "Try again" in page
    assert "a-key-nobody-knows" not in page
    assert not SyncRun.objects.exists()


def test_it_takes_the_permission_to_sync(client: Client, config: AccredibleAPIConfig, emulator: Emulator) -> None:
    client.force_login(factories.make_staff("view_accredibleapiconfig", "change_accredibleapiconfig"))
    asked = len(emulator.requests)

    listed, page = text(client.get(LIST)), text(client.get(f"{LIST}{config.pk}/change/"))

    assert client.get(address(config)).status_code == 403
    assert "/preview/" not in listed + page
    assert len(emulator.requests) == asked


def test_it_is_reached_from_the_list_and_from_the_page(client: Client, config: AccredibleAPIConfig) -> None:
    client.force_login(factories.make_staff("view_accredibleapiconfig", "sync_accredibleapiconfig"))

    assert address(config) in text(client.get(LIST))
    assert address(config) in text(client.get(f"{LIST}{config.pk}/change/"))
    assert client.get(address(config)).status_code == 200
    assert client.post(address(config)).status_code == 405


def test_an_anonymous_caller_is_sent_to_the_login(client: Client, config: AccredibleAPIConfig) -> None:
    client.logout()
    assert client.get(address(config)).status_code == 302


def test_there_is_none_of_a_configuration_that_is_gone(admin_client: Client) -> None:
    assert admin_client.get(f"{LIST}4711/preview/").status_code == 404


def test_the_page_of_a_large_account_stays_small(admin_client: Client, account: Any) -> None:
    config = factories.make_config("Main", key=KEY)
    for number in range(2000):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}", course_description="word " * 500)
    first = admin_client.get(address(config))
    confirm(admin_client, first)
    for group in config.groups.all():
        account.update_group(group.accredible_id, course_description="other " * 500)

    page = admin_client.get(address(config))

    assert "and 1500 more" in text(first)
    assert "accredible_sync --dry-run" in text(page)
    assert len(first.content) < 100_000
    assert len(page.content) < 2_000_000
