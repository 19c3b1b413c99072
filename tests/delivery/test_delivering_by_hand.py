"""What staff see of deliveries in the admin, and do about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from demo.emulator.server import Emulator
from tests.admin.forms import text
from tests.conftest import PluginSettings
from tests.delivery.outbox import assert_each_once, drain, hurried, make_badges, make_remote_group
from tests.factories import make_badge, make_config, make_group, make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]

BADGES = "/admin/credentials_accredible/accrediblebadge/"
DELIVERY = f"{BADGES}delivery/"


@pytest.fixture
def group(account: Any, plugin_settings: PluginSettings) -> AccredibleGroup:
    """A group that is at Accredible, too; failed tries wait long enough to be seen."""
    plugin_settings(DELIVERY_DELAYS=(60, 3600))
    return make_remote_group(account)


def deliver_now(client: Client, badges: list[AccredibleBadge]) -> list[str]:
    """Run the action; what it says."""
    chosen = {"action": "deliver_now", "_selected_action": [badge.pk for badge in badges]}
    response = client.post(BADGES, chosen, follow=True)
    assert "<b>" not in text(response)
    return [str(message) for message in response.context["messages"]]


class TestDeliverNow:
    def test_it_sends_the_chosen_ones_at_once_and_says_so(
        self, admin_client: Client, account: Any, group: AccredibleGroup
    ) -> None:
        first, second, other = make_badges(group, 3)

        assert deliver_now(admin_client, [first, second]) == [f"Delivered: {first}, {second}."]
        assert deliver_now(admin_client, [first]) == [f"Nothing was left to be done: {first}."]

        other.refresh_from_db()
        assert other.state == "created"
        drain(group.api_config)
        assert_each_once(account, 3)

    def test_the_button_of_a_badge_does_the_same(
        self, admin_client: Client, account: Any, group: AccredibleGroup
    ) -> None:
        [badge] = make_badges(group, 1)
        address = f"{BADGES}{badge.pk}/deliver-now/"
        assert address in text(admin_client.get(f"{BADGES}{badge.pk}/change/"))
        assert admin_client.get(address).status_code == 405

        page = text(admin_client.post(address, follow=True))

        assert "Delivered: " in page
        assert_each_once(account, 1)

    def test_what_did_not_work_is_told_in_the_words_of_accredible(
        self, admin_client: Client, emulator: Emulator, account: Any, group: AccredibleGroup
    ) -> None:
        refused, away, unpublished = make_badges(group, 3)
        emulator.fault("reply", status=422, body={"errors": {"meta_data": ["<b>is wrong</b>"]}})
        [told] = deliver_now(admin_client, [refused])
        assert told.startswith(f"Failed, and needs a person: {refused}. ")
        assert "&lt;b&gt;is wrong&lt;/b&gt;" in told

        emulator.fault("status", status=503)
        [told] = deliver_now(admin_client, [away])
        assert told.startswith(f"Did not work, and is tried again later: {away}. Accredible is not available")

        account.credits = 0
        [told] = deliver_now(admin_client, [unpublished])
        assert told.startswith(f"Made at Accredible, but not visible: {unpublished}. ")
        account.credits = 9
        assert deliver_now(admin_client, [unpublished, away]) == [f"Delivered: {away}, {unpublished}."]

    def test_a_paused_configuration_sends_nothing_and_says_why(
        self, admin_client: Client, emulator: Emulator, group: AccredibleGroup
    ) -> None:
        badges = make_badges(group, 12)
        AccredibleAPIConfig.objects.update(paused_at=timezone.now(), pause_reason="The key is dead.")

        [told] = deliver_now(admin_client, badges)

        assert told.startswith("Not sent, because delivery is paused: ")
        assert told.endswith(", and 2 more. The key is dead.")
        assert emulator.requests == []

    def test_more_than_one_request_takes_are_left_to_the_next_sender(
        self, admin_client: Client, account: Any, group: AccredibleGroup
    ) -> None:
        badges = make_badges(group, 35)
        delivered, left = deliver_now(admin_client, badges)
        assert delivered.startswith("Delivered: ")
        assert left.startswith("Not reached in time: it is due, and left to the next sender: ")
        drain(group.api_config)
        assert_each_once(account, 35)

    def test_what_another_sender_has_is_left_to_it(self, admin_client: Client, group: AccredibleGroup) -> None:
        [badge] = make_badges(group, 1)
        soon = timezone.now() + timedelta(minutes=5)
        AccredibleBadge.objects.update(claim="another", state="no_response", next_attempt_at=soon)
        assert deliver_now(admin_client, [badge]) == [f"Another sender is at work on it: {badge}."]

    def test_too_many_are_refused(
        self, admin_client: Client, emulator: Emulator, group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("credentials_accredible.admin.badge._MOST", 2)
        assert deliver_now(admin_client, make_badges(group, 3)) == ["Choose 2 badges at most; nothing was sent."]
        assert emulator.requests == []

    def test_it_asks_accredible_outside_of_a_transaction(
        self, admin_client: Client, account: Any, group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[bool] = []
        create = AccredibleClient.create_credential

        def spy(*args: Any, **kwargs: Any) -> Any:
            seen.append(connection.in_atomic_block)
            return create(*args, **kwargs)

        monkeypatch.setattr(AccredibleClient, "create_credential", spy)
        monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
        first, second = make_badges(group, 2)
        deliver_now(admin_client, [first])
        admin_client.post(f"{BADGES}{second.pk}/deliver-now/")
        assert seen == [False, False]
        assert_each_once(account, 2)

    def test_it_takes_a_permission_of_its_own(self, client: Client, emulator: Emulator, group: AccredibleGroup) -> None:
        [badge] = make_badges(group, 1)
        client.force_login(make_staff("view_accrediblebadge", "award_accrediblebadge", "revoke_accrediblebadge"))
        assert 'value="deliver_now"' not in text(client.get(BADGES))
        assert "deliver-now" not in text(client.get(f"{BADGES}{badge.pk}/change/"))
        client.post(BADGES, {"action": "deliver_now", "_selected_action": [badge.pk]})
        assert client.post(f"{BADGES}{badge.pk}/deliver-now/").status_code == 403
        assert emulator.requests == []


class TestDeliveryPage:
    @pytest.fixture
    def standing(self, account: Any, emulator: Emulator, group: AccredibleGroup) -> AccredibleGroup:
        """A configuration with badges in every situation."""
        make_badges(group, 4)
        drain(group.api_config)
        later = timezone.now() + timedelta(hours=1)
        for number, values in enumerate(
            [
                {"state": "error", "problem": "refused", "next_attempt_at": None},
                {"state": "unpublished", "next_attempt_at": later},
                {"state": "no_response", "next_attempt_at": later},
                {"state": "error"},  # somebody has retried it
            ]
        ):
            badge = make_badge(group)
            AccredibleBadge.objects.filter(pk=badge.pk).update(**values, failures=number)
        make_badges(group, 2)
        return group

    def test_each_number_leads_to_its_badges(self, admin_client: Client, standing: AccredibleGroup) -> None:
        make_badge(make_group(make_config("Another")))
        response = admin_client.get(DELIVERY)
        rows = {row["config"].name: row["numbers"] for row in response.context["rows"]}
        numbers = rows[standing.api_config.name]

        assert [number for _label, number, _address in numbers] == [3, 1, 1, 1, 4]
        assert [number for _label, number, _address in rows["Another"]] == [1, 0, 0, 0, 0]
        for _label, number, address in numbers:
            assert address.replace("&", "&amp;") in text(response)
            assert admin_client.get(address).context["cl"].result_count == number

    def test_its_queries_do_not_grow_with_the_configurations(
        self, admin_client: Client, standing: AccredibleGroup, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(10):
            make_badge(make_group(make_config(f"Account {number}")))
        with django_assert_max_num_queries(4):
            assert len(admin_client.get(DELIVERY).context["rows"]) == 11
        with django_assert_max_num_queries(10):
            admin_client.get(BADGES)

    def test_a_pause_is_shown_with_its_reason_and_lifted(self, client: Client, standing: AccredibleGroup) -> None:
        AccredibleAPIConfig.objects.update(paused_at=timezone.now(), pause_reason="Refused <key>")
        resume = {"resume": standing.api_config.pk}
        client.force_login(make_staff("view_accrediblebadge"))
        page = text(client.get(DELIVERY))
        assert "Refused &lt;key&gt;" in page
        assert "Resume delivery" not in page
        assert client.post(DELIVERY, resume).status_code == 403
        assert AccredibleAPIConfig.objects.get().paused_at

        client.force_login(make_staff("view_accrediblebadge", "change_accredibleapiconfig"))
        assert "Resume delivery" in text(client.get(DELIVERY))
        assert "goes on" in text(client.post(DELIVERY, resume, follow=True))
        assert AccredibleAPIConfig.objects.get().paused_at is None

    def test_an_outage_is_shown_and_its_hold_can_be_ended(
        self, admin_client: Client, standing: AccredibleGroup
    ) -> None:
        AccredibleAPIConfig.objects.update(held_until=timezone.now() + timedelta(minutes=5), outages=3)
        assert "waits until" in text(admin_client.get(DELIVERY))
        admin_client.post(DELIVERY, {"resume": standing.api_config.pk})
        assert AccredibleAPIConfig.objects.get().held_until is None

    @pytest.mark.parametrize(
        ("engine", "said"),
        [
            ("manual", "by the command accredible_deliver alone"),
            ("inline", "with one quick try"),
            ("x", "must be one of"),
        ],
    )
    def test_it_says_who_delivers(
        self, admin_client: Client, plugin_settings: PluginSettings, engine: str, said: str
    ) -> None:
        plugin_settings(DELIVERY=engine)
        assert said in text(admin_client.get(DELIVERY))

    def test_who_may_not_see_badges_sees_no_figures(self, client: Client, standing: AccredibleGroup) -> None:
        client.force_login(make_staff("view_accrediblegroup"))
        assert client.get(DELIVERY).status_code == 403

    def test_the_lists_of_badges_and_of_configurations_lead_there(
        self, admin_client: Client, standing: AccredibleGroup
    ) -> None:
        assert DELIVERY in text(admin_client.get(BADGES))
        assert DELIVERY in text(admin_client.get("/admin/credentials_accredible/accredibleapiconfig/"))


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("user", 1),
            ("{email}", 1),
            ("@example.com", 0),
            ("Badge of", 1),
            ("{uuid}", 1),
            ("{external_id}", 1),
            ("something else", 0),
        ],
    )
    def test_badges_are_found_by_what_staff_know(self, admin_client: Client, query: str, found: int) -> None:
        badge = make_badge(make_group(name="Badge of honour"))
        AccredibleBadge.objects.update(external_id="10000005")
        known = {"email": badge.user.email, "uuid": badge.uuid, "external_id": "10000005"}
        response = admin_client.get(BADGES, {"q": query.format(**known)})
        assert response.context["cl"].result_count == found


def test_the_page_of_a_badge_shows_what_accredible_was_told_and_said(admin_client: Client) -> None:
    badge = make_badge(make_group())
    AccredibleBadge.objects.update(
        custom_attributes={"Course": "<i>Demo</i>"}, last_error="<script>", url="javascript:alert(1)"
    )
    page = text(admin_client.get(f"{BADGES}{badge.pk}/change/"))
    assert "Course: &lt;i&gt;Demo&lt;/i&gt;" in page
    assert "&lt;script&gt;" in page
    assert "javascript:" not in page


def test_the_python_api_says_what_became_of_each(account: Any, group: AccredibleGroup) -> None:
    since = timezone.now()
    badges = make_badges(group, 2)
    api.deliver_now(AccredibleBadge.objects.all(), user=make_staff())
    found = api.badge_outcomes([badge.pk for badge in badges], since)
    assert [(outcome.badge, outcome.fate) for outcome in found] == [(badge, api.Fate.DELIVERED) for badge in badges]
