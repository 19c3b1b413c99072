"""Removed groups come back: where they go, what they are joined to, and what stands in the way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    CustomAttribute,
    DataRule,
    Fulfillment,
    GroupSnapshot,
)
from tests import factories
from tests.badges.sending import course_status
from tests.snapshots.picture import picture_of
from tests.tables import dump as everything

pytestmark = pytest.mark.django_db

CHOICES = api.RestoreChoices()


def removed(group: AccredibleGroup) -> GroupSnapshot:
    """The snapshot of the group, which is gone."""
    api.remove_groups([group])
    return GroupSnapshot.objects.latest("pk")


def restore(*snapshots: GroupSnapshot, **choices: Any) -> list[api.Restoration]:
    """Restore them as they are in the database now."""
    return api.restore(api.find_snapshots([item.pk for item in snapshots]), api.RestoreChoices(**choices))


def fulfil(progress: BadgeProgress, requirement: Any, time: str) -> None:
    """Have the learner fulfil it by an event of that time."""
    Fulfillment.objects.update_or_create(
        progress=progress, requirement=requirement, defaults={"context": {"time": time, "event_id": time, "facts": {}}}
    )


EARLY, LATE, LATER = (f"2026-0{month}-01T00:00:00+00:00" for month in (1, 2, 3))


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
        # The account was made anew, and its former number is somebody else's.
        old.lms_user_id = 8
        old.username = "somebody-else"
        old.save()
        new = factories.make_user("made-anew", lms_user_id=7)

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


class TestAGroupThatIsHereAgain:
    def test_it_is_joined_and_keeps_what_accredible_says_of_it(self) -> None:
        group = factories.configure(factories.make_group(name="Old"))
        before = picture_of(group)
        snapshot = removed(group)
        again = factories.make_group(group.api_config, accredible_id=group.accredible_id, name="New")

        [item] = restore(snapshot)

        assert (item.way, item.group) == ("joined", again)
        after = picture_of(again)
        assert after["group"]["name"] == "New"
        assert {**after, "group": None} == {**before, "group": None}

    def test_one_that_was_configured_since_is_left_alone_unless_merging_is_chosen(self) -> None:
        group = factories.configure(factories.make_group())
        snapshot = removed(group)
        again = factories.make_group(group.api_config, accredible_id=group.accredible_id)
        factories.make_requirement(again, blend="C")
        before = everything()

        [item] = restore(snapshot)

        assert item.refused
        assert "has been configured since: 1 requirements, 0 penalties" in item.reason
        assert everything() == before

    def test_merging_adds_what_is_not_there_and_joins_what_is_the_same(self) -> None:
        group = factories.configure(factories.make_group())
        CustomAttribute.objects.create(group=group, name="grade", value="old")
        CustomAttribute.objects.create(group=group, name="more", value="more")
        snapshot = removed(group)
        again = factories.make_group(group.api_config, accredible_id=group.accredible_id)
        same = factories.make_requirement(again, blend="A", description="other words")
        other = factories.make_requirement(again, blend="C")
        CustomAttribute.objects.create(group=again, name="grade", value="new")
        api.activate_group(again)

        [item] = restore(snapshot, merge=True)

        again.refresh_from_db()
        assert sorted(again.requirements.values_list("blend", flat=True)) == ["A", "B", "C"]
        assert {same.pk, other.pk} <= set(again.requirements.values_list("pk", flat=True))
        assert list(again.penalties.get().requirements.all()) == [same]
        assert dict(again.custom_attributes.values_list("name", "value")) == {"grade": "new", "more": "more"}
        assert any("keep the value they have: grade" in note for note in item.notes)
        assert [f.requirement for f in Fulfillment.objects.all()] == [same]
        assert not again.is_active, "what its badge takes has changed"

    def test_one_that_was_configured_just_like_that_again_needs_no_choice_and_stays_active(self) -> None:
        group = factories.configure(factories.make_group())
        snapshot = removed(group)
        again = factories.make_group(group.api_config, accredible_id=group.accredible_id)
        first = factories.make_requirement(again, blend="A")
        factories.make_requirement(again, blend="B")
        factories.make_penalty(again, first)
        api.activate_group(again)

        [item] = restore(snapshot)

        again.refresh_from_db()
        assert (item.counts()["requirements"], item.counts()["learners"], again.is_active) == (0, 1, True)
        assert Fulfillment.objects.get().requirement == first

    def test_of_two_events_the_newer_counts_and_a_newer_penalty_keeps_out(self) -> None:
        group = factories.make_group()
        old = [factories.make_requirement(group, blend=letter) for letter in "ABC"]
        progress = factories.make_progress(group)
        for requirement, time in zip(old, (LATER, EARLY, EARLY), strict=True):
            fulfil(progress, requirement, time)
        snapshot = removed(group)
        again = factories.make_group(group.api_config, accredible_id=group.accredible_id)
        new = [factories.make_requirement(again, blend=letter) for letter in "ABC"]
        meanwhile = BadgeProgress.objects.create(user=progress.user, group=again, resets={str(new[2].pk): LATE})
        fulfil(meanwhile, new[0], LATE)
        fulfil(meanwhile, new[1], LATE)

        restore(snapshot)

        times = {item.requirement: item.context["time"] for item in Fulfillment.objects.all()}
        assert times == {new[0]: LATER, new[1]: LATE}
        meanwhile.refresh_from_db()
        assert meanwhile.resets == {str(new[2].pk): LATE}


class TestAGroupMadeAnewUnderAnotherId:
    def test_it_is_offered_and_not_assumed(self) -> None:
        group = factories.configure(factories.make_group(name="Same name"))
        snapshot = removed(group)
        twin = factories.make_group(group.api_config, name="Same name")

        [item] = api.preview_restore([snapshot], CHOICES)

        assert (item.way, item.group, item.same_name) == ("new", None, [twin])

    def test_joined_to_it_learners_keep_the_badges_they_have(self) -> None:
        group = factories.make_group(name="Same name", is_active=True)
        requirement = factories.make_requirement(group)
        delivered, waiting = factories.make_badge(group), factories.make_badge(group)
        AccredibleBadge.objects.filter(pk=delivered.pk).update(external_id="1", state="accepted")
        for badge in (delivered, waiting):
            progress = BadgeProgress.objects.create(user=badge.user, group=group)
            fulfil(progress, requirement, EARLY)
        snapshot = removed(group)
        twin = factories.make_group(group.api_config, name="Same name")

        [item] = restore(snapshot, join={snapshot.pk: twin.accredible_id})
        api.activate_group(twin)

        assert (item.way, item.counts()["badges"]) == ("joined", 2)
        assert api.reevaluate(twin, dry_run=False).badges == 0
        numbers = dict(AccredibleBadge.objects.filter(group=twin).values_list("pk", "accredible_group_id"))
        # What is not at Accredible yet is made where the group is now.
        assert numbers == {delivered.pk: group.accredible_id, waiting.pk: twin.accredible_id}

    def test_a_penalty_takes_a_badge_of_the_former_id(self) -> None:
        group = factories.make_group(is_active=True)
        requirement = factories.make_requirement(group)
        factories.make_penalty(group, requirement)
        badge = factories.make_badge(group)
        AccredibleBadge.objects.update(external_id="1", state="accepted")
        fulfil(BadgeProgress.objects.create(user=badge.user, group=group), requirement, EARLY)
        snapshot = removed(group)
        twin = factories.make_group(group.api_config)
        restore(snapshot, join={snapshot.pk: twin.accredible_id})
        api.activate_group(twin)

        course_status(badge.user.username, is_passing=False, at=datetime(2026, 6, 1, tzinfo=UTC))

        badge.refresh_from_db()
        assert (badge.group, badge.status) == (twin, "revoked")

    def test_a_group_that_is_not_here_cannot_be_joined(self) -> None:
        snapshot = removed(factories.make_group())

        [item] = restore(snapshot, join={snapshot.pk: 4711})

        assert "has no group 4711. Sync its groups first." in item.reason


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
