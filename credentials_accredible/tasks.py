"""What workers do. Messages carry no state: a task looks into the database, and can be done twice."""

from __future__ import annotations

from edx_django_utils.monitoring import set_custom_attribute

from credentials_accredible import api, broker
from credentials_accredible.celery import app, is_stopping


@app.task(name=broker.DELIVER)
def deliver(config_id: int) -> None:
    """Deliver what is due of a configuration, for a while."""
    set_custom_attribute("accredible_config", config_id)
    api.work_off(config_id, go_on=lambda: not is_stopping())


@app.task(name=broker.SWEEP_DELIVERIES)
def sweep_deliveries() -> None:
    """Have each configuration looked at that has something due."""
    set_custom_attribute("accredible_swept", api.sweep_deliveries())
