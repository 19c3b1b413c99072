"""The service's side of the event bus: what is missing in its settings for events to come in and to go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext as _

_CONSUMER = "EVENT_BUS_CONSUMER"
_PRODUCER = "EVENT_BUS_PRODUCER"
_REDIS = "EVENT_BUS_REDIS_CONNECTION_URL"
_REDIS_PACKAGE = "edx_event_bus_redis"
# The service's own default of that address, which only its development stack has.
_NOWHERE = "edx.devstack.redis"
_SIGNALS = ("org.openedx.learning.badge.awarded.v1", "org.openedx.learning.badge.revoked.v1")


def incoming_doubts() -> list[str]:
    """Why no event can come in, a sentence each; none where the host knows nothing of an event bus."""
    if not apps.is_installed("openedx_events"):
        return []
    return list(_doubts(_CONSUMER))


def outgoing_doubts() -> list[str]:
    """Why the public signals of badges do not go out, though somebody wants them to; a sentence each.

    They are wanted where one of them is enabled, or where the badges of the service are: its own entry for them then
    looks as if they were, and was computed before the operator's settings were read.
    """
    if not apps.is_installed("openedx_events"):
        return []
    enabled = [event_type for event_type in _SIGNALS if _is_enabled(event_type)]
    if not enabled and not getattr(settings, "BADGES_ENABLED", False):
        return []
    missing = [event_type for event_type in _SIGNALS if event_type not in enabled]
    if missing:
        names = (
            _("%(first)s and %(second)s") % {"first": missing[0], "second": missing[1]} if missing[1:] else missing[0]
        )
        return [
            _("%(names)s: not sent to the event bus, as no topic of EVENT_BUS_PRODUCER_CONFIG has it enabled.")
            % {"names": names}
        ]
    return list(_doubts(_PRODUCER))


def _doubts(name: str) -> Iterator[str]:
    incoming = name == _CONSUMER
    path = getattr(settings, name, None)
    package = path.partition(".")[0] if isinstance(path, str) else ""
    if not package:
        yield _unset(name, incoming=incoming)
    elif find_spec(package) is None:
        words = (
            _(
                "%(name)s is in the package “%(package)s”, which is not installed, so nothing reads the event bus, and "
                "no event of a learner comes in."
            )
            if incoming
            else _(
                "%(name)s is in the package “%(package)s”, which is not installed, so the signals of badges do not go "
                "to the event bus."
            )
        )
        yield words % {"name": name, "package": package}
    elif package == _REDIS_PACKAGE:
        # It can hold a password: it is not repeated.
        address = getattr(settings, _REDIS, None)
        if not address:
            yield _unset(_REDIS, incoming=incoming)
        elif not settings.DEBUG and isinstance(address, str) and urlsplit(address).hostname == _NOWHERE:
            words = (
                _(
                    "%(name)s is the default of the development stack, so nothing reads the event bus, and no event of "
                    "a learner comes in."
                )
                if incoming
                else _(
                    "%(name)s is the default of the development stack, so the signals of badges do not go to the event "
                    "bus."
                )
            )
            yield words % {"name": _REDIS}


def _unset(name: str, *, incoming: bool) -> str:
    words = (
        _("%(name)s is not set, so nothing reads the event bus, and no event of a learner comes in.")
        if incoming
        else _("%(name)s is not set, so the signals of badges do not go to the event bus.")
    )
    return words % {"name": name}


def _is_enabled(event_type: str) -> bool:
    written: Any = getattr(settings, "EVENT_BUS_PRODUCER_CONFIG", None)
    topics = written.get(event_type) if isinstance(written, Mapping) else None
    entries = topics.values() if isinstance(topics, Mapping) else ()
    return any(isinstance(entry, Mapping) and entry.get("enabled") is True for entry in entries)
