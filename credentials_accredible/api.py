"""The Python API: what the admin, the commands and other apps may call. Every door behaves as this does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from credentials_accredible import conf, events
from credentials_accredible.badges import failures, index
from credentials_accredible.badges.activation import activation_problems
from credentials_accredible.badges.delivery import outbox, pauses
from credentials_accredible.badges.delivery.outbox import DeliveryStatus
from credentials_accredible.badges.delivery.sender import Delivery, send
from credentials_accredible.badges.event import Event
from credentials_accredible.badges.processing import process
from credentials_accredible.badges.reevaluation import Reevaluation, reevaluate
from credentials_accredible.badges.simulation import Simulation, simulate
from credentials_accredible.choices import RunTrigger
from credentials_accredible.client import AccredibleClient, Issuer, Options
from credentials_accredible.exceptions import ActivationRefused, ConfigurationError, KeyUnreadable
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, FailedEvent
from credentials_accredible.secrets import Secret
from credentials_accredible.sync.apply import Consent
from credentials_accredible.sync.engine import Outcome, preview, synchronise
from credentials_accredible.sync.fetch import Progress

# Seconds that a person waits for Accredible's answer about a key.
_PATIENCE = 10.0

__all__ = [
    "Consent",
    "Delivery",
    "DeliveryStatus",
    "Outcome",
    "Progress",
    "Reevaluation",
    "Simulation",
    "activate_group",
    "activation_problems",
    "check_key",
    "current_site",
    "deactivate_group",
    "deliver",
    "delivery_status",
    "find_configs",
    "note_issuer",
    "preview",
    "process_failed_event",
    "receive_event",
    "reencrypt_keys",
    "reevaluate",
    "refuse_unearnable",
    "resume_delivery",
    "retry_badges",
    "rules_changed",
    "sample_event",
    "simulate",
    "sync",
]


def check_key(environment: str, api_key: Secret) -> Issuer:
    """Ask Accredible whose key this is: one request.

    Raises ConfigurationError for an unknown environment and RequestFailed where Accredible refuses or is not reached.
    """
    # Somebody waits for the page: one try, and a short one.
    options = replace(Options.from_settings(), attempts=1, read_timeout=_PATIENCE)
    with AccredibleClient(conf.environment(environment).api_url, api_key, options) as client:
        return client.issuer()


def note_issuer(config: AccredibleAPIConfig, issuer: Issuer) -> None:
    """Put what Accredible said of the account into ``config``, unsaved."""
    config.issuer_name = issuer.name[:255]
    config.credits_left = issuer.credits_left
    config.checked_at = timezone.now()


def find_configs(wanted: Iterable[str] = ()) -> list[AccredibleAPIConfig]:
    """The configurations of these ids or names, in that order; all, by name, where none is asked for.

    Raises ConfigurationError for one that does not exist. A name wins over an id.
    """
    by_name = {config.name: config for config in AccredibleAPIConfig.objects.all()}
    by_id = {str(config.pk): config for config in by_name.values()}
    found: dict[int, AccredibleAPIConfig] = {}
    for key in wanted:
        config = by_name.get(key) or by_id.get(key)
        if config is None:
            known = ", ".join(f"{config.name} ({pk})" for pk, config in by_id.items()) or "none"
            raise ConfigurationError(f"There is no API configuration “{key}”. Existing ones: {known}.")
        found[config.pk] = config
    return list(found.values() if wanted else by_name.values())


def current_site(request: HttpRequest | None = None) -> Site | None:
    """The site that new groups get where nobody names another; None where the host has no such site."""
    try:
        return Site.objects.get_current(request)
    except (Site.DoesNotExist, ImproperlyConfigured):
        return None


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


def activate_group(group: AccredibleGroup) -> None:
    """Let learners earn the badge of ``group``; ActivationRefused where nobody ever could."""
    with transaction.atomic():
        # First the row, for its lock: what is configured under the group stays as it is checked.
        _set_active(group, True)
        problems = activation_problems(group)
        if problems:
            raise ActivationRefused(problems)
    group.is_active = True


def deactivate_group(group: AccredibleGroup) -> None:
    """Stop learners from earning the badge of ``group``; what they have stays."""
    with transaction.atomic():
        _set_active(group, False)
    group.is_active = False


def refuse_unearnable(groups: Collection[int]) -> None:
    """Raise ActivationRefused where nobody could earn one of the active groups with these primary keys.

    Call it at the end of the transaction that has changed what is configured under them. It locks the groups, so of
    two people who change the same one at once, the second sees what the first has left.
    """
    AccredibleGroup.objects.filter(pk__in=groups).update(modified=F("modified"))
    for group in AccredibleGroup.objects.filter(pk__in=groups, is_active=True):
        problems = activation_problems(group)
        if problems:
            raise ActivationRefused(problems)


def reencrypt_keys() -> int:
    """Encrypt every stored API key with the encryption key that is first in the settings; returns how many.

    Raises KeyUnreadable, before anything is written, where one of them cannot be decrypted.
    """
    configs = [config for config in AccredibleAPIConfig.objects.all() if config.api_key]
    for config in configs:
        try:
            config.api_key = config.api_key.reencrypted()
        except KeyUnreadable as error:
            raise KeyUnreadable(f"“{config.name}”: {error}") from None
    with transaction.atomic():
        for config in configs:
            # A key that was entered meanwhile is encrypted with the first encryption key already.
            unchanged = AccredibleAPIConfig.objects.filter(pk=config.pk, modified=config.modified)
            unchanged.update(api_key=config.api_key)
    return len(configs)


def receive_event(event_type: str, payload: Mapping[str, Any], metadata: Any = None) -> None:
    """Process an event for every active group that it concerns; ``payload`` is the keyword arguments of its signal.

    ``metadata`` gives its id and its time, as EventsMetadata of openedx-events does. Raises nothing: an event that
    cannot be processed is logged and kept as a FailedEvent.
    """
    event = Event.of(event_type, payload, metadata)
    try:
        process(event)
    except Exception as error:  # whatever it is, the bus does not bring the event back
        failures.keep(event, payload, error)


def process_failed_event(failed: FailedEvent) -> bool:
    """Process a kept event again; whether that succeeded. ``failed.error`` says why it did not.

    Once it has succeeded, what the event said is forgotten, and to do it again changes nothing.
    """
    return failures.process_again(failed)


def sample_event(event_type: str) -> dict[str, str]:
    """An example text for each path of that event type, to be changed and given to ``simulate``."""
    return events.sample(event_type)


def rules_changed() -> None:
    """Tell every process that rules have changed, after bulk statements: they send no signals that would tell it.

    Call it in the same transaction. Saving a group, a requirement, a penalty or a rule does it already.
    """
    index.changed()


def deliver(config: AccredibleAPIConfig, *, limit: int | None = None) -> Delivery:
    """Send what is due of ``config`` to Accredible: first tries, retries, revocations; ``limit`` badges at most.

    Returns when nothing is due any more, or when there is a reason to wait. Call it outside of a transaction.
    """
    outbox.retry_corrected_recipients(config)
    return send(config, limit=limit)


def delivery_status() -> list[DeliveryStatus]:
    """How deliveries stand, for each configuration."""
    return outbox.status()


def retry_badges(badges: QuerySet[AccredibleBadge], *, user: Any) -> int:
    """Have ``badges`` delivered by whoever sends next, whatever went wrong before; returns for how many that holds."""
    return outbox.retry(badges, user)


def resume_delivery(config: AccredibleAPIConfig) -> None:
    """Lift the pause that a refused API key has brought about."""
    pauses.resume(config)


def _set_active(group: AccredibleGroup, active: bool) -> None:
    # The version of the rules is locked before the group, here as everywhere.
    index.changed()
    AccredibleGroup.objects.filter(pk=group.pk).update(is_active=active, modified=timezone.now())
