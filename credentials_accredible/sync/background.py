"""Synchronisations that a worker carries out, and in this process where there is none."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib.sites.models import Site

from credentials_accredible import broker
from credentials_accredible.choices import RunStatus
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs
from credentials_accredible.sync.apply import Consent
from credentials_accredible.sync.engine import Outcome, carry_out, open_run, synchronise


def start(
    config: AccredibleAPIConfig,
    *,
    trigger: str,
    user: Any = None,
    site: Site | None = None,
    consent: Consent | None = None,
    refresh_icons: bool = False,
) -> Outcome:
    """Have a worker synchronise ``config``: *queued*; where the broker is out of reach or not there, do it here.

    The run is there, and holds the lock, before the message is sent: whoever gets it takes the run over, once.
    """
    consent = consent or Consent()
    try:
        in_background = broker.is_configured()
    except ConfigurationError as error:
        return Outcome(config, RunStatus.FAILED, str(error), reason=error)
    if not in_background:
        return synchronise(config, trigger=trigger, user=user, site=site, consent=consent, refresh_icons=refresh_icons)
    queued = open_run(runs.queue, config, trigger=trigger, user=user)
    if queued.run is None or not queued.is_queued:
        return queued
    options = {"site": site.pk if site else None, "consent": asdict(consent), "refresh_icons": refresh_icons}
    if broker.publish(broker.SYNC, queued.run.pk, options):
        return queued
    # A broker that took the message and could not say so has given it to a worker: then the run is that one's.
    return carry_on(queued.run.pk, options) or queued


def carry_on(pk: int, options: dict[str, Any]) -> Outcome | None:
    """Carry out the queued run of this primary key in this process; None where it is not queued any more.

    A message that comes again finds the run taken, or done. It does not take it over from a process that died: what
    killed one worker could kill the next. The run is closed then, and the next sync begins anew.
    """
    consent = Consent(**options["consent"])
    run = runs.take(pk)
    if run is None:
        runs.close_dead(SyncRun.objects.filter(pk=pk))
        return None
    config = run.api_config
    if config is None:
        words = f"“{run.config_name}” was deleted meanwhile."
        runs.finish(run, RunStatus.FAILED, error=words)
        return Outcome(AccredibleAPIConfig(name=run.config_name), RunStatus.FAILED, words, run=run)
    site = Site.objects.filter(pk=options["site"]).first()
    return carry_out(run, config, site=site, consent=consent, refresh_icons=options["refresh_icons"])
