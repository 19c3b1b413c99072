"""A sync loses its connection to the database, and its process lives."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleGroup, SyncRun
from tests import factories
from tests.connections import lost_at
from tests.sync.groups import add_groups

pytestmark = pytest.mark.django_db(transaction=True)


def test_whatever_statement_it_is_lost_at_no_run_stays_open_and_the_next_configuration_is_synced(account: Any) -> None:
    add_groups(account, 2)
    other, site = factories.make_config(), api.current_site()
    number, was_lost, wrong = 0, True, []
    while was_lost:
        number += 1
        AccredibleGroup.objects.all().delete()
        config = factories.make_config()
        with lost_at(number) as connection:
            outcome = api.sync(config, site=site)
            was_lost = connection.was_lost
            after = api.sync(other, site=site) if was_lost else outcome
        if SyncRun.objects.filter(lock__isnull=False).exists() or not after.succeeded:
            wrong.append((number, outcome.error, after.error))

    assert wrong == []
    assert outcome.status == RunStatus.SUCCEEDED


def test_one_that_is_lost_while_accredible_is_read_costs_nothing(account: Any) -> None:
    add_groups(account, 2)
    config, once = factories.make_config(), iter([lost_at(1)])

    with ExitStack() as stack:
        outcome = api.sync(config, progress=lambda *_: [stack.enter_context(lost) for lost in once])

    assert outcome.status == RunStatus.SUCCEEDED
    assert AccredibleGroup.objects.count() == 2
