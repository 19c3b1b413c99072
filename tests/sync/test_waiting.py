"""While a sync writes the groups of one configuration, others go on, and who has to wait is told why."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from credentials_accredible import api
from credentials_accredible.exceptions import GroupsBusy
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, BadgeRequirement, DataRule
from tests import factories
from tests.admin.config_pages import post, told
from tests.badges.sending import DEMO, OTHER, badges_of, course_status
from tests.connections import held

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
    pytest.mark.django_db(transaction=True),
]

A_SYNC_WRITES = "A sync of “Main” is writing its groups at present: try again when it has finished."


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credentials_accredible.rules.version._PATIENCE", 0.3)


@pytest.fixture
def main(account: Any) -> AccredibleAPIConfig:
    """A configuration with three groups, one of which is renamed and one gone at Accredible since they were read."""
    groups = [account.add_group(name=f"g-{number}", course_name=f"Group {number}") for number in range(3)]
    config = factories.make_config(name="Main")
    api.sync(config)
    account.update_group(groups[0]["id"], course_name="Renamed")
    account.remove_group(groups[1]["id"])
    return config


def written(config: AccredibleAPIConfig) -> Any:
    """A sync of ``config`` that has written its groups, and is not through."""
    return held(lambda: api.sync(config, consent=api.Consent(force=True)), at="credentials_accredible_syncchange")


def seconds(work: Callable[[], object]) -> float:
    began = monotonic()
    work()
    return monotonic() - began


def test_rules_of_another_configuration_are_edited_meanwhile(main: AccredibleAPIConfig) -> None:
    other = factories.make_group(factories.make_config(name="Other"))
    requirement = factories.make_requirement(other)

    with written(main) as outcome:
        waited = [
            seconds(lambda: api.activate_group(other)),
            seconds(lambda: requirement.rules.first().save()),
            seconds(lambda: api.deactivate_group(other)),
            seconds(lambda: api.remove_groups([other])),
        ]

    assert max(waited) < 1
    assert outcome[0].succeeded


def test_learners_earn_the_badge_of_a_group_whose_title_changes_meanwhile(main: AccredibleAPIConfig) -> None:
    renamed = AccredibleGroup.objects.get(name="Group 0")
    factories.make_requirement(renamed)
    api.activate_group(renamed)

    with written(main) as outcome:
        assert seconds(course_status) < 1
        assert badges_of() == [("Group 0", "awarded")]

    assert outcome[0].succeeded
    renamed.refresh_from_db()
    assert renamed.name == "Renamed"


def test_groups_go_while_learners_earn_other_badges(account: Any) -> None:
    account.add_group(name="stays", course_name="Stays")
    config = factories.make_config()
    numbers = range(1_000_000, 1_000_600)
    AccredibleGroup.objects.bulk_create(
        [AccredibleGroup(api_config=config, accredible_id=number, name="Gone") for number in numbers]
    )
    other = factories.make_group(is_active=True)
    for letter, course in (("A", DEMO), ("B", OTHER)):
        requirement = factories.make_requirement(other, blend=letter)
        DataRule.objects.create(requirement=requirement, data_path="course.course_key", value=course)
    course_status()

    # The event has locked its learner's progress.
    with held(lambda: course_status(course=OTHER), at="credentials_accredible_fulfillment"):
        outcome = api.sync(config, consent=api.Consent(force=True))

    assert (outcome.succeeded, outcome.error) == (True, "")
    assert config.groups.count() == 1
    assert len(badges_of()) == 1


def test_who_edits_what_a_sync_writes_is_told_so(main: AccredibleAPIConfig, admin_client: Any) -> None:
    group = AccredibleGroup.objects.get(name="Group 2")
    requirement = factories.make_requirement(group)
    page = reverse("admin:credentials_accredible_badgerequirement_delete", args=[requirement.pk])

    with written(main) as outcome:
        with pytest.raises(GroupsBusy, match=A_SYNC_WRITES):
            api.activate_group(group)
        with pytest.raises(GroupsBusy, match=A_SYNC_WRITES):
            api.remove_groups([group])
        answer = told(post(admin_client, page, post="yes"))

    assert answer == f"Nothing was changed. {A_SYNC_WRITES}"
    assert BadgeRequirement.objects.filter(pk=requirement.pk).exists()
    assert outcome[0].succeeded
    api.activate_group(group)


def test_who_edits_what_another_person_changes_is_told_so(main: AccredibleAPIConfig) -> None:
    first, second = AccredibleGroup.objects.order_by("pk")[:2]

    with (
        held(lambda: api.remove_groups([first]), at="credentials_accredible_groupsnapshot"),
        pytest.raises(GroupsBusy, match="Somebody else is changing groups at present"),
    ):
        api.activate_group(second)

    assert not AccredibleGroup.objects.filter(pk=first.pk).exists()


def test_of_two_configurations_that_find_a_group_free_one_gets_it(account: Any) -> None:
    account.add_group(name="badge", course_name="Badge")
    first, second = factories.make_config(name="First"), factories.make_config(name="Second")
    outcomes: list[Any] = []

    def sync_the_second() -> None:
        outcomes.append(api.sync(second))
        connection.close()

    waiting = Thread(target=sync_the_second)
    with written(first):
        waiting.start()
        waiting.join(timeout=0.5)
        assert waiting.is_alive()
    waiting.join(timeout=60)

    assert [group.api_config for group in AccredibleGroup.objects.all()] == [first]
    assert [conflict.holder for conflict in outcomes[0].plan.conflicting] == ["First"]
