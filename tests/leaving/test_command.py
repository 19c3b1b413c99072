"""The command accredible_retire."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.badges.configuring import PASSES, active_group, require
from tests.badges.sending import course_status
from tests.delivery.faults import DELETING
from tests.delivery.outbox import drain, hurried, make_badges, make_foreign, make_remote_group
from tests.delivery.spoiling import change
from tests.factories import make_user

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def run(*arguments: Any) -> str:
    """What it prints."""
    out = StringIO()
    call_command("accredible_retire", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def badge(account: Any) -> AccredibleBadge:
    """A badge that is at Accredible."""
    [badge] = make_badges(make_remote_group(account), 1)
    number = make_foreign(account, badge, id=str(badge.uuid))
    change(badge, state="accepted", external_id=str(number), next_attempt_at=None)
    return badge


def test_it_says_what_was_erased_and_what_becomes_of_the_credentials(badge: AccredibleBadge) -> None:
    name = badge.user.get_username()

    said = run(name, "--at-accredible", "delete")

    assert "1 badge parted from the learner." in said
    assert "At Accredible: 1 credential still to be deleted." in said
    assert name not in said
    drain(badge.api_config)
    again = run(name)
    assert "Nothing is stored of this learner any more: nothing was changed.\n" in again
    assert "At Accredible: whatever this service has issued to them is deleted.\n" in again


def test_without_a_choice_the_credentials_stay() -> None:
    require(active_group(), PASSES)
    course_status("ada")
    assert run("ada").endswith("At Accredible: everything stays as it is.\n")


def test_what_could_not_be_done_is_told_by_the_exit_status_and_tried_again(
    emulator: Emulator, badge: AccredibleBadge
) -> None:
    emulator.fault("reply", status=403, body={"errors": "no"}, **DELETING, times=2)
    name = badge.user.get_username()
    run(name, "--at-accredible", "delete")
    api.deliver(badge.api_config)
    badge.api_config.delete()

    with pytest.raises(CommandError, match=r"^1 credential could not be deleted"):
        run(name)


def test_a_learner_whom_the_service_does_not_know_is_no_error() -> None:
    said = run("ada")
    assert "nothing was changed" in said
    assert "The service has no account of that name. If it was renamed, give --lms-user-id." in said


def test_an_account_that_was_renamed_is_found_by_its_number() -> None:
    make_user("retired__user_1", lms_user_id=7)
    assert "no account" not in run("ada", "--lms-user-id", 7)


def test_json_is_for_programs(badge: AccredibleBadge) -> None:
    [item] = json.loads(run(badge.user.get_username(), "--at-accredible", "unpublish", "--format", "json"))

    assert (item["at_accredible"], item["has_account"], item["changed"]) == ("unpublish", True, True)
    assert (item["erased"]["badges"], item["waiting"], item["failed"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["  "], "Give the learner's user name."),
        (["ada", "--lms-user-id", "0"], "must be a whole number, 1 or more"),
        (["ada", "--lms-user-id", 2**31], "must be 2147483647 at most"),
        (["ada", "--at-accredible", "burn"], "invalid choice"),
        ([], "username"),
    ],
)
def test_what_cannot_be_used_is_said(arguments: list[Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_somebody_who_was_retired_by_mistake_can_earn_badges_again() -> None:
    require(active_group(), PASSES)
    course_status("ada")
    run("ada")

    assert "Events of this learner count again." in run("ada", "--readmit")
    assert run("ada", "--readmit") == "This learner was not retired: nothing was changed.\n"

    course_status("ada")
    assert AccredibleBadge.objects.filter(user__username="ada").count() == 1
