"""The history of what is configured: what is kept, of whom, and what is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.exceptions import ActivationRefused
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    history,
)
from tests import factories
from tests.admin.forms import REQUIREMENTS, requirement_form, rule
from tests.history_rows import CONFIGS, GROUPS, TRACKED, everything, kinds

pytestmark = pytest.mark.django_db


class TestWhatIsKept:
    def test_a_requirement_and_its_rules_from_beginning_to_end(self, admin_client: Client, admin_user: Any) -> None:
        group = factories.make_group()
        admin_client.post(
            REQUIREMENTS + "add/", requirement_form(rule("is_passing", "true"), group=group.pk, description="Pass")
        )
        requirement = BadgeRequirement.objects.get()
        row = rule("is_passing", "false", id=requirement.rules.get().pk, requirement=requirement.pk)
        admin_client.post(
            f"{REQUIREMENTS}{requirement.pk}/change/", requirement_form(row, stored=1, description="Fail", blend="B")
        )
        admin_client.post(f"{REQUIREMENTS}{requirement.pk}/delete/", {"post": "yes"})

        rows = BadgeRequirement.history.order_by("history_id")
        assert kinds(BadgeRequirement) == kinds(DataRule) == ["+", "~", "-"]
        assert [(row.description, row.blend, row.group_id) for row in rows] == [
            ("Pass", "", group.pk),
            ("Fail", "B", group.pk),
            ("Fail", "B", group.pk),
        ]
        assert [row.value for row in DataRule.history.order_by("history_id")] == ["true", "false", "false"]
        assert {row.history_user for row in [*rows, *DataRule.history.all()]} == {admin_user}

    def test_what_a_penalty_takes_back(self) -> None:
        group = factories.make_group()
        first, second = factories.make_requirement(group), factories.make_requirement(group)
        penalty = factories.make_penalty(group, first)

        penalty.requirements.add(second)
        penalty.requirements.add(second)
        first.penalties.remove(penalty)
        second.penalties.remove(penalty)

        rows = BadgePenalty.history.order_by("history_id")
        chosen = [set(row.requirements.values_list("badgerequirement", flat=True)) for row in rows]
        assert chosen == [set(), {first.pk}, {first.pk, second.pk}, {second.pk}, set()]
        assert kinds(BadgeRequirement) == ["+", "+"]

    def test_activation_by_every_way(self, admin_client: Client, admin_user: Any) -> None:
        group = factories.make_group()
        factories.make_requirement(group)

        api.activate_group(group)
        api.deactivate_group(group)
        admin_client.post(GROUPS, {"action": "activate", "_selected_action": [group.pk]})
        api.activate_group(group)

        rows = AccredibleGroup.history.order_by("history_id")
        assert [(row.history_type, row.is_active, row.history_user) for row in rows] == [
            ("+", False, None),
            ("~", True, None),
            ("~", False, None),
            ("~", True, admin_user),
        ]

    def test_an_activation_that_is_refused_leaves_nothing(self) -> None:
        group = factories.make_group()

        with pytest.raises(ActivationRefused):
            api.activate_group(group)

        assert kinds(AccredibleGroup) == ["+"]

    def test_custom_attributes(self) -> None:
        attribute = CustomAttribute.objects.create(group=factories.make_group(), name="grade", value="grade")
        attribute.value = "percent"
        attribute.save()
        attribute.delete()

        assert kinds(CustomAttribute) == ["+", "~", "-"]

    def test_a_configuration_without_its_key(self, admin_client: Client, account: Any, emulator: Any) -> None:
        config = factories.make_config("Main")
        emulator.add_account(key="other-key-0002")
        form = {"name": "Renamed", "environment": "emulator", "new_api_key": ""}

        admin_client.post(f"{CONFIGS}{config.pk}/change/", form)
        admin_client.post(f"{CONFIGS}{config.pk}/change/", {**form, "new_api_key": "other-key-0002"})

        rows = list(AccredibleAPIConfig.history.order_by("history_id"))
        assert [(row.name, row.history_change_reason) for row in rows] == [
            ("Main", None),
            ("Renamed", None),
            ("Renamed", history.KEY_CHANGED),
        ]
        config.refresh_from_db()
        stored = [str(value) for row in AccredibleAPIConfig.history.values() for value in row.values()]
        assert config.api_key.reveal() == "other-key-0002"
        assert not any("key-000" in text or config.api_key.encrypted() in text for text in stored)

    def test_a_group_is_named_after_it_is_gone(self) -> None:
        group = factories.make_group(name="Gone")
        factories.configure(group)
        requirements, pk = group.requirements.count(), group.pk

        api.deactivate_group(group)
        with history.because("clearing up"):
            group.delete()

        (last,) = AccredibleGroup.history.filter(id=pk, history_type="-")
        assert (last.name, last.accredible_id, last.history_change_reason) == (
            "Gone",
            group.accredible_id,
            "clearing up",
        )
        assert kinds(BadgeRequirement, group_id=pk, history_type="-") == ["-"] * requirements


class TestObjectsOlderThanTheirHistory:
    def test_a_first_row_says_what_they_were(self, account: Any) -> None:
        account.add_group(name="g", course_name="Group")
        config = factories.make_config()
        api.sync(config)
        group = config.groups.get()
        factories.make_requirement(group)
        assert not AccredibleGroup.history.exists()

        api.activate_group(group)

        rows = AccredibleGroup.history.order_by("history_id")
        assert [(row.history_type, row.is_active, row.history_change_reason) for row in rows] == [
            ("+", False, history.AS_FOUND),
            ("~", True, None),
        ]
        assert rows[0].history_date == group.created

    def test_so_it_does_where_they_are_saved(self) -> None:
        requirement = factories.make_requirement(factories.make_group(), description="Before")
        BadgeRequirement.history.all().delete()

        requirement.description = "After"
        requirement.save()

        rows = BadgeRequirement.history.order_by("history_id")
        assert [(row.history_type, row.description) for row in rows] == [("+", "Before"), ("~", "After")]


class TestWhatIsNotKept:
    def test_saving_what_is_stored_already(self) -> None:
        group = factories.configure(factories.make_group())
        before = everything()

        for row in [group.api_config, group, *group.requirements.all(), *group.penalties.all()]:
            row.save()
        for data_rule in DataRule.objects.all():
            data_rule.save()

        assert everything() == before

    def test_what_changes_by_itself(self, account: Any) -> None:
        config = factories.make_config()
        before = everything()

        config.issuer_name, config.credits_left, config.checked_at = "Issuer", 7, timezone.now()
        config.next_sync_at = config.paused_at = config.held_until = timezone.now() + timedelta(hours=1)
        config.save()
        config.outages = 3
        config.save(update_fields=["outages"])

        assert everything() == before

    def test_what_a_sync_writes_to_a_group(self, account: Any) -> None:
        accredible_id = account.add_group(name="g", course_name="Group")["id"]
        config = factories.make_config()
        before = everything()

        api.sync(config)
        account.update_group(accredible_id, course_name="Another title")
        api.sync(config)

        assert everything() == before

    def test_a_key_that_is_only_encrypted_again(self) -> None:
        config = factories.make_config()
        before = everything()

        api.reencrypt_keys()
        config.refresh_from_db()
        config.save()

        assert everything() == before

    def test_a_field_that_was_not_written(self) -> None:
        requirement = factories.make_requirement(factories.make_group(), description="Stored", blend="A")
        requirement.description, requirement.blend = "Never stored", "B"

        requirement.save(update_fields=["blend"])

        last = BadgeRequirement.history.latest()
        assert (last.description, last.blend) == ("Stored", "B")

    def test_what_is_undone(self, admin_client: Client) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        api.activate_group(group)
        before = everything()

        admin_client.post(f"{REQUIREMENTS}{requirement.pk}/delete/", {"post": "yes"})

        assert BadgeRequirement.objects.filter(pk=requirement.pk).exists()
        assert everything() == before

    def test_what_a_fixture_loads(self, tmp_path: Path) -> None:
        config = factories.configure(factories.make_group()).api_config
        before = everything()
        dump = tmp_path / "dump.json"
        call_command("dumpdata", "credentials_accredible", output=str(dump))

        config.delete()
        for model in TRACKED:
            model.history.all().delete()
        call_command("loaddata", str(dump), verbosity=0)

        assert AccredibleAPIConfig.objects.get().name == config.name
        assert BadgePenalty.objects.get().requirements.count() == 1
        assert everything() == before
        assert "main-key-0001" not in dump.read_text()
