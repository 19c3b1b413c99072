"""Events of learners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credentials_accredible import events
from credentials_accredible.badges import failures
from credentials_accredible.badges.event import Event
from credentials_accredible.badges.processing import process
from credentials_accredible.models import FailedEvent


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
