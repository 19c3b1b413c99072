"""When nothing of a configuration is sent: while it is paused until a person acts, or held for as long as an outage."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet

from credentials_accredible import conf, database
from credentials_accredible.client import BULK_LIMIT
from credentials_accredible.delivery import policy
from credentials_accredible.environments import origin
from credentials_accredible.exceptions import RateLimited
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

log = logging.getLogger(__name__)

# So many holds in a row were no request that one badge has spoilt.
_AN_OUTAGE = 3


def allowance(config: AccredibleAPIConfig) -> int:
    """How many badges of ``config`` may be sent with the next request, as the database says.

    0 while it is paused or held. After a hold one badge finds out whether the outage is over, so that no others have
    to be searched for if it is not.
    """
    row = AccredibleAPIConfig.objects.filter(pk=config.pk).values_list("paused_at", "held_until", "outages").first()
    if row is None:
        return 0
    paused_at, held_until, outages = row
    if paused_at is not None or (held_until is not None and held_until > database.now()):
        return 0
    return 1 if outages else BULK_LIMIT


def is_kept_back(config: AccredibleAPIConfig) -> bool:
    """Whether nothing of ``config`` is sent at present, as ``config`` was read."""
    return config.paused_at is not None or (config.held_until is not None and config.held_until > database.now())


def pause(config: AccredibleAPIConfig, error: Exception) -> None:
    """Send nothing for ``config`` until its key is changed or works again, or a person lifts the pause.

    Nothing happens where the key was changed since it was read: the error is not about the new one.
    """
    current = AccredibleAPIConfig.objects.filter(pk=config.pk).first()
    if current is None or current.api_key != config.api_key:
        return
    AccredibleAPIConfig.objects.filter(pk=config.pk).update(paused_at=database.now(), pause_reason=str(error))
    log.error("delivery_paused config=%s error=%s", config.pk, type(error).__name__)


def resume(config: AccredibleAPIConfig) -> None:
    AccredibleAPIConfig.objects.filter(pk=config.pk).update(paused_at=None, pause_reason="", held_until=None, outages=0)


def look_again(config: AccredibleAPIConfig) -> None:
    """End the hold, without forgetting how long the outage has been: the next sender finds out whether it is over."""
    now = database.now()
    AccredibleAPIConfig.objects.filter(pk=config.pk, held_until__gt=now).update(held_until=now)


def hold(config: AccredibleAPIConfig, error: Exception) -> None:
    """Have all senders of ``config`` wait, longer from outage to outage.

    Senders that meet one outage at the same time count it once. Where Accredible asks to slow down, it asks the
    address: all configurations that send there wait.
    """
    row = AccredibleAPIConfig.objects.filter(pk=config.pk)
    now = database.now()
    outages = row.values_list("outages", flat=True).first() or 0
    if not row.filter(held_until__gt=now).exists():
        outages += 1
        row.update(outages=outages)
    until = now + timedelta(seconds=policy.hold(outages, error))
    held = _at_the_same_address(config) if isinstance(error, RateLimited) else row
    held.filter(Q(held_until=None) | Q(held_until__lt=until)).update(held_until=until)
    log.warning("delivery_held config=%s outages=%s error=%s", config.pk, outages, type(error).__name__)


def end_hold(config: AccredibleAPIConfig) -> None:
    """Accredible answers: nobody has to wait any more, and after an outage badges are due that waited for its end.

    A hold that is not over yet stays: the request that was answered left before the one that brought the hold about.
    """
    now = database.now()
    held = AccredibleAPIConfig.objects.filter(pk=config.pk, outages__gt=0, held_until__lte=now)
    outages = held.values_list("outages", flat=True).first()
    if outages and held.update(outages=0, held_until=None) and outages >= _AN_OUTAGE:
        # Their own delays have grown to hours meanwhile, and that they failed says nothing about them.
        AccredibleBadge.objects.filter(api_config=config).cut_delays()


def _at_the_same_address(config: AccredibleAPIConfig) -> QuerySet[AccredibleAPIConfig]:
    environments = conf.environments()
    address = origin(conf.environment(config.environment).api_url)
    keys = [key for key, environment in environments.items() if origin(environment.api_url) == address]
    return AccredibleAPIConfig.objects.filter(environment__in=keys)
