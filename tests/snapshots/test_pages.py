"""The admin pages of snapshots, and restoring there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup, CustomAttribute, GroupSnapshot
from tests import factories
from tests.admin.forms import text
from tests.tables import dump

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/groupsnapshot/"
GROUPS = "/admin/credentials_accredible/accrediblegroup/"
HOSTILE = '<script>alert("x")</script>'


def removed(**values: Any) -> GroupSnapshot:
    """The snapshot of a configured group, which is gone."""
    api.remove_groups([factories.configure(factories.make_group(**values))])
    return GroupSnapshot.objects.latest("pk")


def ask(client: Client, *snapshots: GroupSnapshot, **data: Any) -> Any:
    """Choose the action, as the list and the page of a snapshot do."""
    keys = [snapshot.pk for snapshot in snapshots]
    return client.post(LIST, {"action": "restore_groups", "_selected_action": keys, **data}, follow=True)


class TestReading:
    def test_the_page_says_what_was_configured(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group(name="Group", internal_name="internal")
        first = factories.make_requirement(group, blend="A", description="Pass the course")
        factories.make_requirement(group, blend="A", description="Or the other")
        factories.make_requirement(group, rule=False, any_event=True, description="Do anything")
        factories.make_penalty(group, first, description="Fail it")
        CustomAttribute.objects.create(group=group, name="course", value="course.course_key")
        factories.make_progress(group, first)
        api.remove_groups([group])
        snapshot = GroupSnapshot.objects.get()

        page = text(admin_client.get(f"{LIST}{snapshot.pk}/change/"))

        for words in (
            "Pass the course", "Or the other", "Do anything", "any event", "Fail it", "passing is true",
            "passing is false", "<td>course</td>", "(Emulator)", "internal", "deleted by a person",
            f"accredible_restore --snapshot {snapshot.pk} --dry-run",
        ):  # fmt: skip
            assert words in page
        assert '<th scope="rowgroup" rowspan="2">A</th>' in page

    def test_hostile_text_is_only_text(self, admin_client: Client, emulator: Any) -> None:
        config = factories.make_config(HOSTILE)
        group = factories.make_group(config, name=HOSTILE, description=HOSTILE, internal_name=HOSTILE)
        requirement = factories.make_requirement(group, description=HOSTILE, event_type=HOSTILE)
        requirement.rules.update(data_path=HOSTILE, value=HOSTILE)
        factories.make_penalty(group, requirement, description=HOSTILE)
        CustomAttribute.objects.create(group=group, name=HOSTILE, value=HOSTILE)
        api.remove_groups([group])
        factories.make_group(config, name=HOSTILE)
        snapshot = GroupSnapshot.objects.get()

        for response in (
            admin_client.get(LIST),
            admin_client.get(f"{LIST}{snapshot.pk}/change/"),
            ask(admin_client, snapshot),
            ask(admin_client, snapshot, confirmed="yes"),
        ):
            page = text(response)
            assert HOSTILE not in page
            assert "&lt;script&gt;" in page

    def test_nobody_changes_or_deletes_one(self, admin_client: Client, emulator: Any) -> None:
        snapshot = removed()
        before = dump()

        admin_client.post(f"{LIST}{snapshot.pk}/change/", {"name": "Other"})
        assert admin_client.get(f"{LIST}add/").status_code == 403
        assert admin_client.post(f"{LIST}{snapshot.pk}/delete/", {"post": "yes"}).status_code == 403
        admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [snapshot.pk], "post": "yes"})

        assert {**dump(), "django_session": None} == {**before, "django_session": None}

    def test_the_list_costs_the_same_for_many(
        self, admin_client: Client, emulator: Any, django_assert_max_num_queries: Any
    ) -> None:
        snapshots = [removed() for _number in range(12)]
        ask(admin_client, *snapshots[:6], confirmed="yes")

        with django_assert_max_num_queries(12):
            page = text(admin_client.get(LIST))

        assert "12 group snapshots" in page

    def test_the_page_of_a_sync_run_leads_to_what_it_removed(self, admin_client: Client, account: Any) -> None:
        config = factories.make_config()
        factories.configure(factories.make_group(config, name="Of the run"))
        outcome = api.sync(config, consent=api.Consent(force=True))
        removed(name="Another one")
        assert outcome.run

        address = f"{LIST}?sync_run__id__exact={outcome.run.pk}"
        assert address in text(admin_client.get(f"/admin/credentials_accredible/syncrun/{outcome.run.pk}/change/"))

        page = text(admin_client.get(address))
        assert "Of the run" in page
        assert "Another one" not in page

    def test_whoever_deletes_a_group_is_told_of_its_snapshot(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        page = text(admin_client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}, follow=True))

        assert f'<a href="{LIST}{GroupSnapshot.objects.get().pk}/change/">A snapshot can bring the group back.' in page


class TestRestoring:
    def test_it_is_shown_first_and_done_once_confirmed(self, admin_client: Client, emulator: Any) -> None:
        snapshot = removed(name="Group")

        page = text(ask(admin_client, snapshot))

        assert "2 requirements, 3 data rules, 1 penalty" in page
        assert not AccredibleGroup.objects.exists()

        page = text(ask(admin_client, snapshot, confirmed="yes"))

        group = AccredibleGroup.objects.get()
        assert "Restored: 2 requirements" in page
        assert f"{GROUPS}{group.pk}/change/" in page
        assert group.requirements.count() == 2

    def test_what_stands_against_it_is_shown_and_merging_offered(self, admin_client: Client, emulator: Any) -> None:
        snapshot = removed()
        again = factories.make_group(snapshot.api_config, accredible_id=snapshot.accredible_id)
        factories.make_requirement(again, blend="Z")

        page = text(ask(admin_client, snapshot))
        assert "has been configured since" in page
        assert 'name="confirmed"' not in page
        page = text(ask(admin_client, snapshot, confirmed="yes"))
        assert "Nothing was restored" in page
        assert again.requirements.count() == 1

        page = text(ask(admin_client, snapshot, merge="on"))
        assert 'name="confirmed"' in page
        ask(admin_client, snapshot, merge="on", confirmed="yes")
        assert again.requirements.count() == 3

    def test_a_group_of_the_same_name_is_offered(self, admin_client: Client, emulator: Any) -> None:
        snapshot = removed(name="Twin")
        twin = factories.make_group(snapshot.api_config, name="Twin")
        choice = {f"join-{snapshot.pk}": twin.accredible_id}

        assert "Yes, join Twin" in text(ask(admin_client, snapshot))
        assert "joins the group that is here" in text(ask(admin_client, snapshot, **choice))
        ask(admin_client, snapshot, confirmed="yes", **choice)

        assert AccredibleGroup.objects.get() == twin
        assert twin.requirements.count() == 2

    def test_another_configuration_is_chosen_where_the_own_one_is_gone(
        self, admin_client: Client, emulator: Any
    ) -> None:
        snapshot = removed()
        api.remove_configs([snapshot.api_config])
        new = factories.make_config("New")
        factories.make_config("Elsewhere", environment="eu")

        page = text(ask(admin_client, snapshot))
        assert "New (emulator)" in page
        assert "Elsewhere" not in page
        ask(admin_client, snapshot, confirmed="yes", config=new.pk)

        assert new.groups.count() == 1

    @pytest.mark.parametrize(
        "data",
        [
            {"config": "x"}, {"config": "9" * 40}, {"config": "٣"}, {"join-{}": "x"}, {"join-{}": "9" * 40},
            {"join-{}": "-1"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_counts_as_not_chosen(
        self, admin_client: Client, emulator: Any, data: dict[str, str]
    ) -> None:
        snapshot = removed()

        response = ask(admin_client, snapshot, **{key.format(snapshot.pk): value for key, value in data.items()})

        assert response.status_code == 200

    def test_restored_twice_it_says_so(self, admin_client: Client, emulator: Any) -> None:
        snapshot = removed()
        ask(admin_client, snapshot, confirmed="yes")

        assert "Restored already, on" in text(ask(admin_client, snapshot, confirmed="yes"))
        assert AccredibleGroup.objects.count() == 1

    def test_it_takes_the_permission(self, client: Client, emulator: Any) -> None:
        snapshot = removed()
        client.force_login(factories.make_staff("view_groupsnapshot"))

        assert "Restore…" not in text(client.get(f"{LIST}{snapshot.pk}/change/"))
        ask(client, snapshot, confirmed="yes")
        assert not AccredibleGroup.objects.exists()

        client.force_login(factories.make_staff("restore_groupsnapshot"))
        assert ask(client, snapshot, confirmed="yes").status_code == 403
        assert not AccredibleGroup.objects.exists()

        client.force_login(factories.make_staff("view_groupsnapshot", "restore_groupsnapshot"))
        ask(client, snapshot, confirmed="yes")
        assert AccredibleGroup.objects.exists()

    @pytest.mark.parametrize("path", ["", "{}/change/"])
    def test_others_see_nothing(self, client: Client, emulator: Any, path: str) -> None:
        address = LIST + path.format(removed().pk)

        assert client.get(address).status_code == 302
        client.force_login(factories.make_staff())
        assert client.get(address).status_code == 403
