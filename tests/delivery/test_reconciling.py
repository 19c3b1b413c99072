"""Badges are compared with what Accredible has of them, and repaired where somebody asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry
from tests.delivery.outbox import assert_each_once, credentials, drain, hurried, make_badges
from tests.delivery.spoiling import (
    DELIVERED,
    RECORDED,
    Spoil,
    change,
    delivered_group,
    kinds,
    missing,
    rows,
    there,
)
from tests.factories import make_badge

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def test_what_agrees_is_no_finding(account: Any) -> None:
    group = delivered_group(account, 5)
    revoked_one = AccredibleBadge.objects.earliest("pk")
    change(revoked_one, status="revoked", next_attempt_at=timezone.now())
    make_badges(group, 1)
    drain(group.api_config)

    result = api.reconcile(group.api_config)

    assert (kinds(result), result.badges, result.credentials, result.in_flight) == ([], 6, 6, 0)
    assert not result.needs_a_person


@pytest.mark.parametrize(("spoil", "kind"), RECORDED + DELIVERED)
def test_differences_are_found_and_nothing_is_written(account: Any, spoil: Spoil, kind: str) -> None:
    group = delivered_group(account)
    badge = AccredibleBadge.objects.earliest("pk")
    spoil(account, badge)
    before, there_before = rows(), credentials(account)

    for arguments in ({}, {"repairs": api.RECORDED | api.DELIVERED, "dry_run": True}):
        result = api.reconcile(group.api_config, **arguments)

        [finding] = result.findings
        assert (finding.kind, finding.badge, finding.group) == (kind, badge.uuid, group.accredible_id)
        assert finding.repair == ("planned" if arguments else "")
        assert result.needs_a_person == (not arguments)
        assert (rows(), credentials(account)) == (before, there_before)


@pytest.mark.parametrize(("spoil", "kind"), RECORDED)
def test_what_is_so_at_accredible_is_recorded(account: Any, spoil: Spoil, kind: str) -> None:
    group = delivered_group(account)
    badge = AccredibleBadge.objects.earliest("pk")
    url = badge.url
    spoil(account, badge)
    there_before = credentials(account)

    result = api.reconcile(group.api_config, repairs=api.RECORDED)

    assert [finding.repair for finding in result.findings] == ["done"]
    assert not result.needs_a_person
    assert credentials(account) == there_before
    assert kinds(api.reconcile(group.api_config)) == []
    badge.refresh_from_db()
    assert (badge.problem, badge.last_error, badge.next_attempt_at, badge.claim) == ("", "", None, "")
    assert badge.state == ("accepted" if badge.status == "awarded" else "expired")
    assert badge.url == url
    assert badge.log.latest("pk").detail.startswith("Reconciled: ")


@pytest.mark.parametrize(("spoil", "kind"), DELIVERED)
def test_what_was_decided_here_is_delivered_only_where_it_is_named(account: Any, spoil: Spoil, kind: str) -> None:
    group = delivered_group(account)
    badge = AccredibleBadge.objects.earliest("pk")
    spoil(account, badge)
    before = rows()
    api.reconcile(group.api_config, repairs=api.RECORDED)
    assert rows() == before

    result = api.reconcile(group.api_config, repairs=api.DELIVERED)
    assert [finding.repair for finding in result.findings] == ["done"]
    assert kinds(api.reconcile(group.api_config, repairs=api.DELIVERED)) == []
    assert BadgeLogEntry.objects.filter(badge=badge, detail__startswith="Reconciled: ").exists()
    drain(group.api_config)

    assert kinds(api.reconcile(group.api_config)) == []
    badge.refresh_from_db()
    credential = there(account, badge)
    is_valid = credential.approve and not credential.is_expired
    assert (badge.status == "awarded", badge.state == "accepted") == (is_valid, is_valid)
    assert len(account.credential_by_id) == 3


def test_two_reconciliations_at_once_issue_a_missing_badge_once(account: Any) -> None:
    group = delivered_group(account, 40)
    account.credential_by_id.clear()

    for _ in range(2):
        api.reconcile(group.api_config, repairs=api.DELIVERED)
        api.deliver(group.api_config, limit=7)
    drain(group.api_config)

    assert_each_once(account, 40)


def test_a_badge_that_was_changed_since_it_was_compared_is_left_alone(
    account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = delivered_group(account)
    badge = AccredibleBadge.objects.earliest("pk")
    missing(account, badge)
    looked_up = AccredibleClient.credential

    def revoked_meanwhile(client: Any, number: str) -> Any:
        change(badge, status="revoked")
        return looked_up(client, number)

    monkeypatch.setattr(AccredibleClient, "credential", revoked_meanwhile)
    [finding] = api.reconcile(group.api_config, repairs=api.DELIVERED).findings

    assert (finding.kind, finding.repair, finding.needs_a_person) == ("missing", "overtaken", True)
    badge.refresh_from_db()
    assert (badge.status, badge.state) == ("revoked", "accepted")


@pytest.mark.parametrize(
    "values",
    [
        {"state": "no_response", "external_id": "", "next_attempt_at": "2099-01-01T00:00:00Z", "claim": "somebody"},
        {"state": "no_response", "external_id": "", "next_attempt_at": "2020-01-01T00:00:00Z"},
        {"state": "created", "external_id": "", "next_attempt_at": "2020-01-01T00:00:00Z"},
        {"status": "revoked", "next_attempt_at": "2020-01-01T00:00:00Z"},
        {"claim": "somebody", "next_attempt_at": "2099-01-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_badges_in_delivery_are_left_alone(account: Any, values: dict[str, Any], is_there: bool) -> None:
    group = delivered_group(account)
    badge = AccredibleBadge.objects.earliest("pk")
    if not is_there:
        missing(account, badge)
    change(badge, **values)
    before = rows()

    result = api.reconcile(group.api_config, repairs=api.RECORDED | api.DELIVERED)

    assert (kinds(result), result.in_flight) == ([], 1)
    assert rows() == before


def test_a_badge_that_was_never_accepted_is_not_missing(account: Any) -> None:
    group = delivered_group(account, 1)
    refused = make_badge(group)
    change(refused, state="error", problem="recipient", next_attempt_at=None)

    assert kinds(api.reconcile(group.api_config)) == []
