"""Who brings badges to Accredible once they are due: a worker, this process with one quick try, or the command."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connections, router, transaction

from credentials_accredible import broker, conf
from credentials_accredible.badges.delivery import inline
from credentials_accredible.badges.delivery.sender import Delivery
from credentials_accredible.choices import Delivery as Engine
from credentials_accredible.client import BULK_LIMIT
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

log = logging.getLogger(__name__)


class _HandOver:
    """What a transaction has made due, by configuration: called after its commit, it is handed over.

    What a savepoint leaves here that was rolled back does no harm: what is sent is decided by the database.
    """

    def __init__(self) -> None:
        self._badges: dict[int, dict[UUID, None]] = {}

    def add(self, config_id: int, *uuids: UUID) -> None:
        badges = self._badges.setdefault(config_id, {})
        badges |= dict.fromkeys(uuids)
        while len(badges) > BULK_LIMIT:  # as many as one request takes; whoever sends next finds the others
            del badges[next(iter(badges))]

    def __call__(self) -> None:
        for config_id, badges in self._badges.items():
            try:
                _hand_over(config_id, badges)
            except Exception as error:  # the decision is made, and whoever sends next finds it
                log.error("hand_over_failed config=%s error=%s", config_id, type(error).__name__)


class _Latest(threading.local):
    """The latest one of this thread; whether its transaction is still under way, the connection knows."""

    hand_over: _HandOver | None = None


_latest = _Latest()


def engine() -> Engine:
    """The setting ``DELIVERY``, and what ``auto`` stands for; ConfigurationError where it cannot be used."""
    chosen = Engine(conf.choice("DELIVERY", Engine.values))
    if chosen is Engine.AUTO:
        return Engine.CELERY if broker.is_configured() else Engine.INLINE
    if chosen is Engine.CELERY and not broker.is_configured():
        raise ConfigurationError(
            f"{conf.SETTING}['DELIVERY'] is 'celery', but there is no broker: set {conf.SETTING}['BROKER_URL'] or "
            "CELERY_BROKER_URL."
        )
    return chosen


def hand_over(badges: Iterable[AccredibleBadge]) -> None:
    """Have ``badges``, which are due, delivered once the transaction is committed; once for each configuration.

    Badges without a configuration are left alone. Nothing that goes wrong after the commit is raised into it.
    """
    by_config = _by_config(badges)
    if by_config:
        _after_commit(by_config)


def hand_over_due(config: AccredibleAPIConfig) -> None:
    """The same for whatever is due of ``config``."""
    _after_commit({config.pk: []})


def deliver_now(badges: Iterable[AccredibleBadge]) -> Delivery:
    """Try ``badges``, which are due, in this process, whichever engine there is; what is left over goes to a worker.

    A hold is no obstacle: somebody wants to know whether it is over. Within a transaction they are handed over only.
    """
    badges = list(badges)
    done = Delivery()
    if connections[router.db_for_write(AccredibleBadge)].in_atomic_block:
        hand_over(badges)
        return done
    for config_id, uuids in _by_config(badges).items():
        here = inline.try_now(config_id, uuids, despite_hold=True)
        done += here
        if here.delivered + here.failed < len(uuids) and _have_workers():
            broker.publish(broker.DELIVER, config_id)
    return done


def _by_config(badges: Iterable[AccredibleBadge]) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = {}
    for badge in badges:
        if badge.api_config_id is not None:
            found.setdefault(badge.api_config_id, []).append(badge.uuid)
    return found


def _have_workers() -> bool:
    try:
        return engine() is Engine.CELERY
    except ConfigurationError:  # what was sent is sent
        return False


def _after_commit(badges: Mapping[int, Sequence[UUID]]) -> None:
    using = router.db_for_write(AccredibleBadge)
    latest = _latest.hand_over
    # It is gone from there once its transaction was committed or rolled back.
    is_waiting = latest is not None and any(latest in hook for hook in connections[using].run_on_commit)
    current = latest if latest is not None and is_waiting else _HandOver()
    for config_id, uuids in badges.items():
        current.add(config_id, *uuids)
    if not is_waiting:
        _latest.hand_over = current
        transaction.on_commit(current, using=using)


def _hand_over(config_id: int, badges: dict[UUID, None]) -> None:
    chosen = engine()
    if chosen is Engine.CELERY:
        broker.publish(broker.DELIVER, config_id)
    elif chosen is Engine.INLINE:
        inline.try_now(config_id, list(badges) or None)
