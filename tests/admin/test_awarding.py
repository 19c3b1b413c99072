"""Awarding and revoking badges by hand, through the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeLogEntry
from tests.admin.forms import GROUPS, text
from tests.conftest import PluginSettings
from tests.factories import make_badge, make_config, make_group, make_staff, make_user

pytestmark = pytest.mark.django_db

BADGES = "/admin/credentials_accredible/accrediblebadge/"
AWARD = f"{BADGES}award/"


@pytest.fixture
def group() -> AccredibleGroup:
    """An active group."""
    return make_group(make_config("Account <b>"), name="Group <i>", is_active=True)


def page_of(badge: AccredibleBadge, name: str = "change") -> str:
    """The address of a badge's page."""
    return f"{BADGES}{badge.pk}/{name}/"


def messages(response: Any) -> list[str]:
    """What the page says at its top."""
    return [str(message) for message in response.context["messages"]]


class TestAward:
    def test_learners_are_named_one_a_line(self, admin_client: Client, admin_user: Any, group: AccredibleGroup) -> None:
        make_user("ada"), make_user("grace")
        data = {"group": group.pk, "learners": "ada\r\n\r\ngrace@example.com\r\n", "reason": "Prior learning"}

        response = admin_client.post(AWARD, data, follow=True)

        assert messages(response) == ["“Group <i>”: 2 badges awarded."]
        assert "Group &lt;i&gt;" in text(response)
        assert sorted(badge.user.username for badge in group.badges.all()) == ["ada", "grace"]
        entries = BadgeLogEntry.objects.values_list("action", "detail", "user")
        assert set(entries) == {("award", "Prior learning", admin_user.pk)}
        badge = group.badges.first()
        assert badge
        assert "Prior learning" in text(admin_client.get(page_of(badge)))

    def test_each_problem_is_told_and_nobody_gets_a_badge(self, admin_client: Client, group: AccredibleGroup) -> None:
        make_user("ada")
        data = {"group": group.pk, "learners": "ada\n<script>\nada", "reason": "Prior learning"}

        page = text(admin_client.post(AWARD, data))

        assert "Line 2: there is no learner with the user name or e-mail address “&lt;script&gt;”." in page
        assert "Line 3: “ada” is the learner of line 1." in page
        assert not AccredibleBadge.objects.exists()

    def test_the_same_form_again_says_that_they_have_it(self, admin_client: Client, group: AccredibleGroup) -> None:
        make_user("ada")
        data = {"group": group.pk, "learners": "ada", "reason": "Prior learning"}
        admin_client.post(AWARD, data)
        assert "Line 1: ada has this badge already." in text(admin_client.post(AWARD, data))
        assert AccredibleBadge.objects.count() == 1

    @pytest.mark.parametrize("missing", ["group", "learners", "reason"])
    def test_all_of_it_is_needed(self, admin_client: Client, group: AccredibleGroup, missing: str) -> None:
        make_user("ada")
        data = {"group": group.pk, "learners": "ada", "reason": "Prior learning", missing: " "}
        assert admin_client.post(AWARD, data).context["form"].errors.keys() == {missing}
        assert not AccredibleBadge.objects.exists()

    def test_only_active_groups_are_offered_under_their_configurations(
        self, admin_client: Client, group: AccredibleGroup, django_assert_max_num_queries: Any
    ) -> None:
        inactive = make_group(group.api_config, name="Inactive")
        for _number in range(20):
            make_group(is_active=True)

        with django_assert_max_num_queries(6):
            response = admin_client.get(f"{AWARD}?group={inactive.pk}")

        assert '<optgroup label="Account &lt;b&gt;">' in text(response)
        assert "Inactive" not in text(response)
        assert "That group is not active" in messages(response)[0]
        data = {"group": inactive.pk, "learners": "ada", "reason": "Prior learning"}
        assert "Choose an active group." in text(admin_client.post(AWARD, data))

    def test_the_ways_to_it_know_the_group_and_the_learner(self, admin_client: Client, group: AccredibleGroup) -> None:
        badge = make_badge(group)
        AccredibleBadge.objects.update(status="revoked")
        assert f"{AWARD}?group={group.pk}" in text(admin_client.get(f"{GROUPS}{group.pk}/change/"))
        again = f"{AWARD}?group={group.pk}&learners={badge.user.username}"
        assert again.replace("&", "&amp;") in text(admin_client.get(page_of(badge)))
        form = admin_client.get(again).context["form"]
        assert (form["group"].value(), form["learners"].value()) == (str(group.pk), badge.user.username)

    @pytest.mark.parametrize("query", ["?group=x", "?group=%00", "?group=99999999999999999999999", "?learners=%00"])
    def test_addresses_that_make_no_sense_are_no_obstacle(
        self, admin_client: Client, group: AccredibleGroup, query: str
    ) -> None:
        assert admin_client.get(AWARD + query).status_code == 200

    def test_it_takes_a_permission_of_its_own(self, client: Client, group: AccredibleGroup) -> None:
        data = {"group": group.pk, "learners": make_user("ada").username, "reason": "Prior learning"}
        client.force_login(make_staff("view_accrediblebadge", "change_accrediblebadge", "revoke_accrediblebadge"))
        assert client.get(AWARD).status_code == client.post(AWARD, data).status_code == 403
        assert AWARD not in text(client.get(BADGES))
        assert not AccredibleBadge.objects.exists()

        client.force_login(make_staff("award_accrediblebadge"))
        assert client.post(AWARD, data, follow=True).status_code == 200
        assert AccredibleBadge.objects.count() == 1

        client.force_login(make_user("visitor"))
        assert client.get(AWARD).status_code == 302


