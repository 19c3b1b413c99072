"""Open edX events in: one receiver for each event type in use; and what else is listened to."""

from __future__ import annotations

from typing import Any

import crum
from django.contrib import messages
from django.db.models.signals import pre_delete
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleGroup


def connect() -> None:
    """Listen to the event types of the setting ``EVENTS``, to changes of the rules, to removals, and to the built-in
    integration; twice is fine.

    Types that are unknown here, and a setting that cannot be used, are the business of the system checks.
    """
    api.watch_rules()
    api.watch_configs()
    pre_delete.connect(_keep_deleted, sender=AccredibleGroup, dispatch_uid="credentials_accredible.keep_deleted")
    api.watch_builtin(_tell)
    try:
        event_types = api.offered_event_types()
    except ConfigurationError:
        return
    for event_type in event_types:
        signal = OpenEdxPublicSignal.get_signal_by_type(event_type)
        signal.connect(receive_event, dispatch_uid="credentials_accredible.receive_event")


def receive_event(
    signal: OpenEdxPublicSignal, metadata: Any = None, from_event_bus: bool = False, **kwargs: Any
) -> None:
    """Process an event. Raises nothing: the bus would not bring the event back."""
    payload = {name: kwargs.get(name) for name in signal.init_data}
    api.receive_event(signal.event_type, payload, metadata, can_wait=from_event_bus)


def _keep_deleted(instance: AccredibleGroup, origin: Any = None, **_kwargs: Any) -> None:
    api.keep_deleted(instance, origin)


def _tell(sentence: str) -> None:
    """Show it to the person whose request it is about, where there is one."""
    request = crum.get_current_request()
    if request is not None:
        messages.error(request, sentence, fail_silently=True)
