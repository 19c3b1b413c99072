"""The command accredible_reconcile."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from credentials_accredible.models import AccredibleBadge
from tests.delivery.outbox import assert_each_once, drain, hurried
from tests.delivery.spoiling import (
    delivered_group,
    missing,
    published,
)
from tests.factories import make_config, make_group

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def command(*arguments: str) -> tuple[str, str]:
    """What the command prints, and the error it ends with."""
    out = StringIO()
    try:
        call_command("accredible_reconcile", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_the_command_says_what_differs_and_repairs_what_is_asked_for(account: Any) -> None:
    group = delivered_group(account)
    config = group.api_config
    lost, hidden, _fine = AccredibleBadge.objects.order_by("pk")
    missing(account, lost)
    published(account, hidden)

    out, error = command()
    assert f"{config.name}: 3 badges and 2 credentials compared: 1 missing, 1 published." in out
    assert f"badge {lost.uuid}, group {group.accredible_id}, credential {lost.external_id}\n" in out
    assert error == "1 of 1 configuration needs a person."
    out, error = command("--repair", "--dry-run")
    assert ": would be repaired" in out
    out, error = command("--repair")
    assert out.count(": repaired") == 1
    assert error
    out, error = command("--repair", "missing", "--format", "json")
    assert error == ""
    [result] = json.loads(out)
    assert result["name"] == config.name
    assert result["findings"] == [
        {
            "kind": "missing",
            "badge": str(lost.uuid),
            "group": group.accredible_id,
            "credential": lost.external_id,
            "repair": "done",
            "kept": None,
        }
    ]
    assert "(1 in delivery, left alone)" in command("--repair", "all")[0]
    drain(config)
    assert command() == (f"{config.name}: 3 badges and 3 credentials compared: no difference.\n", "")
    assert_each_once(account, 3)


def test_one_configuration_that_fails_does_not_stop_the_others(account: Any) -> None:
    group = delivered_group(account)
    make_group(make_config("Broken", key="wrong-key-0001"))

    out, error = command()

    assert "Broken: not compared: Accredible refused the API key" in out
    assert f"{group.api_config.name}: 3 badges and 3 credentials compared: no difference." in out
    assert error == "1 of 2 configurations need a person."
    assert command("--config", group.api_config.name)[1] == ""


def test_kinds_that_do_not_exist_are_refused(account: Any) -> None:
    assert "unknown" in command("--repair", "unknown")[1]
    assert "nobody" in command("--config", "nobody")[1]
    assert "bogus" in command("--ignore", "bogus")[1]
