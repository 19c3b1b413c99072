"""Who delivers what was decided: after the commit, in bounded time, and never to the harm of the event."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from credentials_accredible import api, broker
from credentials_accredible.delivery import claims
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge
from demo.emulator.server import Emulator
from tests.badges.sending import badges_of, course_status, minutes
from tests.conftest import KEY, PluginSettings
from tests.delivery.outbox import (
    assert_each_once,
    credentials,
    make_badges,
    make_everything_due,
    make_remote_group,
    states,
)
from tests.factories import make_penalty, make_requirement, make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inline(account: Any, plugin_settings: PluginSettings) -> None:
    """The process that decides sends."""
    plugin_settings(DELIVERY="inline", INLINE_TIMEOUT=(1, 0.5))


@pytest.fixture
def group(account: Any) -> Any:
    """A group whose badge one passed course earns, and one that is no longer passed takes away."""
    group = make_remote_group(account)
    requirement = make_requirement(group)
    make_penalty(group, requirement)
    api.activate_group(group)
    return group


@pytest.fixture
def no_broker() -> Iterator[str]:
    """The address of a broker where nobody listens."""
    broker._silent_until.clear()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"amqp://guest:guest@127.0.0.1:{taken.getsockname()[1]}//"
    broker._silent_until.clear()


@pytest.fixture
def mute_broker() -> Iterator[str]:
    """The address of a broker that takes connections and says nothing."""
    broker._silent_until.clear()
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"amqp://guest:guest@127.0.0.1:{server.getsockname()[1]}//"
    broker._silent_until.clear()


@pytest.mark.usefixtures("inline", "group")
def test_inline_a_badge_is_at_accredible_right_after_the_event_and_expires_right_after_the_penalty(
    account: Any,
) -> None:
    course_status("ada")
    assert_each_once(account, 1)

    course_status("ada", is_passing=False, at=minutes(1))
    assert_each_once(account, 1, state="expired")


@pytest.mark.usefixtures("inline")
def test_inline_nothing_is_sent_before_the_commit_and_nothing_after_a_rollback(
    emulator: Emulator, account: Any, group: Any
) -> None:
    [badge] = make_badges(group, 1)
    with transaction.atomic():
        api.hand_over([badge])
        assert emulator.requests == []
        transaction.set_rollback(True)
    assert emulator.requests == []

    with transaction.atomic():
        api.hand_over([badge])
        assert emulator.requests == []
    assert_each_once(account, 1)


@pytest.mark.usefixtures("inline")
def test_inline_what_a_transaction_makes_due_of_one_configuration_goes_into_one_request(
    emulator: Emulator, account: Any, group: Any
) -> None:
    badges = make_badges(group, 20)

    with transaction.atomic():
        for badge in badges:
            api.hand_over([badge])

    assert [request.path for request in emulator.requests] == ["/v2/credentials/bulk_create"]
    assert_each_once(account, 20)


@pytest.mark.usefixtures("inline")
def test_inline_other_badges_that_are_due_are_left_to_the_command(account: Any, group: Any) -> None:
    make_badges(group, 5)

    course_status("ada")

    assert [item["recipient_name"] for item in credentials(account)] == ["Ada"]


@pytest.mark.usefixtures("inline", "group")
@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "hang", "seconds": 5}], ids=str)
def test_inline_an_outage_keeps_one_event_for_a_moment_and_the_others_not_at_all(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, fault: dict[str, Any]
) -> None:
    plugin_settings(DELIVERY_DELAYS=(600, 3600), INLINE_TIMEOUT=(1, 1.5))
    emulator.fault(**fault, times=None)
    began = time.monotonic()

    for number in range(50):
        course_status(f"learner-{number}")

    # 75 seconds if each of them waited.
    assert time.monotonic() - began < 30
    assert len(emulator.requests) == 1
    assert AccredibleBadge.objects.filter(next_attempt_at__isnull=False).count() == 50
    emulator.clear_faults()
    make_everything_due()
    api.deliver(AccredibleAPIConfig.objects.get())
    assert_each_once(account, 50)


@pytest.mark.usefixtures("inline")
def test_inline_after_an_outage_one_process_at_a_time_finds_out_whether_it_is_over(
    emulator: Emulator, account: Any, group: Any
) -> None:
    AccredibleAPIConfig.objects.update(outages=3, held_until="2020-01-01T00:00:00Z")
    [other] = make_badges(group, 1)
    AccredibleBadge.objects.filter(pk=other.pk).update(claim="another", next_attempt_at="2999-01-01T00:00:00Z")

    course_status("ada")
    assert emulator.requests == []

    AccredibleBadge.objects.filter(pk=other.pk).delete()
    course_status("bob")
    assert [item["recipient_name"] for item in credentials(account)] == ["Bob"]


@pytest.mark.usefixtures("inline", "group")
def test_inline_a_rate_limit_that_is_used_up_keeps_no_event_and_counts_as_no_failure(
    account: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(RATE_LIMIT=(1, 60))
    course_status("ada")
    began = time.monotonic()

    for number in range(3):
        course_status(f"learner-{number}")

    # Three minutes if each of them waited for its turn.
    assert time.monotonic() - began < 20
    assert [item["recipient_name"] for item in credentials(account)] == ["Ada"]
    config = AccredibleAPIConfig.objects.get()
    assert (config.outages, config.held_until) == (0, None)
    assert set(AccredibleBadge.objects.values_list("failures", flat=True)) == {0}


def test_manual_nothing_leaves_by_itself(emulator: Emulator, group: Any) -> None:
    course_status("ada")

    assert badges_of("ada") == [(group.name, "awarded")]
    assert emulator.requests == []


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("fixture", ["no_broker", "mute_broker"])
@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_a_broker_that_is_away_keeps_one_event_for_a_moment_and_loses_nothing(
    request: pytest.FixtureRequest, account: Any, plugin_settings: PluginSettings, fixture: str, scheme: str
) -> None:
    address = request.getfixturevalue(fixture)
    plugin_settings(BROKER_URL=address if scheme == "amqp" else address.replace("amqp", "redis", 1).rstrip("/"),
        DELIVERY="auto")  # fmt: skip
    began = time.monotonic()

    course_status("ada")
    first = time.monotonic() - began
    for number in range(20):
        course_status(f"learner-{number}")

    assert first < 10
    assert time.monotonic() - began < first + 10
    assert credentials(account) == []
    api.deliver(AccredibleAPIConfig.objects.get())
    assert_each_once(account, 21)


@pytest.mark.usefixtures("inline", "group")
def test_a_setting_that_cannot_be_used_costs_no_event(plugin_settings: PluginSettings) -> None:
    plugin_settings(DELIVERY="pigeon")

    course_status("ada")

    assert AccredibleBadge.objects.filter(state="created").count() == 1


@pytest.mark.parametrize("engine", ["inline", "manual"])
def test_a_retry_is_handed_over(account: Any, plugin_settings: PluginSettings, group: Any, engine: str) -> None:
    plugin_settings(DELIVERY=engine)
    make_badges(group, 3)

    assert api.retry_badges(AccredibleBadge.objects.all(), user=make_staff()) == 3

    assert len(credentials(account)) == (3 if engine == "inline" else 0)


def test_deliver_now_delivers_now_whatever_the_engine_and_the_hold(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, group: Any
) -> None:
    plugin_settings(INLINE_TIMEOUT=(1, 0.5), DELIVERY_DELAYS=(60, 3600))
    make_badges(group, 40)
    AccredibleAPIConfig.objects.update(outages=3, held_until="2999-01-01T00:00:00Z")

    done = api.deliver_now(AccredibleBadge.objects.all(), user=make_staff())

    # The first one finds out whether the outage is over.
    assert (done.delivered, done.failed, done.requests) == (30, 0, 2)
    assert AccredibleBadge.objects.filter(next_attempt_at__isnull=False).count() == 10

    emulator.fault("status", status=503, times=None)
    left = AccredibleBadge.objects.filter(next_attempt_at__isnull=False)
    assert api.deliver_now(left, user=make_staff()).failed == 10


def test_deliver_now_leaves_what_takes_longer_to_a_worker_and_needs_no_engine(
    account: Any, plugin_settings: PluginSettings, group: Any
) -> None:
    make_badges(group, 31)
    plugin_settings(INLINE_TIMEOUT=(1, 0.5), DELIVERY="pigeon")

    assert api.deliver_now(AccredibleBadge.objects.all(), user=make_staff()).delivered == 30
    assert AccredibleBadge.objects.filter(state="created", next_attempt_at__isnull=False).count() == 1


def test_deliver_now_within_a_transaction_waits_for_the_commit(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, group: Any
) -> None:
    plugin_settings(DELIVERY="inline", INLINE_TIMEOUT=(1, 0.5))
    make_badges(group, 2)

    with transaction.atomic():
        assert api.deliver_now(AccredibleBadge.objects.all(), user=make_staff()).delivered == 0
        assert emulator.requests == []

    assert_each_once(account, 2)


@pytest.mark.usefixtures("inline")
def test_another_key_is_followed_by_deliveries(admin_client: Any, account: Any, group: Any) -> None:
    config = group.api_config
    config.api_key = "former-key-0001"
    config.save()
    course_status("ada")
    config.refresh_from_db()
    assert config.paused_at
    page = f"/admin/credentials_accredible/accredibleapiconfig/{config.pk}/change/"

    admin_client.post(page, {"name": config.name, "environment": "emulator", "new_api_key": KEY})

    assert_each_once(account, 1)


@pytest.mark.usefixtures("inline")
def test_a_lifted_pause_is_followed_by_deliveries(account: Any, group: Any) -> None:
    make_badges(group, 3)
    AccredibleAPIConfig.objects.update(paused_at="2020-01-01T00:00:00Z", pause_reason="The key was refused.")
    assert api.deliver_now(AccredibleBadge.objects.all(), user=make_staff()).requests == 0

    api.resume_delivery(group.api_config)

    assert_each_once(account, 3)


def test_inline_a_dead_sender_does_not_keep_others_from_looking_whether_an_outage_is_over(
    account: Any, plugin_settings: PluginSettings
) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    dead = claims.claim(group.api_config_id, 1)
    # It has kept them for longer than a request takes.
    AccredibleBadge.objects.filter(claim=dead.token).update(next_attempt_at=claims.lease_end() - timedelta(seconds=100))
    AccredibleAPIConfig.objects.update(outages=1, held_until=timezone.now())
    [badge] = make_badges(group, 1)
    plugin_settings(DELIVERY="inline")

    api.hand_over([badge])

    assert states() == {"created": 1, "accepted": 1}
