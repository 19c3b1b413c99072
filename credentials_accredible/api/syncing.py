"""Making the groups of a configuration those of its account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.contrib.sites.models import Site
from django.db import OperationalError
from django.db.models import Q

from credentials_accredible.api.accounts import current_site
from credentials_accredible.choices import RunTrigger
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import background, runs, schedule
from credentials_accredible.sync.apply import Consent
from credentials_accredible.sync.engine import Outcome, synchronise
from credentials_accredible.sync.fetch import Progress

log = logging.getLogger(__name__)


def sync(
    config: AccredibleAPIConfig,
    *,
    trigger: str = RunTrigger.API,
    user: Any = None,
    site: Site | None = None,
    consent: Consent | None = None,
    refresh_icons: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Make the groups of ``config`` those of its account; see ``sync.engine.synchronise``.

    ``site`` None: the current one. Call it outside of a transaction: Accredible is asked meanwhile.
    """
    return synchronise(
        config,
        trigger=trigger,
        user=user,
        site=site or current_site(),
        consent=consent,
        refresh_icons=refresh_icons,
        progress=progress,
    )


def start_sync(
    config: AccredibleAPIConfig,
    *,
    trigger: str = RunTrigger.API,
    user: Any = None,
    site: Site | None = None,
    consent: Consent | None = None,
    refresh_icons: bool = False,
) -> Outcome:
    """As ``sync``, by a worker where there is one.

    The outcome is *queued* then, and its run says how far it has come and how it ended. Where no broker is
    configured, or where it is out of reach, the sync is done before this returns. Call it outside of a transaction.
    """
    return background.start(
        config, trigger=trigger, user=user, site=site or current_site(), consent=consent, refresh_icons=refresh_icons
    )


def run_queued_sync(run_id: int, options: dict[str, Any]) -> Outcome | None:
    """Carry out a sync that ``start_sync`` has queued: for workers. None where another one has done it, or does.

    ``options`` are those of the message. Call it outside of a transaction.
    """
    return background.carry_on(run_id, options)


def schedule_sync(config: AccredibleAPIConfig) -> None:
    """Put into ``config``, unsaved, when its next scheduled sync is, after ``sync_interval`` has changed."""
    schedule.plan_next(config)


def claim_due_syncs() -> Iterator[AccredibleAPIConfig]:
    """The configurations whose scheduled sync is due, each for one caller only, who then has to sync it.

    Runs whose process died are closed first.
    """
    runs.close_dead(SyncRun.objects.all())
    return schedule.claim_due()


def sweep_syncs() -> list[Outcome]:
    """Start the scheduled syncs that are due, in workers where there are any; removals stay guarded."""
    return [start_sync(config, trigger=RunTrigger.SCHEDULE) for config in claim_due_syncs()]


def close_dead_runs() -> int:
    """Close the runs that are open, but that nobody works on any more; returns how many.

    Whoever shows runs calls it first. It costs a query, and writes nothing where no run has died.
    """
    try:
        # An open run holds the lock of its configuration, unless that was deleted meanwhile.
        return runs.close_dead(SyncRun.objects.filter(Q(lock__isnull=False) | Q(api_config=None)))
    except (ConfigurationError, OperationalError) as error:
        # A lease that cannot be used is told by the system check, and a database that is busy will have time later:
        # pages open all the same.
        log.warning("dead_runs_not_closed error=%s", type(error).__name__)
        return 0
