"""Whatever removes a group keeps it in a snapshot, in the same transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.db import DatabaseError, connection, transaction
from django.test import Client

from credentials_accredible import api, database
from credentials_accredible.choices import SnapshotCause
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    CustomAttribute,
    Fulfillment,
    GroupSnapshot,
    SnapshotPart,
    SyncRun,
)
from credentials_accredible.snapshots import format, taking
from tests import factories

pytestmark = pytest.mark.django_db

GROUPS = "/admin/credentials_accredible/accrediblegroup/"
CONFIGS = "/admin/credentials_accredible/accredibleapiconfig/"


def inactive(group: AccredibleGroup) -> AccredibleGroup:
    """The group, fully configured and not active, as it can be deleted by hand."""
    factories.configure(group)
    api.deactivate_group(group)
    return group


def entries(snapshot: GroupSnapshot) -> list[Any]:
    """What a snapshot says of learners."""
    return [entry for part in snapshot.parts.all() for entry in part.learners]


class TestEveryWayToRemoveAGroup:
    def test_by_a_sync(self, account: Any) -> None:
        config = factories.make_config("Main")
        account.add_group(name="stays", course_name="Stays")
        group = factories.configure(factories.make_group(config, name="Gone"))
        staff = factories.make_user()

        outcome = api.sync(config, user=staff, consent=api.Consent(force=True))

        snapshot = GroupSnapshot.objects.get()
        assert outcome.succeeded
        assert not AccredibleGroup.objects.filter(pk=group.pk).exists()
        assert (snapshot.cause, snapshot.sync_run, snapshot.user) == (SnapshotCause.SYNC, SyncRun.objects.get(), staff)
        assert (snapshot.name, snapshot.accredible_id) == ("Gone", group.accredible_id)
        assert (snapshot.api_config, snapshot.config_name, snapshot.environment) == (config, "Main", "emulator")

    @pytest.mark.parametrize("several", [False, True], ids=["delete", "delete selected"])
    def test_by_a_person(self, admin_client: Client, admin_user: Any, emulator: Any, several: bool) -> None:
        group = inactive(factories.make_group())

        if several:
            data = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
            admin_client.post(GROUPS, data)
        else:
            admin_client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})

        snapshot = GroupSnapshot.objects.get()
        assert not AccredibleGroup.objects.exists()
        assert (snapshot.cause, snapshot.user, snapshot.sync_run) == (SnapshotCause.PERSON, admin_user, None)
        assert snapshot.learners == 1

    @pytest.mark.parametrize("several", [False, True], ids=["delete", "delete selected"])
    def test_with_its_configuration(self, admin_client: Client, admin_user: Any, emulator: Any, several: bool) -> None:
        config = factories.make_config("Main")
        inactive(factories.make_group(config, name="First"))
        inactive(factories.make_group(config, name="Second"))

        if several:
            data = {"action": "delete_selected", "_selected_action": [config.pk], "post": "yes"}
            admin_client.post(CONFIGS, data)
        else:
            admin_client.post(f"{CONFIGS}{config.pk}/delete/", {"post": "yes"})

        assert not AccredibleAPIConfig.objects.exists()
        found = GroupSnapshot.objects.order_by("pk").values_list("name", "cause", "user", "config_name", "api_config")
        cause = SnapshotCause.CONFIGURATION
        assert list(found) == [(name, cause, admin_user.pk, "Main", None) for name in ("First", "Second")]

    @pytest.mark.parametrize(
        ("delete", "cause"),
        [
            (lambda group: group.delete(), SnapshotCause.PERSON),
            (lambda group: AccredibleGroup.objects.filter(pk=group.pk).delete(), SnapshotCause.PERSON),
            (lambda group: group.api_config.delete(), SnapshotCause.CONFIGURATION),
            (lambda group: AccredibleAPIConfig.objects.all().delete(), SnapshotCause.CONFIGURATION),
        ],
        ids=["group", "groups", "configuration", "configurations"],
    )
    def test_by_code_that_knows_nothing_of_snapshots(self, delete: Any, cause: str) -> None:
        delete(factories.configure(factories.make_group()))

        snapshot = GroupSnapshot.objects.get()
        assert not AccredibleGroup.objects.exists()
        assert (snapshot.cause, snapshot.learners, len(entries(snapshot))) == (cause, 1, 2)


class TestWhatIsKept:
    def test_the_group_its_configuration_its_learners_and_its_badges(self) -> None:
        site = Site.objects.create(domain="example.org", name="Example")
        group = factories.make_group(name="G", description="D", design_id=7, site=site, is_active=True)
        first = factories.make_requirement(group, blend="A", description="first")
        second = factories.make_requirement(group, rule=False, any_event=True)
        factories.make_penalty(group, second, description="costs")
        CustomAttribute.objects.create(group=group, name="grade", value="grade")
        progress = factories.make_progress(group, first)
        progress.user.lms_user_id = 77
        progress.user.save()
        progress.resets = {str(second.pk): "2026-01-01T00:00:00+00:00"}
        progress.save()
        context = {"event_id": "e", "time": "2026-01-02T00:00:00+00:00", "facts": {"is_passing": True}}
        Fulfillment.objects.update(context=context)
        badge = factories.make_badge(group)

        group.delete()

        snapshot = GroupSnapshot.objects.get()
        kept = snapshot.data["group"]
        assert (snapshot.version, snapshot.data["shortened"]) == (1, [])
        assert (kept["name"], kept["description"], kept["design_id"]) == ("G", "D", 7)
        assert (kept["uuid"], kept["site"], kept["is_active"]) == (str(group.uuid), "example.org", True)
        rule = {"data_path": "is_passing", "operator": "eq", "value": "true"}
        one, two = snapshot.data["configuration"]["requirements"]
        assert (one["ref"], one["blend"], one["rules"]) == (1, "A", [rule])
        assert (two["ref"], two["any_event"], two["rules"]) == (2, True, [])
        (penalty,) = snapshot.data["configuration"]["penalties"]
        assert (penalty["requirements"], penalty["rules"]) == ([2], [{**rule, "value": "false"}])
        assert snapshot.data["configuration"]["custom_attributes"] == [
            {"name": "grade", "source": "path", "value": "grade"}
        ]
        learner, holder = entries(snapshot)
        assert (learner["user"], learner["lms_user_id"]) == (progress.user.pk, 77)
        assert learner["progress"]["resets"] == {"2": "2026-01-01T00:00:00+00:00"}
        (fulfilment,) = learner["progress"]["fulfilments"]
        assert (fulfilment["requirement"], fulfilment["context"]) == (1, context)
        assert holder == {"user": badge.user.pk, "lms_user_id": None, "badge": str(badge.uuid)}

    def test_neither_keys_nor_names_of_learners(self) -> None:
        group = factories.configure(factories.make_group(factories.make_config(key="very-secret-key")))
        users = [group.progresses.get().user, group.badges.get().user]

        group.api_config.delete()

        snapshot = GroupSnapshot.objects.get()
        kept = json.dumps([snapshot.data, entries(snapshot), str(snapshot.__dict__)])
        assert "very-secret-key" not in kept
        for user in users:
            assert user.username not in kept
            assert user.email not in kept

    def test_many_learners_are_kept_in_parts_of_limited_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(taking, "LEARNERS", 4)
        monkeypatch.setattr(database, "STATEMENT_BYTES", 700)
        monkeypatch.setattr(format, "_ENTRY_BYTES", 300)
        group = factories.make_group()
        requirements = [factories.make_requirement(group) for _number in range(6)]
        progresses = [factories.make_progress(group, *requirements) for _number in range(11)]

        api.remove_groups([group])

        snapshot = GroupSnapshot.objects.get()
        parts = list(snapshot.parts.all())
        assert [part.number for part in parts] == list(range(1, len(parts) + 1))
        assert len(parts) > 11
        assert max(len(json.dumps(part.learners)) for part in parts) < 1000
        fulfilled = [(e["user"], f["requirement"]) for e in entries(snapshot) for f in e["progress"]["fulfilments"]]
        assert fulfilled == [(progress.user.pk, ref) for progress in progresses for ref in range(1, 7)]
        assert snapshot.learners == 11

    def test_a_text_without_end_is_shortened_and_says_so(self) -> None:
        group = factories.make_group(description="漢" * 300_000)

        api.remove_groups([group])

        data = GroupSnapshot.objects.get().data
        assert (len(data["group"]["description"]), data["shortened"]) == (250_000, ["description"])


class TestAllOrNothing:
    @pytest.mark.parametrize("model", [GroupSnapshot, SnapshotPart])
    @pytest.mark.parametrize("remove", [api.remove_groups, lambda groups: groups[0].api_config.delete()])
    def test_without_a_snapshot_nothing_is_removed(self, model: Any, remove: Any) -> None:
        config = factories.make_config()
        for _number in range(3):
            factories.configure(factories.make_group(config))
        before = factories.configuration_of(config)

        table = connection.ops.quote_name(model._meta.db_table)
        seen = 0

        def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal seen
            written = sql.startswith(f"INSERT INTO {table}")
            seen += written
            if written and seen == 2:
                raise DatabaseError("disk full")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(fail), pytest.raises(DatabaseError), transaction.atomic():
            remove(list(config.groups.all()))

        assert factories.configuration_of(config) == before
        assert not GroupSnapshot.objects.exists()

    def test_a_sync_that_cannot_write_them_changes_nothing(self, account: Any) -> None:
        config = factories.make_config()
        factories.configure(factories.make_group(config))
        before = factories.configuration_of(config)
        table = connection.ops.quote_name(SnapshotPart._meta.db_table)

        def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith(f"INSERT INTO {table}"):
                raise DatabaseError("disk full")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(fail):
            outcome = api.sync(config, consent=api.Consent(force=True))

        assert "The database did not take the changes" in outcome.error
        assert factories.configuration_of(config) == before
        assert not GroupSnapshot.objects.exists()


class TestThePageThatAsks:
    def test_it_counts_learners_and_does_not_list_them(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        group = factories.make_group(name="<i>Group</i>")
        requirement = factories.make_requirement(group)
        for _number in range(40):
            progress = factories.make_progress(group, requirement)

        addresses = [
            f"{GROUPS}{group.pk}/delete/",
            f"{CONFIGS}{group.api_config.pk}/delete/",
            f"/admin/credentials_accredible/badgerequirement/{requirement.pk}/delete/",
        ]
        for address in addresses:
            with django_assert_max_num_queries(25):
                page = admin_client.get(address).content.decode()

            assert "40 learner" in page
            assert progress.user.username not in page
            assert "<i>Group" not in page

    def test_it_says_that_a_snapshot_is_kept(self, admin_client: Client) -> None:
        group = factories.make_group()

        for address in (f"{GROUPS}{group.pk}/delete/", f"{CONFIGS}{group.api_config.pk}/delete/"):
            assert "a snapshot keeps each group" in admin_client.get(address).content.decode()
        for address, pk in ((GROUPS, group.pk), (CONFIGS, group.api_config.pk)):
            page = admin_client.post(address, {"action": "delete_selected", "_selected_action": [pk]}).content.decode()
            assert "a snapshot keeps each group" in page

    @pytest.mark.parametrize("missing", ["delete_badgerequirement", "delete_badgepenalty", "delete_accrediblegroup"])
    def test_whoever_may_not_delete_what_hangs_on_a_group_does_not_delete_it(
        self, client: Client, missing: str
    ) -> None:
        group = inactive(factories.make_group())
        needed = {
            "view_accredibleapiconfig", "delete_accredibleapiconfig", "view_accrediblegroup", "delete_accrediblegroup",
            "delete_badgerequirement", "delete_badgepenalty",
        }  # fmt: skip
        client.force_login(factories.make_staff(*(needed - {missing})))

        for address in (f"{GROUPS}{group.pk}/delete/", f"{CONFIGS}{group.api_config.pk}/delete/"):
            assert client.post(address, {"post": "yes"}).status_code == 403
        assert AccredibleGroup.objects.exists()
