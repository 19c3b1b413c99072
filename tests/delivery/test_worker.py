"""What a worker does with its tasks, and which tasks it leaves behind; the broker is one in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from kombu import Connection
from kombu.simple import SimpleQueue

from credentials_accredible import api, broker, conf, tasks
from credentials_accredible.celery import QUEUE, app
from credentials_accredible.delivery import claims, engines
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.outbox import assert_each_once, make_badges, make_everything_due, make_remote_group, states
from tests.factories import make_config

pytestmark = pytest.mark.django_db(transaction=True)

Messages = Callable[[], list[tuple[str, Any, Any]]]


@pytest.fixture
def group(account: Any, plugin_settings: PluginSettings) -> Any:
    """A group at Accredible, whose badges wait long after a failure."""
    plugin_settings(BROKER_URL=f"memory://{uuid4().hex}/", DELIVERY="celery", DELIVERY_DELAYS=(60, 3600))
    return make_remote_group(account)


@pytest.fixture
def messages(group: Any) -> Iterator[Messages]:
    """Takes the tasks out of the broker: name, arguments, and when they are to begin."""
    assert not app.conf.task_always_eager
    with Connection(conf.broker_url()) as connection:
        queue = SimpleQueue(connection, QUEUE)

        def take() -> list[tuple[str, Any, Any]]:
            taken = []
            while queue.qsize():
                message = queue.get(timeout=1)
                taken.append((message.headers["task"], message.decode()[0], message.headers["eta"]))
                message.ack()
            return taken

        take()
        yield take
        queue.close()


def test_a_transaction_that_is_rolled_back_leaves_no_task_to_the_next_one(
    account: Any, group: Any, messages: Messages
) -> None:
    other = make_remote_group(account)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        api.hand_over(make_badges(group, 2))
        raise ZeroDivisionError

    with transaction.atomic():
        api.hand_over(make_badges(other, 2))

    assert messages() == [(broker.DELIVER, [other.api_config_id], None)]


def test_what_is_made_due_by_whoever_hears_of_a_commit_does_not_replace_what_was_committed(
    account: Any, group: Any, messages: Messages
) -> None:
    other = make_remote_group(account)
    with transaction.atomic():
        transaction.on_commit(lambda: api.hand_over(make_badges(other, 1)))
        api.hand_over(make_badges(group, 1))

    assert messages() == [(broker.DELIVER, [config], None) for config in (other.api_config_id, group.api_config_id)]


def test_a_transaction_leaves_one_task_for_each_configuration(account: Any, group: Any, messages: Messages) -> None:
    badges = [*make_badges(group, 5), *make_badges(make_remote_group(account), 3)]

    with transaction.atomic():
        for badge in badges:
            api.hand_over([badge])
        assert messages() == []

    configs = {badge.api_config_id for badge in badges}
    assert sorted(messages()) == sorted((broker.DELIVER, [config], None) for config in configs)


def test_a_task_delivers_all_that_is_due_and_leaves_nothing_behind(
    account: Any, group: Any, messages: Messages
) -> None:
    make_badges(group, 40)

    tasks.deliver(group.api_config_id)
    tasks.deliver(group.api_config_id)

    assert_each_once(account, 40)
    assert messages() == []


def test_a_task_whose_time_is_up_leaves_the_rest_to_another(
    group: Any, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_badges(group, 70)
    asked = iter([True] * 4)

    api.work_off(group.api_config_id, go_on=lambda: next(asked, False))

    assert 0 < AccredibleBadge.objects.filter(state="accepted").count() < 70
    assert not AccredibleBadge.objects.exclude(claim="").exists()
    assert messages() == [(broker.DELIVER, [group.api_config_id], None)]

    monkeypatch.setattr(engines, "_SHIFT", 0.0)
    tasks.deliver(group.api_config_id)
    assert messages() == []  # it had no time for anything: to go on would be to go on for ever


def test_an_outage_brings_one_task_for_later_however_many_there_were(
    emulator: Emulator, group: Any, messages: Messages
) -> None:
    make_badges(group, 40)
    emulator.fault("status", status=503, times=None)

    for _ in range(20):
        tasks.deliver(group.api_config_id)

    [(name, arguments, eta)] = messages()
    assert (name, arguments) == (broker.DELIVER, [group.api_config_id])
    assert eta is not None
    assert len(emulator.requests) == 1


def test_a_task_for_later_comes_when_something_is_due_by_clocks_that_are_behind_as_well(
    emulator: Emulator, group: Any, messages: Messages
) -> None:
    make_badges(group, 1)
    emulator.fault("status", status=503)

    tasks.deliver(group.api_config_id)

    [(_name, _arguments, eta)] = messages()
    [(due, held_until)] = AccredibleBadge.objects.values_list("next_attempt_at", "api_config__held_until")
    assert datetime.fromisoformat(eta) - max(due, held_until) > timedelta(seconds=0.1)


def test_what_is_due_much_later_is_left_to_the_sweep(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, group: Any, messages: Messages
) -> None:
    plugin_settings(DELIVERY_DELAYS=(3600, 7200))
    make_badges(group, 1)
    emulator.fault("status", status=503)

    tasks.deliver(group.api_config_id)
    tasks.sweep_deliveries()
    assert messages() == []

    make_everything_due()
    tasks.sweep_deliveries()
    assert messages() == [(broker.DELIVER, [group.api_config_id], None)]


def test_the_sweep_leaves_alone_what_is_paused_held_not_due_or_claimed(
    account: Any, group: Any, messages: Messages
) -> None:
    for values in (
        {"paused_at": "2020-01-01T00:00:00Z"},
        {"held_until": "2999-01-01T00:00:00Z"},
    ):
        other = make_remote_group(account)
        make_badges(other, 1)
        AccredibleAPIConfig.objects.filter(pk=other.api_config_id).update(**values)
    make_config()
    in_hand = make_remote_group(account)
    [claimed] = make_badges(in_hand, 1)
    AccredibleBadge.objects.filter(pk=claimed.pk).update(claim="another", next_attempt_at="2999-01-01T00:00:00Z")

    assert api.sweep_deliveries() == 0
    assert messages() == []

    make_badges(group, 3)
    assert api.sweep_deliveries() == 1


def test_a_sender_that_died_keeps_nothing_from_the_sweep_but_what_it_had_claimed(
    account: Any, group: Any, messages: Messages
) -> None:
    make_badges(group, 2)
    claims.claim(group.api_config_id, 2)
    make_badges(group, 3)

    assert api.sweep_deliveries() == 1
    api.work_off(group.api_config_id, go_on=lambda: True)

    assert states() == {"created": 2, "accepted": 3}


def test_the_sweep_finds_learners_whose_record_was_corrected(account: Any, group: Any, messages: Messages) -> None:
    [badge] = make_badges(group, 1)
    badge.user.email = ""
    badge.user.save()
    tasks.deliver(group.api_config_id)
    badge.user.email = "ada@example.com"
    badge.user.save()

    assert api.sweep_deliveries() == 1
    tasks.deliver(group.api_config_id)

    assert_each_once(account, 1)


def test_a_task_of_a_configuration_that_is_gone_does_nothing(messages: Messages) -> None:
    tasks.deliver(999_999)

    assert messages() == []
