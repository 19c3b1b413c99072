"""A configuration is deleted and added again: badges belong to the group at Accredible, and so they are still there."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from demo.emulator.server import Emulator
from tests.badges.sending import course_status, minutes
from tests.conftest import KEY
from tests.delivery.outbox import assert_each_once, credentials, drain, hurried, make_badges, make_remote_group, states
from tests.factories import make_config, make_penalty, make_requirement, make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def make_rules(group: AccredibleGroup) -> AccredibleGroup:
    """A passed course earns its badge, and one that is no longer passed takes it away."""
    make_penalty(group, make_requirement(group))
    api.activate_group(group)
    return group


def add_again(environment: str = "emulator") -> AccredibleAPIConfig:
    """Delete all configurations, add one for the account, and sync its groups."""
    AccredibleAPIConfig.objects.all().delete()
    config = make_config("Again", environment=environment)
    assert api.sync(config).succeeded
    return config


def test_nobody_gets_a_second_badge_and_a_penalty_expires_the_one_they_have(account: Any) -> None:
    group = make_rules(make_remote_group(account, allow_duplicates=True))
    course_status("learner")
    drain(group.api_config)
    config = add_again()
    make_rules(config.groups.get())

    course_status("learner", at=minutes(5))
    drain(config)

    assert_each_once(account, 1)
    course_status("learner", is_passing=False, at=minutes(10))
    drain(config)
    assert states() == {"expired": 1}
    assert credentials(account)[0]["expired_on"]
    assert api.reconcile(config).findings == []


def test_what_was_not_delivered_is_delivered_after_the_sync(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)
    emulator.fault("cut_after", path="/v2/credentials/bulk_create")
    api.deliver(group.api_config, limit=3)

    config = add_again()
    drain(config)

    assert_each_once(account, 3)
    assert set(AccredibleBadge.objects.values_list("api_config", "group")) == {(config.pk, config.groups.get().pk)}


def test_a_renamed_group_is_the_same_group(account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    AccredibleBadge.objects.update(group_name="As it was called before")

    config = add_again()

    assert AccredibleBadge.objects.get().api_config == config


def test_the_same_number_in_another_environment_is_another_group(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    other = emulator.add_account(key=KEY, environment="eu")
    other.add_group(id=group.accredible_id, name=group.internal_name, course_name=group.name)

    add_again("eu")

    badge = AccredibleBadge.objects.get()
    assert (badge.api_config, badge.group, badge.state) == (None, None, "error")
    assert api.retry_badges(AccredibleBadge.objects.all(), user=make_staff()) == 0


def test_reconciling_tells_a_second_badge_of_earlier_days(account: Any) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    [old] = make_badges(group, 1)
    drain(group.api_config)
    AccredibleAPIConfig.objects.all().delete()
    config = make_config("Again")
    assert api.sync(config).succeeded
    AccredibleBadge.objects.update(api_config=None)
    [new] = make_badges(config.groups.get(), 1)
    AccredibleBadge.objects.filter(pk=new.pk).update(user=old.user, next_attempt_at=timezone.now())
    drain(config)

    found = api.reconcile(config).findings

    assert [(finding.kind, finding.badge) for finding in found] == [("double", old.uuid)]
