"""What was taken over is given back, all of it, as long as nothing was decided here since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    AdoptedRow,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    DataRule,
    Fulfillment,
)
from demo.builtin import models as there
from tests.adoption import builtin
from tests.adoption.running import adopt, everything, report, report_of_refusal
from tests.badges.sending import OTHER, course_status
from tests.factories import COURSE, make_config, make_group, make_requirement, make_staff

pytestmark = pytest.mark.django_db


def test_all_is_as_it_was(academy: Any) -> None:
    builtin.badge(there.AccredibleGroup.objects.get(), "bob", credential_id=499)
    before = everything()

    adopt()
    out = adopt("--undo")

    assert everything() == before
    assert "given back" in out
    assert "The built-in integration issues its badge again." in out


def test_a_dry_run_gives_nothing_back(academy: Any) -> None:
    adopt()
    before = everything()

    [config] = report("--undo", "--dry-run")

    assert config["way"] == "undone"
    assert everything() == before


def test_it_can_be_taken_over_again(academy: Any) -> None:
    adopt()
    adopt("--undo")

    assert "taken over" in adopt()
    assert AccredibleGroup.objects.get().is_active


def test_a_group_that_was_here_before_stays_as_it_was(academy: Any) -> None:
    group = make_group(make_config("Mine"), accredible_id=501)
    adopt()

    adopt("--undo")

    group.refresh_from_db()
    assert not group.is_active
    assert AccredibleAPIConfig.objects.get().name == "Mine"
    for model in (BadgeRequirement, BadgePenalty, BadgeProgress, Fulfillment, AccredibleBadge, AdoptedRow):
        assert not model.objects.exists(), model
    assert there.AccredibleGroup.objects.get().is_active


def test_what_was_not_active_there_is_not_active_afterwards(academy: Any) -> None:
    there.AccredibleGroup.objects.update(is_active=False)
    adopt()

    adopt("--undo")

    assert not there.AccredibleGroup.objects.get().is_active


def test_a_configuration_that_has_other_groups_stays(academy: Any) -> None:
    adopt()
    other = make_group(AccredibleAPIConfig.objects.get())

    out = adopt("--undo")

    assert AccredibleGroup.objects.get() == other
    assert "“Academy” stays: it has other groups or badges." in out


def earn() -> None:
    course_status("bob", OTHER)


def lose() -> None:
    course_status("bob", COURSE, is_passing=False)


def pass_again() -> None:
    course_status("ada", COURSE)


def begin() -> None:
    course_status("new", COURSE)


def fail_early() -> None:
    course_status("eve", COURSE, is_passing=False)


def configure() -> None:
    make_requirement(AccredibleGroup.objects.get(accredible_id=501), blend="C")


def change_a_value() -> None:
    DataRule.objects.filter(requirement__group__accredible_id=501, data_path="is_passing").update(value="false")


def revoke() -> None:
    api.revoke_badges(AccredibleBadge.objects.all(), reason="Cheated.", user=make_staff())


def remove() -> None:
    api.remove_groups(AccredibleGroup.objects.filter(accredible_id=501))


@pytest.mark.parametrize(
    ("decide", "words"),
    [
        (earn, "Badges were awarded here since."),
        (lose, "progress of learners"),
        (pass_again, "Events have changed the progress of learners here since."),
        (begin, "Events have changed the progress of learners here since."),
        (fail_early, "Events have brought penalties here since."),
        (configure, "were changed here since"),
        (change_a_value, "were changed here since"),
        (revoke, "Badges were revoked"),
        (remove, "It was removed here since."),
    ],
)
def test_nothing_is_given_back_where_something_was_decided_since(
    academy: Any, decide: Callable[[], None], words: str
) -> None:
    # Another group, of which nothing is decided.
    builtin.requirement(builtin.group(academy, pk=502, is_active=False))
    adopt()
    decide()
    before = everything()

    [config] = report_of_refusal("--undo")

    assert everything() == before
    reasons = {group["accredible_id"]: group["reason"] for group in config["groups"]}
    assert words in reasons[501]
    assert {config["way"], *(group["way"] for group in config["groups"])} <= {"kept", "refused"}
    with pytest.raises(CommandError, match="Nothing was given back"):
        adopt("--undo")


def test_what_was_never_taken_over_is_nothing_to_give_back(academy: Any) -> None:
    assert "It was not taken over." in adopt("--undo")
