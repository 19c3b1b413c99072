"""Badges that were taken over, at Accredible: none is issued twice, and their addresses are read there."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from credentials_accredible.models import AccredibleBadge
from demo.builtin import models as there
from demo.emulator.server import Emulator
from tests.adoption import builtin
from tests.adoption.conftest import point_at
from tests.adoption.running import adopt
from tests.delivery.outbox import credentials, make_foreign
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(account: Any, settings: Any) -> Any:
    """A group of the built-in integration that allows learners more than one credential."""
    point_at(settings)
    remote = account.add_group(name="diver", course_name="Diver", allow_duplicates=True)
    group = builtin.group(builtin.account(), pk=remote["id"], name="Diver")
    builtin.requirement(group)
    for name in ("ada", "bob"):
        make_user(name)
    return group


def issued(account: Any, group: Any, name: str, **values: Any) -> int:
    """What the built-in integration has issued at Accredible; its number there."""
    user = get_user_model().objects.get(username=name)
    return make_foreign(account, AccredibleBadge(user=user, accredible_group_id=group.pk), **values)


def deliver() -> None:
    call_command("accredible_deliver", stdout=StringIO())


def test_one_whose_answer_was_lost_there_is_found_by_its_address_and_issued_once(account: Any, group: Any) -> None:
    number = issued(account, group, "ada")
    for name in ("ada", "bob"):
        builtin.badge(group, name, external_id=None, state="error")
    adopt()

    deliver()

    ada, bob = AccredibleBadge.objects.order_by("user__username")
    assert (ada.state, ada.external_id) == ("accepted", str(number))
    assert bob.state == "accepted"
    assert len(credentials(account)) == 2


def test_the_address_of_a_credential_is_read_at_accredible(account: Any, group: Any) -> None:
    number = issued(account, group, "ada")
    builtin.badge(group, "ada", external_id=number)
    adopt()
    assert AccredibleBadge.objects.get().url == ""

    deliver()

    badge = AccredibleBadge.objects.get()
    assert (badge.state, badge.external_id, badge.next_attempt_at) == ("accepted", str(number), None)
    assert badge.url
    assert len(credentials(account)) == 1


def test_an_outage_while_it_is_read_costs_nothing(emulator: Emulator, account: Any, group: Any) -> None:
    builtin.badge(group, "ada", external_id=issued(account, group, "ada"))
    adopt()
    emulator.fault("status", status=503, path="/v1/credentials", times=1)

    deliver()
    badge = AccredibleBadge.objects.get()
    assert (badge.state, badge.url) == ("accepted", "")
    assert badge.next_attempt_at
    AccredibleBadge.objects.update(next_attempt_at=badge.modified)
    badge.api_config.__class__.objects.update(held_until=None)
    deliver()

    assert AccredibleBadge.objects.get().url


def test_a_credential_that_is_gone_leaves_the_badge_as_it_is(account: Any, group: Any) -> None:
    builtin.badge(group, "ada", external_id=999_999_999)
    adopt()

    deliver()

    badge = AccredibleBadge.objects.get()
    assert (badge.status, badge.state, badge.next_attempt_at) == ("awarded", "accepted", None)
    assert there.AccredibleBadge.objects.exists()
