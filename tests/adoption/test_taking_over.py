"""What the built-in integration has is taken over, once, and issued by one side only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError
from django.db import connection

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    BadgeRequirement,
    Fulfillment,
)
from demo.builtin import models as there
from tests.adoption import builtin
from tests.adoption.running import adopt, everything, report, report_of_refusal
from tests.badges.sending import OTHER, course_status
from tests.conftest import KEY, PluginSettings
from tests.factories import COURSE, make_config, make_group, make_requirement, make_user

pytestmark = pytest.mark.django_db

ENDED = datetime(2025, 3, 4, 12, tzinfo=UTC)


class TestAGroup:
    def test_comes_with_its_configuration_and_is_active_here_alone(self, academy: Any) -> None:
        out = adopt()

        config = AccredibleAPIConfig.objects.get()
        assert (config.name, config.environment, config.api_key.reveal()) == ("Academy", "emulator", KEY)
        group = config.groups.get()
        assert (group.accredible_id, group.name, group.description) == (501, "Diver", "Dives.")
        assert (group.icon_url, group.is_active) == ("https://pictures.test/501.png", True)
        first, second = group.requirements.order_by("pk")
        assert [(item.blend, item.any_event) for item in (first, second)] == [("A", False), ("B", False)]
        assert sorted(first.rules.values_list("data_path", "operator", "value")) == [
            ("course.course_key", "eq", COURSE),
            ("is_passing", "eq", "Yes"),
        ]
        penalty = group.penalties.get()
        assert list(penalty.requirements.all()) == [first]
        assert penalty.rules.get().value == "false"
        assert not there.AccredibleGroup.objects.get().is_active
        assert "Academy (" in out
        assert "2 requirements, 5 data rules, 1 penalty, the progress of 2 learners, 3 fulfilments, 1 badge" in out
        assert "issued here from now on" in out

    def test_keeps_its_key_out_of_the_database_and_of_what_is_printed(self, academy: Any) -> None:
        assert KEY not in adopt("--format", "json")

        with connection.cursor() as cursor:
            cursor.execute("SELECT api_key FROM credentials_accredible_accredibleapiconfig")
            [(stored,)] = cursor.fetchall()
        assert stored
        assert KEY not in stored

    def test_goes_on_where_it_was(self, academy: Any) -> None:
        adopt()

        course_status("bob", OTHER)

        assert list(AccredibleBadge.objects.order_by("pk").values_list("user__username", "status", "state")) == [
            ("ada", "awarded", "accepted"),
            ("bob", "awarded", "created"),
        ]

    def test_a_penalty_takes_a_badge_that_was_taken_over(self, academy: Any) -> None:
        adopt()

        course_status("ada", COURSE, is_passing=False)

        badge = AccredibleBadge.objects.get()
        assert (badge.status, badge.external_id, badge.next_step.value) == ("revoked", "9001", "expire")

    def test_that_was_not_active_is_not_active_here(self, academy: Any) -> None:
        there.AccredibleGroup.objects.update(is_active=False)

        assert "issued here" not in adopt()

        assert not AccredibleGroup.objects.get().is_active

    def test_a_requirement_without_rules_takes_any_event(self) -> None:
        make_user("ada")
        builtin.requirement(builtin.group(builtin.account()), course="")

        out = adopt()
        course_status("ada", COURSE, is_passing=False)

        assert BadgeRequirement.objects.get().any_event
        assert "has no data rule: every event of its type fulfils it here" in out
        assert AccredibleBadge.objects.get().user.username == "ada"

    def test_letters_stay_and_other_names_of_alternatives_get_a_free_one(self) -> None:
        group = builtin.group(builtin.account())
        for blend in ("B", "advanced", "advanced", "A", None, ""):
            builtin.requirement(group, blend)

        out = adopt()

        assert list(BadgeRequirement.objects.order_by("pk").values_list("blend", flat=True)) == [
            "B", "C", "C", "A", "", "",
        ]  # fmt: skip
        assert "“advanced” of requirements has the letter C here" in out
        assert "2 requirements have no letter" in out

    def test_joins_the_one_that_a_sync_has_imported(self, academy: Any) -> None:
        mine = make_config("Mine")
        group = make_group(mine, accredible_id=501)

        out = adopt()

        assert AccredibleAPIConfig.objects.get() == mine
        assert AccredibleGroup.objects.get() == group
        assert AccredibleGroup.objects.get().is_active
        assert group.requirements.count() == 2
        assert "joins what is here" in out

    def test_of_an_account_with_another_key_gets_a_name_of_its_own(self, academy: Any) -> None:
        make_config("academy", key="another-key-0002")

        out = adopt()

        assert sorted(AccredibleAPIConfig.objects.values_list("name", flat=True)) == ["Academy (2)", "academy"]
        assert "It is called “Academy (2)” here" in out

    def test_only_of_the_account_that_was_named(self, academy: Any) -> None:
        other = builtin.account("Other", key="another-key-0002")
        builtin.requirement(builtin.group(other))

        adopt("--config", "Other")

        assert AccredibleAPIConfig.objects.get().name == "Other"
        assert there.AccredibleGroup.objects.get(pk=501).is_active


class TestBadges:
    @pytest.fixture
    def group(self) -> Any:
        group = builtin.group(builtin.account(), pk=502, name="Diver")
        for name in ("ada", "bob", "cem", "dea", "eve"):
            make_user(name)
        builtin.requirement(group)
        return group

    def test_come_with_id_state_days_and_uuid(self, group: Any) -> None:
        builtin.badge(group, "ada", external_id=9001)
        builtin.badge(group, "bob", external_id=9002, state="expired", status="revoked")
        builtin.badge(group, "cem", external_id=9003, state="error", status="revoked")
        builtin.badge(group, "dea", external_id=None, state="error")
        builtin.badge(group, "eve", external_id=None, state="created", status="revoked")
        there.AccredibleBadge.objects.update(created=ENDED, modified=ENDED)

        adopt()

        found = {badge.user.username: badge for badge in AccredibleBadge.objects.select_related("user")}
        assert {name: (badge.status, badge.state, badge.external_id) for name, badge in found.items()} == {
            "ada": ("awarded", "accepted", "9001"),
            "bob": ("revoked", "expired", "9002"),
            "cem": ("revoked", "accepted", "9003"),
            "dea": ("awarded", "no_response", ""),
            "eve": ("revoked", "created", ""),
        }
        assert {name: badge.next_step.value for name, badge in found.items()} == {
            "ada": "nothing", "bob": "nothing", "cem": "expire", "dea": "search", "eve": "nothing",
        }  # fmt: skip
        assert {badge.issued_on for badge in found.values()} == {ENDED.date()}
        assert found["bob"].expired_on == ENDED.date()
        uuids = dict(there.AccredibleBadge.objects.values_list("username", "uuid"))
        assert {name: badge.uuid for name, badge in found.items()} == uuids
        assert {badge.group_name for badge in found.values()} == {"Diver"}
        assert found["ada"].log.get().detail == "Taken over from the built-in integration."

    def test_awarded_before_every_letter_was_fulfilled_stay_and_are_listed(self, group: Any) -> None:
        first = builtin.requirement(group, "B")
        builtin.progress(group, "ada", first)
        builtin.badge(group, "ada")

        [config] = report()

        assert config["groups"][0]["early"] == [{"learner": "ada", "fulfilled": 1, "letters": 2}]
        assert AccredibleBadge.objects.get().status == "awarded"

    def test_of_learners_who_are_gone_are_left_there_and_listed(self, group: Any) -> None:
        builtin.badge(group, "gone\x1b")
        builtin.progress(group, "gone\x1b", *there.BadgeRequirement.objects.all())

        out = adopt()

        assert not AccredibleBadge.objects.exists()
        assert out.count("There is no learner “gone” here any more.") == 1

    def test_of_learners_whom_the_lms_has_retired_are_left_there_and_listed(self, group: Any) -> None:
        make_user("retired__user_1")
        builtin.badge(group, "retired__user_1", external_id=None, state="error")

        out = adopt()

        assert not AccredibleBadge.objects.exists()
        assert "The learner “retired__user_1” has left." in out

    def test_that_the_learner_has_here_already_are_left_there_and_listed(self, group: Any) -> None:
        adopt()
        course_status("ada", COURSE)
        builtin.badge(group, "ada", external_id=9001)

        [config] = report()

        assert AccredibleBadge.objects.get().external_id == ""
        [sentence] = config["groups"][0]["left"]
        assert "ada has a badge of this group here already" in sentence
        assert "9001" in sentence

    def test_of_deleted_groups_come_as_well(self, group: Any) -> None:
        builtin.badge(group, "ada", credential_id=499, external_id=9001)

        [config] = report()

        badge = AccredibleBadge.objects.get()
        assert (badge.group, badge.accredible_group_id, badge.api_config.name) == (None, 499, "Academy")
        assert [(item["accredible_id"], item["way"]) for item in config["groups"]] == [(502, "new"), (499, "badges")]


class TestRefused:
    def test_is_what_nobody_could_earn_here_and_the_rest_is_taken_over(self, academy: Any) -> None:
        bad = builtin.group(academy, pk=503)
        for value in ("true", "false"):
            there.DataRule.objects.create(
                requirement=builtin.requirement(bad), data_path="is_passing", operator="ne", value=value
            )

        with pytest.raises(CommandError, match="Not taken over: 1"):
            adopt()

        assert AccredibleGroup.objects.get().accredible_id == 501
        assert there.AccredibleGroup.objects.get(pk=503).is_active

    def test_is_a_group_that_another_account_holds_here(self, academy: Any) -> None:
        make_group(make_config("Holder", key="another-key-0002"), accredible_id=501)

        with pytest.raises(CommandError):
            adopt()

        [config] = report_of_refusal()
        assert "“Holder” holds this group here" in config["groups"][0]["reason"]

    def test_is_a_group_that_is_configured_otherwise_here(self, academy: Any) -> None:
        make_requirement(make_group(make_config("Mine"), accredible_id=501))

        [config] = report_of_refusal()

        assert "configured here already, and differently" in config["groups"][0]["reason"]
        assert there.AccredibleGroup.objects.get().is_active

    @pytest.mark.parametrize(
        ("written", "words"),
        [
            (None, "ACCREDIBLE_API_BASE_URL"),
            ({"accredible": {"ACCREDIBLE_API_BASE_URL": "https://accredible.test/v1/"}}, "address of no environment"),
        ],
        ids=["no address", "unknown address"],
    )
    def test_is_all_where_nobody_knows_the_environment(
        self, academy: Any, settings: Any, written: Any, words: str
    ) -> None:
        settings.BADGES_CONFIG = written

        with pytest.raises(CommandError, match=words):
            adopt()

        assert not AccredibleAPIConfig.objects.exists()

    def test_is_an_account_that_does_not_exist(self, academy: Any) -> None:
        with pytest.raises(CommandError, match="no API configuration “Nobody”"):
            adopt("--config", "Nobody")

    def test_is_everything_on_a_release_without_the_integration(self, settings: Any) -> None:
        settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != "demo.builtin"]

        with pytest.raises(CommandError, match="no built-in Accredible integration"):
            adopt()


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(academy: Any) -> None:
    before = everything()

    dry = adopt("--dry-run")

    assert everything() == before
    assert dry.replace("Nothing was written.\n", "") == adopt()


def test_a_second_run_changes_nothing(academy: Any) -> None:
    adopt()
    before = everything()

    out = adopt()

    assert everything() == before
    assert "nothing to do" in out
    assert "It was taken over before." in out


def test_a_second_run_takes_over_what_has_come_since(academy: Any) -> None:
    adopt()
    make_user("cem")
    builtin.progress(there.AccredibleGroup.objects.get(), "cem", there.BadgeRequirement.objects.earliest("pk"))
    builtin.badge(there.AccredibleGroup.objects.get(), "bob", uuid=uuid4())

    [config] = report()

    assert {name: config["groups"][0][name] for name in ("progress", "fulfilments", "badges")} == {
        "progress": 1, "fulfilments": 1, "badges": 1,
    }  # fmt: skip
    assert BadgeProgress.objects.count() == 3


def test_what_a_penalty_has_taken_back_here_does_not_come_back(academy: Any, plugin_settings: PluginSettings) -> None:
    adopt()
    course_status("bob", COURSE, is_passing=False)
    assert not Fulfillment.objects.filter(progress__user__username="bob").exists()

    adopt()

    assert not Fulfillment.objects.filter(progress__user__username="bob").exists()


def test_where_there_is_nothing_the_command_says_so() -> None:
    assert "has no API configuration." in adopt()
