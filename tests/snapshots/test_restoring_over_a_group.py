"""Restoring a group that is here again, or that was recreated at Accredible."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge, BadgeProgress, CustomAttribute, EarlyPenalty, Fulfillment
from tests import factories
from tests.badges.sending import course_status
from tests.snapshots.picture import picture_of
from tests.snapshots.restoring import CHOICES, EARLY, LATE, LATER, fulfil, removed, restore
from tests.tables import dump as everything

pytestmark = pytest.mark.django_db


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
        assert "has been configured since: 1 requirement, 0 penalties" in item.reason
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

    def test_so_does_a_newer_penalty_of_a_learner_without_progress_in_it(self) -> None:
        group = factories.make_group()
        old = [factories.make_requirement(group, blend=letter) for letter in "AB"]
        learner = factories.make_user(lms_user_id=7)
        progress = BadgeProgress.objects.create(user=learner, group=group)
        for requirement in old:
            fulfil(progress, requirement, EARLY)
        snapshot = removed(group)
        again = factories.make_group(group.api_config, accredible_id=group.accredible_id)
        first, second = (factories.make_requirement(again, blend=letter) for letter in "AB")
        EarlyPenalty.objects.keep("id 7", [second.pk], datetime.fromisoformat(LATE))

        restore(snapshot)

        assert Fulfillment.objects.get().requirement == first
        assert BadgeProgress.objects.get().resets == {str(second.pk): LATE}


class TestAGroupRecreatedUnderAnotherId:
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


def test_a_preview_counts_the_badges_of_the_group_that_is_joined() -> None:
    group = factories.make_group(accredible_id=7)
    recreated = factories.make_group(group.api_config, accredible_id=99)
    AccredibleBadge.objects.filter(pk=factories.make_badge(recreated).pk).update(group=None)
    snapshot = removed(group)
    choices = api.RestoreChoices(join={snapshot.pk: 99})

    [foreseen] = api.preview_restore([snapshot], choices)
    [item] = api.restore([snapshot], choices)

    assert (foreseen.learners.badges, item.learners.badges) == (1, 1)
