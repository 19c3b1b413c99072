"""Who brings badges to Accredible once they are due: a worker, this process with one quick try, or the command."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _

from credentials_accredible import broker, conf, database
from credentials_accredible.choices import Delivery as Engine
from credentials_accredible.client import BULK_LIMIT, ClientOptions
from credentials_accredible.delivery import outbox, pauses
from credentials_accredible.delivery.claims import others_at_work
from credentials_accredible.delivery.sender import Delivery, retry_corrected_recipients, send
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

log = logging.getLogger(__name__)

# Seconds that a request of a quick try waits for its turn below the rate limit.
_LONGEST_WAIT = 1.0
# Seconds after which a task ends, so that the others in the queue get their turn.
_SHIFT = 60.0
# Seconds. What is due later than that is found by the next sweep: brokers are no place for messages that wait.
_LONGEST_COUNTDOWN = 300.0
# Seconds that a task for later comes later still. Clocks differ, those of hosts and what processes know of the
# database's: one that came too early would find nothing due, and end.
_CLOCKS_DIFFER = 0.2


def delivery_engine() -> Engine:
    """The setting ``DELIVERY``, and what ``auto`` stands for; ConfigurationError where it cannot be used."""
    chosen = Engine(conf.choice("DELIVERY", Engine.values))
    if chosen is Engine.AUTO:
        return Engine.CELERY if conf.broker_url() else Engine.INLINE
    if chosen is Engine.CELERY and not conf.broker_url():
        raise ConfigurationError(
            _(
                "%(setting)s['DELIVERY'] is 'celery', but there is no broker: set %(setting)s['BROKER_URL'] "
                "or CELERY_BROKER_URL."
            )
            % {"setting": conf.SETTING}
        )
    return chosen


def hand_over(badges: Iterable[AccredibleBadge]) -> None:
    """Have ``badges``, which have just become due, delivered in the way of the setting ``DELIVERY``.

    That begins once the transaction around it is committed, once for each configuration, and never raises anything into
    it. Badges without a configuration are left alone. Awarding and revoking do this by themselves.
    """
    by_config = _by_config(badges)
    if by_config:
        _after_commit(by_config)


def hand_over_due(config: AccredibleAPIConfig) -> None:
    """The same for everything that is due of ``config``."""
    _after_commit({config.pk: []})


def retry_badges(badges: QuerySet[AccredibleBadge], *, user: Any) -> int:
    """Make ``badges`` due, whatever went wrong before, and hand them over; returns for how many that holds."""
    due = outbox.retry(badges, user)
    hand_over(due)
    return len(due)


def resume_delivery(config: AccredibleAPIConfig) -> None:
    """Lift the pause that a refused API key has brought about, and hand over what has become due meanwhile."""
    pauses.resume(config)
    hand_over_due(config)


def deliver_now(badges: QuerySet[AccredibleBadge], *, user: Any) -> Delivery:
    """Make ``badges`` due, and try to deliver them here and now, whatever ``DELIVERY`` says and Accredible did before.

    Takes some seconds per configuration at most: what is not reached in that time is due, and left to the worker or the
    command. Returns what came of those that were tried. Nothing of a paused configuration is sent. Within a transaction
    nothing is sent either: they are handed over.
    """
    due = outbox.retry(badges, user)
    done = Delivery()
    if connections[database.alias()].in_atomic_block:
        hand_over(due)
        return done
    for config_id, uuids in _by_config(due).items():
        # A hold is no obstacle: somebody wants to know whether it is over.
        here = _try_now(config_id, uuids, despite_hold=True)
        done += here
        if here.delivered + here.failed < len(uuids) and _have_workers():
            broker.publish(broker.DELIVER, config_id)
    return done


def work_off(config_id: int, *, go_on: Callable[[], bool]) -> None:
    """Do a worker's share of delivering what is due of that configuration: for a minute, or until ``go_on`` says no.

    What is left then, or is to be tried again soon, is put into the broker as another task. Call it outside of a
    transaction.
    """
    config = AccredibleAPIConfig.objects.filter(pk=config_id).first()
    if config is None:
        return
    end = monotonic() + _SHIFT
    done = send(config, go_on=lambda: go_on() and monotonic() < end)
    seconds = _seconds_until_next(config_id, done, stopped=not go_on())
    if seconds is not None:
        broker.publish(broker.DELIVER, config_id, countdown=seconds or None)


def sweep_deliveries() -> int:
    """Put a task into the broker for each configuration that has something due; returns for how many.

    That includes badges whose learner's record was corrected.
    """
    AccredibleBadge.objects.give_up_orphans()
    now = database.now()
    free = AccredibleAPIConfig.objects.filter(Q(held_until=None) | Q(held_until__lte=now), paused_at=None)
    count = 0
    for config in free:
        retry_corrected_recipients(config)
        is_due = AccredibleBadge.objects.filter(api_config=config).due().exists()
        if is_due and broker.publish(broker.DELIVER, config.pk):
            count += 1
    return count


class _HandOver:
    """What a transaction has made due, by configuration: called after its commit, it is handed over.

    What a savepoint leaves here that was rolled back does no harm: what is sent is decided by the database.
    """

    def __init__(self) -> None:
        self._badges: dict[int, dict[UUID, None]] = {}

    def add(self, config_id: int, *uuids: UUID) -> None:
        badges = self._badges.setdefault(config_id, {})
        badges |= dict.fromkeys(uuids)
        while len(badges) > BULK_LIMIT:  # as many as one request takes; the next sender finds the others
            del badges[next(iter(badges))]

    def __call__(self) -> None:
        for config_id, badges in self._badges.items():
            try:
                _hand_over(config_id, list(badges))
            except Exception as error:  # the decision is made, and the next sender finds it
                log.error("hand_over_failed config=%s error=%s", config_id, type(error).__name__)


class _Latest(threading.local):
    """The latest one of this thread; whether its transaction is still under way, the connection knows."""

    hand_over: _HandOver | None = None


_latest = _Latest()


def _after_commit(badges: Mapping[int, Sequence[UUID]]) -> None:
    using = database.alias()
    latest = _latest.hand_over
    # It is gone from there once its transaction was committed or rolled back.
    is_waiting = latest is not None and any(latest in hook for hook in connections[using].run_on_commit)
    current = latest if latest is not None and is_waiting else _HandOver()
    for config_id, uuids in badges.items():
        current.add(config_id, *uuids)
    if not is_waiting:
        _latest.hand_over = current
        transaction.on_commit(current, using=using)


def _hand_over(config_id: int, badges: Sequence[UUID]) -> None:
    """``badges`` empty: whatever is due."""
    chosen = delivery_engine()
    if chosen is Engine.CELERY:
        broker.publish(broker.DELIVER, config_id)
    elif chosen is Engine.INLINE:
        _try_now(config_id, badges)


def _try_now(config_id: int, uuids: Sequence[UUID], *, despite_hold: bool = False) -> Delivery:
    """Send those of the badges with these UUIDs that are due, of the configuration: as many as go into one request.

    ``uuids`` empty: any that are due. Takes ``INLINE_TIMEOUT`` and a second, and about twice as long where one badge
    takes several requests. ``despite_hold``: try it even while all senders wait for an outage to end.
    """
    config = AccredibleAPIConfig.objects.filter(pk=config_id).first()
    if config is None:
        return Delivery()
    if despite_hold:
        pauses.look_again(config)
    elif config.outages and others_at_work(config.pk):
        # The hold is over, or about to be: one process at a time finds out.
        return Delivery()
    connect_timeout, read_timeout = conf.pair("INLINE_TIMEOUT")
    options = replace(
        ClientOptions.from_settings(),
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        longest_wait=_LONGEST_WAIT,
    )
    end = monotonic() + connect_timeout + read_timeout
    few = uuids[:BULK_LIMIT]
    return send(
        config,
        limit=len(few) or BULK_LIMIT,
        only=few or None,
        options=options,
        go_on=lambda: monotonic() < end,
    )


def _by_config(badges: Iterable[AccredibleBadge]) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = {}
    for badge in badges:
        if badge.api_config_id is not None:
            found.setdefault(badge.api_config_id, []).append(badge.uuid)
    return found


def _have_workers() -> bool:
    try:
        return delivery_engine() is Engine.CELERY
    except ConfigurationError:  # what was sent is sent
        return False


def _seconds_until_next(config_id: int, done: Delivery, *, stopped: bool) -> float | None:
    """When to go on, None where that is left to others.

    Each task that has tried something in vain leaves one behind for later, and one that has found others at work, or
    nothing to be done, none: their number does not grow.
    """
    config = AccredibleAPIConfig.objects.filter(pk=config_id, paused_at=None).first()
    free = AccredibleBadge.objects.filter(api_config=config_id, claim="")
    next_attempt_at = free.aggregate(first=Min("next_attempt_at"))["first"]
    if config is None or next_attempt_at is None:
        return None
    now = database.now()
    seconds = (max(next_attempt_at, config.held_until or now) - now) / timedelta(seconds=1)
    if seconds <= 0:
        worked = done.delivered or done.failed or stopped
        return 0.0 if worked and not others_at_work(config_id) else None
    return seconds + _CLOCKS_DIFFER if done.failed and seconds <= _LONGEST_COUNTDOWN else None