class TestRevocation:
    @pytest.fixture
    def badges(self, group: AccredibleGroup) -> list[AccredibleBadge]:
        """Badges that learners have."""
        return [make_badge(group) for _number in range(3)]

    def test_it_asks_for_the_reason_first(
        self, admin_client: Client, admin_user: Any, badges: list[AccredibleBadge]
    ) -> None:
        chosen = {"action": "revoke_badges", "_selected_action": [badges[0].pk, badges[1].pk]}

        asked = admin_client.post(BADGES, chosen)
        without = admin_client.post(BADGES, {**chosen, "confirmed": "yes", "reason": " "})
        assert "These 2 badges are taken away" in text(asked)
        assert "marked as expired" in text(asked)
        assert "Group &lt;i&gt;" in text(asked)
        assert "This field is required" in text(without)
        assert not AccredibleBadge.objects.filter(status="revoked").exists()
        done = admin_client.post(BADGES, {**chosen, "confirmed": "yes", "reason": "A mistake"}, follow=True)

        assert messages(done) == ["2 badges revoked."]
        assert set(AccredibleBadge.objects.filter(status="revoked")) == set(badges[:2])
        entries = BadgeLogEntry.objects.values_list("action", "detail", "user")
        assert list(entries) == [("revoke", "A mistake", admin_user.pk)] * 2

    def test_so_does_the_button_of_a_badge(self, admin_client: Client, badges: list[AccredibleBadge]) -> None:
        address = page_of(badges[0], "revoke")
        assert address in text(admin_client.get(page_of(badges[0])))
        assert "This badge is taken away" in text(admin_client.get(address))

        done = admin_client.post(address, {"confirmed": "yes", "reason": "A mistake"}, follow=True)

        assert messages(done) == ["1 badge revoked."]
        assert address not in text(done)
        assert [badge.pk for badge in AccredibleBadge.objects.filter(status="revoked")] == [badges[0].pk]

    def test_twice_is_no_more_than_once(self, admin_client: Client, badges: list[AccredibleBadge]) -> None:
        data = {"confirmed": "yes", "reason": "A mistake"}
        admin_client.post(page_of(badges[0], "revoke"), data, follow=True)
        again = admin_client.post(page_of(badges[0], "revoke"), data, follow=True)
        listed = {"action": "revoke_badges", "_selected_action": [badges[0].pk]}
        assert messages(again) == ["There was nothing left to revoke."]
        assert "revoked already" in messages(admin_client.post(BADGES, listed, follow=True))[0]
        assert BadgeLogEntry.objects.count() == 1

    @pytest.mark.parametrize(("revocation", "said"), [("delete", "is deleted there"), ("unpublish", "is hidden there")])
    def test_it_says_what_happens_at_accredible(
        self,
        admin_client: Client,
        badges: list[AccredibleBadge],
        plugin_settings: PluginSettings,
        revocation: str,
        said: str,
    ) -> None:
        plugin_settings(REVOCATION=revocation)
        assert said in text(admin_client.get(page_of(badges[0], "revoke")))

    def test_more_than_fit_into_a_form_are_refused(
        self, admin_client: Client, badges: list[AccredibleBadge], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("credentials_accredible.admin.award._MOST", 2)
        chosen = {"action": "revoke_badges", "_selected_action": [badges[0].pk], "select_across": "1"}
        assert "Choose 2 badges at most" in messages(admin_client.post(BADGES, chosen, follow=True))[0]

    def test_it_takes_a_permission_of_its_own(self, client: Client, badges: list[AccredibleBadge]) -> None:
        address, data = page_of(badges[0], "revoke"), {"confirmed": "yes", "reason": "A mistake"}
        chosen = {"action": "revoke_badges", "_selected_action": [badges[0].pk], **data}
        client.force_login(make_staff("view_accrediblebadge", "change_accrediblebadge", "award_accrediblebadge"))
        assert client.get(address).status_code == client.post(address, data).status_code == 403
        assert address not in text(client.get(page_of(badges[0])))
        assert 'value="revoke_badges"' not in text(client.get(BADGES))
        client.post(BADGES, chosen)
        assert not AccredibleBadge.objects.filter(status="revoked").exists()

        client.force_login(make_staff("view_accrediblebadge", "revoke_accrediblebadge"))
        client.post(BADGES, chosen)
        assert AccredibleBadge.objects.filter(status="revoked").count() == 1

    @pytest.mark.parametrize("name", ["revoke", "deliver-now"])
    @pytest.mark.parametrize("key", ["0", "999999", "x", "1%00"])
    def test_a_badge_that_is_not_there_is_not_found(self, admin_client: Client, name: str, key: str) -> None:
        assert admin_client.post(f"{BADGES}{key}/{name}/").status_code == 404
