"""A group that was recreated at Accredible: offered as the same one, and carried over when somebody says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from credentials_accredible import api
from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    Fulfillment,
    GroupSnapshot,
    SyncChange,
    SyncRun,
)
from credentials_accredible.sync.plan import LocalGroup, RemoteGroup, make_plan
from tests import factories
from tests.badges.sending import course_status
from tests.snapshots.picture import picture_of
from tests.tables import dump

CONFIGS = "/admin/credentials_accredible/accredibleapiconfig/"


class TestWhatIsOffered:
    def offered(self, here: list[str], there: list[str]) -> list[tuple[int, int]]:
        """What is offered where these names go, and those come."""
        local = [LocalGroup(pk=number, accredible_id=number, name=name) for number, name in enumerate(here, start=1)]
        remote = [RemoteGroup(accredible_id=number, name=name) for number, name in enumerate(there, start=101)]
        plan = make_plan(remote, local, {})
        return [(offer.local.accredible_id, offer.remote.accredible_id) for offer in plan.lookalikes]

    @pytest.mark.parametrize(
        ("here", "there", "expected"),
        [
            (["A", "B"], ["B", "C"], [(2, 101)]),
            (["A"], ["a"], []),
            (["A", "A"], ["A"], []),
            (["A"], ["A", "A"], []),
            ([""], [""], []),
            (["A", "B"], ["B", "A"], [(1, 102), (2, 101)]),
        ],
        ids=["one name", "another letter case", "two go", "two come", "no name", "two pairs"],
    )
    def test_a_single_one_that_goes_and_a_single_one_that_comes_of_a_name(
        self, here: list[str], there: list[str], expected: list[tuple[int, int]]
    ) -> None:
        assert self.offered(here, there) == expected

    def test_a_group_that_stays_is_not_part_of_it(self) -> None:
        local = [LocalGroup(pk=1, accredible_id=1, name="A"), LocalGroup(pk=2, accredible_id=2, name="A")]
        remote = [RemoteGroup(accredible_id=1, name="A"), RemoteGroup(accredible_id=9, name="A")]

        [offer] = make_plan(remote, local, {}).lookalikes

        assert (offer.local.accredible_id, offer.remote.accredible_id) == (2, 9)

    def test_choosing_it_does_not_change_what_was_seen_of_the_plan(self) -> None:
        local = [LocalGroup(pk=1, accredible_id=1, name="A"), LocalGroup(pk=2, accredible_id=2, name="B")]
        remote = [RemoteGroup(accredible_id=8, name="A"), RemoteGroup(accredible_id=9, name="B")]

        assert make_plan(remote, local, {}).digest == make_plan(remote, local, {}, {2: 9}).digest
        assert make_plan(remote, local, {}, {2: 9}).digest != make_plan(remote[:1], local, {}).digest


@pytest.fixture
def config(account: Any, db: None) -> AccredibleAPIConfig:
    """A configuration with a configured, active group that was recreated at Accredible."""
    found = factories.make_config("Main")
    old = account.add_group(name="g", course_name="Group")
    account.add_group(name="o", course_name="Other")
    api.sync(found)
    factories.configure(found.groups.get(accredible_id=old["id"]))
    account.remove_group(old["id"])
    account.add_group(name="g-2", course_name="Group", course_description="recreated")
    return found


def ids(config: AccredibleAPIConfig) -> tuple[int, int]:
    """The ids of the group that is gone and of the one that comes."""
    plan = api.preview(config).plan
    assert plan
    [offer] = plan.lookalikes
    return offer.local.accredible_id, offer.remote.accredible_id


def carry_over(config: AccredibleAPIConfig) -> api.Outcome:
    """Sync, with the group carried over."""
    old, new = ids(config)
    return api.sync(config, consent=api.Consent(carry_over={old: new}))


class TestCarryingOver:
    def test_the_group_stays_with_everything_and_gets_the_new_id(self, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)
        group = config.groups.get(accredible_id=old)
        before = picture_of(group)

        outcome = api.sync(config, consent=api.Consent(carry_over={old: new}))

        assert outcome.succeeded
        group.refresh_from_db()
        after = picture_of(group)
        assert (group.accredible_id, group.is_active, group.description) == (new, False, "recreated")
        assert {**after, "group": None, "badges": None} == {**before, "group": None, "badges": None}
        assert after["group"]["uuid"] == before["group"]["uuid"]
        assert config.groups.count() == 2
        assert not GroupSnapshot.objects.exists()

    def test_it_is_recorded_and_counts_as_updated(self, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)
        carry_over(config)

        run = SyncRun.objects.latest("pk")
        assert (run.created_count, run.updated_count, run.removed_count) == (0, 1, 0)
        change = SyncChange.objects.get(sync_run=run)
        assert (change.action, change.accredible_id) == (ChangeAction.CARRIED_OVER, new)
        assert change.fields[0] == {"field": "accredible_id", "old": old, "new": new}

    def test_it_does_not_count_as_removed_for_the_guard(self, config: AccredibleAPIConfig, account: Any) -> None:
        other = config.groups.get(name="Other")
        account.remove_group(other.accredible_id)
        other.delete()
        old, new = ids(config)

        assert not api.sync(config).succeeded, "all groups would be removed"
        assert api.sync(config, consent=api.Consent(carry_over={old: new})).succeeded

    def test_learners_who_have_the_badge_are_not_given_another_one(self, config: AccredibleAPIConfig) -> None:
        group = config.groups.get(name="Group")
        delivered = group.badges.get()
        AccredibleBadge.objects.update(external_id="1", state="accepted")
        forgotten = factories.make_badge(group)
        AccredibleBadge.objects.filter(pk=forgotten.pk).update(group=None, external_id="2")
        for badge in (delivered, forgotten):
            progress = BadgeProgress.objects.create(user=badge.user, group=group)
            for requirement in group.requirements.all():
                Fulfillment.objects.create(progress=progress, requirement=requirement)

        carry_over(config)
        group.refresh_from_db()
        api.activate_group(group)

        assert api.reevaluate(group, dry_run=False).badges == 0
        course_status(delivered.user.username, at=datetime(2026, 6, 1, tzinfo=UTC))
        assert AccredibleBadge.objects.filter(user=delivered.user).count() == 1

        course_status(delivered.user.username, is_passing=False, at=datetime(2026, 6, 2, tzinfo=UTC))
        delivered.refresh_from_db()
        assert delivered.status == "revoked"

    def test_a_badge_that_is_not_at_accredible_yet_is_made_in_the_new_group(self, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)
        group = config.groups.get(accredible_id=old)
        waiting = group.badges.get()
        delivered, taken_on = factories.make_badge(group), factories.make_badge(group)
        AccredibleBadge.objects.filter(pk=delivered.pk).update(external_id="1")
        AccredibleBadge.objects.filter(pk=taken_on.pk).update(claim="somebody")

        carry_over(config)

        numbers = dict(AccredibleBadge.objects.values_list("pk", "accredible_group_id"))
        assert numbers == {waiting.pk: new, delivered.pk: old, taken_on.pk: old}

    def test_a_badge_by_hand_is_not_given_to_a_learner_who_has_one(self, config: AccredibleAPIConfig) -> None:
        AccredibleBadge.objects.update(external_id="1")
        holder = AccredibleBadge.objects.get().user
        carry_over(config)
        group = config.groups.get(name="Group")
        api.activate_group(group)

        with pytest.raises(Exception, match="has this badge already"):
            api.award_badges(group, [holder.username], reason="Earned it", user=factories.make_user())

    def test_without_anybodys_word_it_is_removed_and_imported(self, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)

        api.sync(config, consent=api.Consent(force=True))

        assert not config.groups.filter(accredible_id=old).exists()
        assert not config.groups.get(accredible_id=new).requirements.exists()
        assert GroupSnapshot.objects.get().accredible_id == old

    @pytest.mark.parametrize(
        ("pairs", "words"),
        [
            (lambda old, new, other: {other: new}, "is not among those that would be removed"),
            (lambda old, new, other: {old: other}, "that one is not new at Accredible"),
            (lambda old, new, other: {old: 4711}, "that one is not new at Accredible"),
            (lambda old, new, other: {4711: new}, "is not among those that would be removed"),
        ],
        ids=["one that stays", "to one that was here", "to nowhere", "from nowhere"],
    )
    def test_what_makes_no_sense_changes_nothing(self, config: AccredibleAPIConfig, pairs: Any, words: str) -> None:
        other = config.groups.get(name="Other").accredible_id
        wrong = pairs(*ids(config), other)
        before = factories.configuration_of(config)

        outcome = api.sync(config, consent=api.Consent(carry_over=wrong))
        foreseen = api.preview(config, carry_over=wrong)

        assert (outcome.status, foreseen.status) == ("refused", "refused")
        assert words in outcome.error
        assert words in foreseen.error
        assert factories.configuration_of(config) == before

    def test_a_snapshot_of_it_is_still_joined_to_it(self, config: AccredibleAPIConfig) -> None:
        group = config.groups.get(name="Group")
        api.remove_groups([group])
        snapshot = GroupSnapshot.objects.get()
        api.restore([snapshot], api.RestoreChoices())
        carry_over(config)
        back = AccredibleGroup.objects.get(name="Group")
        back.penalties.all().delete()
        back.requirements.all().delete()
        GroupSnapshot.objects.update(restored_at=None, restored_to=None)

        [item] = api.restore(api.find_snapshots([snapshot.pk]), api.RestoreChoices())

        assert (item.way, item.group) == ("joined", back)


class TestTheCommand:
    def run(self, *arguments: str) -> str:
        """What it prints."""
        out = StringIO()
        call_command("accredible_sync", *arguments, stdout=out)
        return out.getvalue()

    def test_a_dry_run_offers_it_with_the_option_to_give(self, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)
        before = dump()

        out = self.run("--dry-run")

        assert f"? {old} -> {new}  Group" in out
        assert f"--carry-over {old}={new}" in out
        [item] = json.loads(self.run("--dry-run", "--format", "json"))
        assert item["same_name"] == [{"removed": old, "created": new}]
        assert dump() == before

    def test_the_option_carries_over_and_its_dry_run_says_so(self, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)
        option = f"--carry-over={old}={new}"

        dry = self.run("--dry-run", option)
        assert f"> {old} -> {new}  Group" in dry
        assert "keeps 2 requirements, 3 data rules, 1 penalty, 1 learner in progress" in dry
        assert "0 created, 1 updated, 1 unchanged, 0 removed" in self.run(option)
        assert config.groups.get(accredible_id=new).requirements.count() == 2

    def test_it_is_for_one_configuration_at_a_time(self, config: AccredibleAPIConfig) -> None:
        factories.make_config("Second")

        with pytest.raises(CommandError, match="name it with --config"):
            self.run("--carry-over=1=2")

    @pytest.mark.parametrize("text", ["1", "1=", "=2", "a=b", "1=-2"])
    def test_it_takes_two_numbers(self, config: AccredibleAPIConfig, text: str) -> None:
        with pytest.raises(CommandError, match="is not two numbers, as 12=9001"):
            self.run(f"--carry-over={text}")


class TestTheAdmin:
    def test_the_page_that_asks_offers_it_and_ticking_it_carries_over(
        self, admin_client: Client, config: AccredibleAPIConfig
    ) -> None:
        old, new = ids(config)
        page = admin_client.post(CONFIGS, {"action": "sync_groups", "_selected_action": [config.pk]})
        [section] = page.context["pending"]
        assert f'name="carry-{config.pk}" value="{old}={new}">' in page.content.decode()

        seen = {"action": "sync_groups", "_selected_action": [config.pk], f"digest-{config.pk}": section["digest"]}
        admin_client.post(CONFIGS, {**seen, f"carry-{config.pk}": f"{old}={new}"})

        assert config.groups.get(accredible_id=new).requirements.count() == 2
        assert not GroupSnapshot.objects.exists()

    def test_the_preview_offers_it_too(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        old, new = ids(config)

        page = admin_client.get(f"{CONFIGS}{config.pk}/preview/").content.decode()

        assert f'value="{old}={new}">' in page

    def test_left_unticked_it_is_removed(self, admin_client: Client, config: AccredibleAPIConfig) -> None:
        page = admin_client.post(CONFIGS, {"action": "sync_groups", "_selected_action": [config.pk]})
        [section] = page.context["pending"]

        seen = {"action": "sync_groups", "_selected_action": [config.pk], f"digest-{config.pk}": section["digest"]}
        admin_client.post(CONFIGS, seen)

        assert GroupSnapshot.objects.count() == 1

    def test_what_was_changed_since_has_to_be_looked_at_again_and_stays_ticked(
        self, admin_client: Client, config: AccredibleAPIConfig, account: Any
    ) -> None:
        old, new = ids(config)
        page = admin_client.post(CONFIGS, {"action": "sync_groups", "_selected_action": [config.pk]})
        [section] = page.context["pending"]
        account.add_group(name="late", course_name="Late")
        seen = {"action": "sync_groups", "_selected_action": [config.pk], f"digest-{config.pk}": section["digest"]}

        again = admin_client.post(CONFIGS, {**seen, f"carry-{config.pk}": f"{old}={new}"}).content.decode()

        assert "The plan has changed since you confirmed it" in again
        assert f'value="{old}={new}" checked>' in again
        assert config.groups.filter(accredible_id=old).exists()
