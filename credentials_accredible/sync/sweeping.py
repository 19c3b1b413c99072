"""Starts the scheduled syncs that are due."""

from __future__ import annotations

from collections.abc import Iterator

from credentials_accredible.choices import RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs, schedule
from credentials_accredible.sync.changes import Outcome
from credentials_accredible.sync.engine import start_sync


def claim_due_syncs() -> Iterator[AccredibleAPIConfig]:
    """The configurations whose scheduled sync is due, each for one caller only, who then has to sync it.

    Runs whose process died are closed first.
    """
    runs.close_dead(SyncRun.objects.all())
    return schedule.claim_due()


def sweep_syncs() -> list[Outcome]:
    """Start the scheduled syncs that are due, in workers where there are any; removals stay guarded."""
    return [start_sync(config, trigger=RunTrigger.SCHEDULE) for config in claim_due_syncs()]
