"""What workers do. Messages carry no state: a task looks into the database, and can be done twice."""

from __future__ import annotations

from typing import Any

from edx_django_utils.monitoring import set_custom_attribute

from credentials_accredible import api, broker
from credentials_accredible.celery import app, is_stopping


@app.task(name=broker.DELIVER)
def deliver(config_id: int) -> None:
    api.work_off(config_id, go_on=lambda: not is_stopping())


@app.task(name=broker.SWEEP_DELIVERIES)
def sweep_deliveries() -> None:
    # On this worker's disk, because the database was away.
    api.work_off_spool()
    set_custom_attribute("accredible_swept", api.sweep_deliveries())


# Seconds. A large account takes minutes, and longer where Accredible asks to slow down; the run's own lease is another
# matter: it is kept by signs of life.
@app.task(name=broker.SYNC, soft_time_limit=3600, time_limit=3660)
def sync(run_id: int, options: dict[str, Any]) -> None:
    set_custom_attribute("accredible_run", run_id)
    api.run_queued_sync(run_id, options)


@app.task(name=broker.SWEEP_SYNCS)
def sweep_syncs() -> None:
    """Start the scheduled syncs that are due, and close those whose process died."""
    set_custom_attribute("accredible_syncs_started", len(api.sweep_syncs()))


# Without a limit: it ends, and what it has given stays, whenever it is stopped.
@app.task(name=broker.BACKFILL)
def backfill(group_id: int) -> None:
    set_custom_attribute("accredible_group", group_id)
    api.continue_backfill(group_id, go_on=lambda: not is_stopping())
