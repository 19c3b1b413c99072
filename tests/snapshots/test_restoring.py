"""Removed groups come back: where they go, what they are joined to, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    DataRule,
    Fulfillment,
    GroupSnapshot,
)
from tests import factories
from tests.snapshots.picture import picture_of
from tests.snapshots.restoring import CHOICES, removed, restore
from tests.tables import dump as everything

pytestmark = pytest.mark.django_db


class TestAGroupThatIsGone:
    def test_it_comes_back_inactive_with_everything(self) -> None:
        group = factories.configure(factories.make_group())
        before = picture_of(group)

        [item] = restore(removed(group))

        back = AccredibleGroup.objects.get()
        assert (item.way, item.group) == ("new", back)
        assert picture_of(back) == before
        assert not back.is_active
        expected = {
            "requirements": 2,
            "rules": 3,
            "penalties": 1,
            "attributes": 0,
            "learners": 1,
            "gone": 0,
            "badges": 1,
        }
        assert item.counts() == expected
        api.activate_group(back)

    def test_learners_go_on_where_they_were(self) -> None:
        group = factories.make_group(is_active=True)
        first, second = factories.make_requirement(group, blend="A"), factories.make_requirement(group, blend="B")
        progress = factories.make_progress(group, first, second)
        holder = factories.make_badge(group)
        BadgeProgress.objects.create(user=holder.user, group=group)

        restore(removed(group))
        back = AccredibleGroup.objects.get()
        api.activate_group(back)

        assert api.reevaluate(back, dry_run=False).badges == 1
        assert sorted(AccredibleBadge.objects.values_list("user", flat=True)) == [progress.user_id, holder.user_id]

    def test_no_api_key_is_read_for_it(self) -> None:
        snapshots = [removed(factories.configure(factories.make_group(factories.make_config()))) for _time in range(2)]

        with CaptureQueriesContext(connection) as queries:
            items = restore(*snapshots)

        assert [item.way for item in items] == ["new", "new"]
        assert [query["sql"] for query in queries if "api_key" in query["sql"]] == []

    def test_a_sync_that_still_misses_it_removes_it_again_and_nothing_is_lost(self, account: Any) -> None:
        config = factories.make_config()
        group = factories.configure(factories.make_group(config))
        before = picture_of(group)

        for _time in range(2):
            api.sync(config, consent=api.Consent(force=True))
            assert not config.groups.exists()
            restore(GroupSnapshot.objects.latest("pk"))

        assert picture_of(config.groups.get()) == before

    def test_a_preview_writes_nothing(self) -> None:
        snapshot = removed(factories.configure(factories.make_group()))
        before = everything()

        [item] = api.preview_restore([snapshot], CHOICES)

        assert item.counts()["learners"] == 1
        assert everything() == before

    def test_restoring_twice_says_so_and_changes_nothing(self) -> None:
        snapshot = removed(factories.configure(factories.make_group(name="Group")))
        restore(snapshot)
        before = everything()

        [item] = restore(snapshot)

        assert item.way == "nothing"
        assert "Restored already, on" in item.reason
        assert "“Group”" in item.reason
        assert everything() == before

    def test_once_it_was_removed_again_the_newer_snapshot_is_pointed_out(self) -> None:
        first = removed(factories.configure(factories.make_group()))
        restore(first)
        second = removed(AccredibleGroup.objects.get())

        [item] = api.preview_restore(api.find_snapshots([first.pk]), CHOICES)

        assert item.way == "new"
        assert any(f"newer snapshot of this group, {second.pk}" in note for note in item.notes)
        assert any("removed again since" in note for note in item.notes)


class TestLearners:
    def test_one_who_is_gone_is_counted_and_not_missed(self) -> None:
        group = factories.make_group()
        factories.make_progress(group, factories.make_requirement(group))
        gone = factories.make_progress(group)
        snapshot = removed(group)
        gone.user.delete()

        [item] = restore(snapshot)

        assert (item.counts()["learners"], item.counts()["gone"]) == (1, 1)
        assert BadgeProgress.objects.count() == 1

    def test_the_id_of_the_lms_says_who_somebody_is(self) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        progress = factories.make_progress(group, requirement)
        old = progress.user
        old.lms_user_id = 7
        old.save()
        snapshot = removed(group)
        # The account was recreated, and its former number is somebody else's.
        old.lms_user_id = 8
        old.username = "somebody-else"
        old.save()
        new = factories.make_user("recreated", lms_user_id=7)

        restore(snapshot)

        assert [row.user for row in BadgeProgress.objects.all()] == [new]

    def test_a_number_that_is_somebody_elses_now_brings_nobody_back(self) -> None:
        group = factories.make_group()
        progress = factories.make_progress(group, factories.make_requirement(group))
        progress.user.lms_user_id = 7
        progress.user.save()
        snapshot = removed(group)
        progress.user.lms_user_id = 8
        progress.user.save()

        [item] = restore(snapshot)

        assert (item.counts()["gone"], BadgeProgress.objects.count()) == (1, 0)


class TestConfigurationsThatHaveChanged:
    def test_one_that_is_gone_has_to_be_replaced_by_choice(self) -> None:
        group = factories.configure(factories.make_group(factories.make_config("Gone")))
        badge = group.badges.get()
        api.remove_configs([group.api_config])
        snapshot = GroupSnapshot.objects.get()
        new = factories.make_config("New")

        [refused] = restore(snapshot)
        [item] = restore(snapshot, config=new)

        assert "Its configuration “Gone” was deleted. Name the configuration it goes to" in refused.reason
        badge.refresh_from_db()
        assert (item.group.api_config, badge.group, badge.api_config) == (new, item.group, new)
        assert badge.next_attempt_at is not None

    def test_one_of_another_environment_is_no_replacement(self) -> None:
        group = factories.make_group(factories.make_config(environment="emulator"))
        api.remove_configs([group.api_config])

        [item] = restore(GroupSnapshot.objects.get(), config=factories.make_config("Elsewhere", environment="eu"))

        assert "where the number" in item.reason

    def test_a_group_that_another_configuration_holds_is_refused(self) -> None:
        snapshot = removed(factories.make_group(accredible_id=12))
        factories.make_group(factories.make_config("Other"), accredible_id=12)

        [item] = restore(snapshot)

        assert "“Other” holds the group 12 now" in item.reason

    def test_a_learner_who_has_the_badge_of_the_new_configuration_keeps_that_one(self) -> None:
        group = factories.make_group()
        badge = factories.make_badge(group)
        config = group.api_config
        api.remove_configs([config])
        new = factories.make_config()
        AccredibleBadge.objects.create(
            user=badge.user, api_config=new, accredible_group_id=group.accredible_id, group_name="G"
        )

        restore(GroupSnapshot.objects.get(), config=new)

        badge.refresh_from_db()
        assert (badge.group, badge.api_config) == (AccredibleGroup.objects.get(), None)


class TestAllOrNothing:
    def test_where_one_is_refused_none_comes_back(self) -> None:
        fine = removed(factories.configure(factories.make_group()))
        taken = removed(factories.make_group(accredible_id=12))
        factories.make_group(factories.make_config("Other"), accredible_id=12)
        before = everything()

        items = restore(fine, taken)

        assert [item.refused for item in items] == [False, True]
        assert everything() == before

    def test_two_snapshots_of_one_group_are_not_restored_at_once(self) -> None:
        first = removed(factories.configure(factories.make_group()))
        restore(first)
        second = removed(AccredibleGroup.objects.get())

        items = restore(second, first)

        assert f"Snapshot {second.pk} goes to the same group" in items[1].reason
        assert not AccredibleGroup.objects.exists()

    @pytest.mark.parametrize("model", [AccredibleGroup, DataRule, BadgeProgress, Fulfillment])
    def test_a_database_that_gives_up_in_the_middle_leaves_nothing_behind(self, model: Any) -> None:
        config = factories.make_config()
        snapshots = [removed(factories.configure(factories.make_group(config))) for _number in range(3)]
        before = everything()
        beginning = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)}"
        seen = 0

        def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal seen
            written = sql.startswith(beginning)
            seen += written
            if written and seen == 2:
                raise DatabaseError("disk full")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(fail), pytest.raises(DatabaseError), transaction.atomic():
            restore(*snapshots)

        assert everything() == before

    def test_a_snapshot_of_a_newer_release_is_refused(self) -> None:
        snapshot = removed(factories.make_group())
        GroupSnapshot.objects.update(version=2)

        [item] = restore(snapshot)

        assert "A newer release" in item.reason
