"""The command accredible_deliver, and what staff can do about deliveries in the admin."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.outbox import assert_each_once, hurried, make_badges, make_remote_group
from tests.factories import make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def deliver(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("accredible_deliver", *arguments, stdout=out)
    return out.getvalue()


def test_it_sends_what_is_due_and_says_how_much(account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 40)

    assert deliver() == f"{group.api_config.name}: 40 delivered, 0 failed, 2 requests\n"
    assert deliver() == "Nothing was sent.\n"
    assert_each_once(account, 40)


def test_it_sends_no_more_than_the_limit(account: Any) -> None:
    make_badges(make_remote_group(account), 40)

    deliver("--limit", "7")

    assert AccredibleBadge.objects.filter(state="accepted").count() == 7


@pytest.mark.parametrize("limit", ["0", "-1", "many", "²"])
def test_a_limit_that_is_none_is_refused(account: Any, limit: str) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        deliver("--limit", limit)


def test_an_unknown_configuration_is_named(account: Any) -> None:
    with pytest.raises(CommandError, match="no API configuration “nobody”"):
        deliver("--config", "nobody")


def test_a_try_that_will_be_repeated_is_no_error(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    # Long enough for the failed try not to be followed by another one in the same run.
    plugin_settings(DELIVERY_DELAYS=(60, 3600))
    group = make_remote_group(account)
    make_badges(group, 2)
    emulator.fault("status", status=500)

    assert f"{group.api_config.name}: 0 delivered, 2 failed" in deliver()
    assert deliver() == "Nothing was sent.\n"


def refuse_one(emulator: Emulator) -> None:
    emulator.fault("reply", status=422, body={"errors": {"meta_data": ["is wrong"]}})


class TestWhatNeedsAPersonIsToldOnce:
    def test_badges_that_are_refused(self, emulator: Emulator, account: Any) -> None:
        group = make_remote_group(account)
        make_badges(group, 1)
        refuse_one(emulator)

        with pytest.raises(CommandError, match=f"{group.api_config.name}: 1 badge was refused or given up"):
            deliver()
        assert deliver() == "Nothing was sent.\n"

        make_badges(group, 1)
        refuse_one(emulator)
        with pytest.raises(CommandError, match="1 badge was refused"):
            deliver()

    def test_a_badge_that_is_refused_again(self, emulator: Emulator, account: Any) -> None:
        make_badges(make_remote_group(account), 1)
        for _time in range(2):
            refuse_one(emulator)
            with pytest.raises(CommandError, match="1 badge was refused"):
                deliver()
            api.retry_badges(AccredibleBadge.objects.all(), user=None)

    def test_a_pause(self, emulator: Emulator, account: Any) -> None:
        group = make_remote_group(account)
        make_badges(group, 1)
        for _time in range(2):
            emulator.fault("status", status=401)
            with pytest.raises(CommandError, match=r"The delivery is paused\. Accredible refused the API key"):
                deliver()
            assert deliver() == "Nothing was sent.\n"
            api.resume_delivery(group.api_config)

    def test_what_another_process_met(self, emulator: Emulator, account: Any) -> None:
        group = make_remote_group(account)
        make_badges(group, 1)
        emulator.fault("status", status=401)
        api.deliver(group.api_config)

        with pytest.raises(CommandError, match=r"The delivery is paused\."):
            deliver()
        assert deliver() == "Nothing was sent.\n"

    def test_of_each_configuration_by_itself(self, emulator: Emulator, account: Any) -> None:
        first, second = make_remote_group(account), make_remote_group(account)
        make_badges(first, 1)
        refuse_one(emulator)
        api.deliver(first.api_config)

        deliver("--config", second.api_config.name)
        with pytest.raises(CommandError, match="1 badge was refused"):
            deliver("--config", first.api_config.name)


def test_the_status_counts_and_sends_nothing(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)

    [row] = json.loads(deliver("--status", "--format", "json"))

    assert row["name"] == group.api_config.name
    assert (row["due"], row["waiting"], row["failed"], row["delivered_today"]) == (3, 0, 0, 0)
    assert emulator.requests == []
    deliver()
    assert f"{group.api_config.name}: 0 due, 0 waiting, 0 failed, 0 unpublished, 3 delivered today." in deliver(
        "--status"
    )


def test_staff_see_what_was_tried_and_retry_with_permission_only(client: Any, emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    emulator.fault("reply", status=422, body={"errors": {"meta_data": ["<b>is wrong</b>"]}})
    with pytest.raises(CommandError):
        deliver()
    page = reverse("admin:credentials_accredible_accrediblebadge_change", args=[badge.pk])
    the_list = reverse("admin:credentials_accredible_accrediblebadge_changelist")
    action = {"action": "retry", "_selected_action": [badge.pk]}

    client.force_login(make_staff("view_accrediblebadge"))
    shown = client.get(page).content.decode()
    assert "&lt;b&gt;is wrong" in shown
    assert "<b>is wrong" not in shown
    client.post(the_list, action)
    badge.refresh_from_db()
    assert badge.state == "error"
    assert badge.next_attempt_at is None

    client.force_login(make_staff("view_accrediblebadge", "deliver_accrediblebadge"))
    assert "1 badge is due for delivery." in client.post(the_list, action, follow=True).content.decode()
    deliver()
    badge.refresh_from_db()
    assert badge.state == "accepted"
    assert f'href="{badge.url}"' in client.get(page).content.decode()


def test_staff_lift_the_pause_of_a_configuration(client: Any, emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    emulator.fault("status", status=401)
    with pytest.raises(CommandError):
        deliver()
    the_list = reverse("admin:credentials_accredible_accredibleapiconfig_changelist")
    client.force_login(make_staff("view_accredibleapiconfig", "change_accredibleapiconfig"))
    assert "paused: Accredible refused the API key" in client.get(the_list).content.decode()

    client.post(the_list, {"action": "resume_delivery", "_selected_action": [group.api_config.pk]})

    assert "1 delivered" in deliver()
