"""Groups that are gone at Accredible: what goes with them, and what is asked first."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.exceptions import ConfirmationRequired, RemovalRefused
from credentials_accredible.models import (
    AccredibleBadge,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    DataRule,
    Fulfillment,
    PenaltyDataRule,
    SyncRun,
)
from demo.emulator.server import Emulator
from tests import factories
from tests.sync.groups import add_groups, ids

pytestmark = pytest.mark.django_db


def test_a_group_gone_at_accredible_goes_with_everything_but_earned_badges(account: Any) -> None:
    gone, *_others = add_groups(account, 3)
    config = factories.make_config()
    api.sync(config)
    factories.configure(config.groups.get(accredible_id=gone))
    account.remove_group(gone)

    outcome = api.sync(config)

    assert outcome.succeeded, outcome.error
    assert ids(config) == _others
    for model in (BadgeRequirement, DataRule, BadgePenalty, PenaltyDataRule, BadgeProgress, Fulfillment):
        assert not model.objects.exists(), model
    badge = AccredibleBadge.objects.get()
    assert (badge.group, badge.accredible_group_id, badge.api_config) == (None, gone, config)


def test_an_empty_list_while_groups_are_known_is_refused(emulator: Emulator, account: Any) -> None:
    known = add_groups(account, 2)
    config = factories.make_config()
    api.sync(config)
    emulator.fault("empty_list", path="/v1/issuer/groups/search", times=2)

    outcome = api.sync(config)

    assert outcome.status == RunStatus.REFUSED
    assert isinstance(outcome.reason, RemovalRefused)
    assert ids(config) == known
    assert SyncRun.objects.first().error == outcome.error  # type: ignore[union-attr]


def test_force_lets_a_large_removal_through(account: Any) -> None:
    known = add_groups(account, 5)
    config = factories.make_config()
    api.sync(config)
    for accredible_id in known[:4]:
        account.remove_group(accredible_id)

    refused = api.sync(config)
    forced = api.sync(config, consent=api.Consent(force=True))

    assert (refused.status, forced.status) == (RunStatus.REFUSED, RunStatus.SUCCEEDED)
    assert "4 of 5 groups" in refused.error
    assert ids(config) == known[4:]


def test_what_was_confirmed_is_applied(account: Any) -> None:
    known = add_groups(account, 2)
    config = factories.make_config()
    api.sync(config)
    account.remove_group(known[0])

    asked = api.sync(config, consent=api.Consent(ask=True))
    assert asked.plan is not None
    confirmed = api.sync(config, consent=api.Consent(ask=True, approved=asked.approval))

    assert isinstance(asked.reason, ConfirmationRequired)
    assert confirmed.succeeded
    assert ids(config) == known[1:]


def test_a_plan_that_changed_after_it_was_confirmed_is_not_applied(account: Any) -> None:
    known = add_groups(account, 3)
    config = factories.make_config()
    api.sync(config)
    account.remove_group(known[0])
    asked = api.sync(config, consent=api.Consent(ask=True))
    account.remove_group(known[1])
    assert asked.plan is not None

    confirmed = api.sync(config, consent=api.Consent(ask=True, approved=asked.approval))

    assert isinstance(confirmed.reason, ConfirmationRequired)
    assert confirmed.plan is not None
    assert [group.accredible_id for group in confirmed.plan.remove] == known[:2]
    assert ids(config) == known


def test_what_was_configured_after_it_was_confirmed_is_not_removed(account: Any) -> None:
    known = add_groups(account, 2)
    config = factories.make_config()
    api.sync(config)
    account.remove_group(known[0])
    asked = api.sync(config, consent=api.Consent(ask=True))
    factories.make_requirement(config.groups.get(accredible_id=known[0]))

    confirmed = api.sync(config, consent=api.Consent(ask=True, approved=asked.approval))

    assert isinstance(confirmed.reason, ConfirmationRequired)
    assert ids(config) == known


def test_a_removal_that_has_vanished_needs_no_confirmation(account: Any) -> None:
    add_groups(account, 2)
    config = factories.make_config()
    api.sync(config)

    assert api.sync(config, consent=api.Consent(ask=True, approved="of another plan")).succeeded
