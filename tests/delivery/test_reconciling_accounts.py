"""What an account holds beside the credentials of our badges, and what a key does not show."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.delivery.outbox import credentials, drain, hurried, make_badges, make_remote_group
from tests.delivery.spoiling import (
    LONG_AGO,
    change,
    delivered_group,
    kinds,
    missing,
    rows,
    there,
)
from tests.emulator.api import Api, made
from tests.factories import make_badge, make_config, make_group

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def test_credentials_that_no_badge_stands_for_are_reported_and_left_alone(emulator: Emulator, account: Any) -> None:
    group = delivered_group(account)
    other = account.add_group(name="not imported")["id"]
    with Api(emulator.url, KEY) as client:
        stranger = made(client.create(group.accredible_id, "eve@example.org", "Eve"))
        made(client.create(other, "eve@example.org", "Eve"))
    before = credentials(account)

    result = api.reconcile(group.api_config, repairs=api.RECORDED | api.DELIVERED)

    [finding] = result.findings
    assert (finding.kind, finding.badge, finding.credential) == ("unknown", None, stranger["id"])
    assert finding.needs_a_person
    assert credentials(account) == before
    assert not api.reconcile(group.api_config, ignore=["unknown"]).needs_a_person


def test_a_credential_that_was_adopted_is_known_by_accredibles_id(account: Any) -> None:
    group = delivered_group(account)
    there(account, AccredibleBadge.objects.earliest("pk")).license_id = "made-by-hand"

    assert kinds(api.reconcile(group.api_config)) == []


def test_badges_of_a_group_that_is_gone_here_are_compared(account: Any) -> None:
    group = delivered_group(account)
    config = group.api_config
    missing(account, AccredibleBadge.objects.earliest("pk"))
    group.delete()

    assert kinds(api.reconcile(config)) == ["missing"]


def test_a_badge_whose_configuration_is_gone_stands_for_its_credential(account: Any) -> None:
    group = delivered_group(account, 2)
    AccredibleBadge.objects.update(api_config=None)

    assert kinds(api.reconcile(group.api_config)) == []


def test_a_second_credential_of_a_badge_is_a_double_until_it_is_expired(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    with Api(emulator.url, KEY) as client:
        second = made(client.create(group.accredible_id, "ada@example.org", id=str(badge.uuid)))

    [finding] = api.reconcile(group.api_config).findings
    assert (finding.kind, finding.badge, finding.credential) == ("double", badge.uuid, second["id"])
    account.credential_by_id[int(second["id"])].expired_on = LONG_AGO
    assert kinds(api.reconcile(group.api_config)) == []


def test_another_address_is_a_remark_and_no_personal_data(account: Any) -> None:
    group = delivered_group(account)
    badge = AccredibleBadge.objects.earliest("pk")
    there(account, badge).recipient["email"] = "former@example.org"

    result = api.reconcile(group.api_config)

    assert kinds(result) == ["recipient"]
    assert not result.needs_a_person
    assert "former@example.org" not in repr(result.findings)


def test_what_the_search_does_not_show_is_asked_for_before_it_counts_as_missing(
    emulator: Emulator, account: Any
) -> None:
    group = delivered_group(account)
    emulator.fault("reply", path="/v2/credentials/search", body={"credentials": [], "meta": {"count": 0}})

    assert kinds(api.reconcile(group.api_config)) == []


def test_a_search_that_shows_too_little_is_an_error(
    emulator: Emulator, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credentials_accredible.delivery.reconciling._MOST_SURPRISES", 5)
    group = delivered_group(account, 7)
    emulator.fault("reply", path="/v2/credentials/search", body={"credentials": [], "meta": {"count": 0}})

    assert "does not show more than 5 credentials" in api.reconcile(group.api_config).error


def test_another_configuration_is_untouched(emulator: Emulator, account: Any) -> None:
    group = delivered_group(account)
    emulator.add_account(key="other-key-0001")
    other = make_group(make_config(key="other-key-0001"), accredible_id=group.accredible_id)
    lost = make_badge(other)
    change(lost, state="accepted", external_id="4711", next_attempt_at=None)
    before = rows()

    assert kinds(api.reconcile(group.api_config, repairs=api.RECORDED | api.DELIVERED)) == []
    assert rows() == before


def test_a_department_key_does_not_make_badges_of_other_departments_missing(emulator: Emulator, account: Any) -> None:
    group = delivered_group(account)
    account.add_departments(2)
    account.add_key("department-key-1", account.departments[1])
    visible = account.add_group(name="seen", department_id=account.departments[1])
    config = group.api_config
    config.api_key = "department-key-1"
    config.save()
    seen = make_badge(make_group(config, accredible_id=visible["id"]))
    drain(config)
    missing(account, seen)
    before = rows()
    requests = len(emulator.requests)

    result = api.reconcile(config, repairs=[*api.RECORDED])

    assert sorted(kinds(result)) == ["missing", "out_of_sight", "out_of_sight", "out_of_sight"]
    assert rows() == before
    asked = [request.path for request in emulator.requests][requests:]
    assert len([path for path in asked if path.startswith("/v1/issuer/groups/")]) == 2
    api.reconcile(config, repairs=api.DELIVERED)
    drain(config)
    assert sorted(kinds(api.reconcile(config))) == ["out_of_sight"] * 3


def test_a_strangers_word_that_the_key_sees_a_group_is_not_believed(emulator: Emulator, account: Any) -> None:
    group = delivered_group(account)
    missing(account, AccredibleBadge.objects.earliest("pk"))
    emulator.fault("reply", path="/v1/issuer/groups/", method="GET", body={"status": "ok"}, times=None)

    result = api.reconcile(group.api_config, repairs=api.DELIVERED)

    assert "makes no sense" in result.error
    assert result.findings == []
