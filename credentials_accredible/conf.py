"""Reads the settings of the plugin, and says what is wrong with one that cannot be used.

Operators write one dict, ``CREDENTIALS_ACCREDIBLE``, with the names they want to change. It is merged over the
defaults whenever a setting is read, because the host replaces whole top-level names when it reads the operator's
YAML, long after the plugin's settings hook ran.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.utils.translation import gettext as _

from credentials_accredible.defaults import DEFAULT_EVENTS, DEFAULTS
from credentials_accredible.environments import BUILT_IN, Environment, made
from credentials_accredible.exceptions import ConfigurationError

SETTING = "CREDENTIALS_ACCREDIBLE"

_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|sec|m|min|h|hour|d|day)")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.]*://")
_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}


def get(name: str) -> Any:
    """The value of setting ``name`` as the operator wrote it, else its default.

    Raises ConfigurationError where ``CREDENTIALS_ACCREDIBLE`` is not a dict, KeyError for a name that does not exist.
    """
    default = DEFAULTS[name]
    return _written().get(name, default)


def unknown_names() -> list[str]:
    """Names in the operator's dict that no setting has; misspelled, most likely."""
    return sorted(str(name) for name in _written() if name not in DEFAULTS)


def number(name: str, *, least: float, most: float | None = None) -> float:
    """Setting ``name`` as a number within ``least`` and ``most``; ConfigurationError names the setting otherwise."""
    return _number(get(name), name, least, most)


def integer(name: str, *, least: int, most: int | None = None) -> int:
    """Setting ``name`` as a whole number within ``least`` and ``most``; ConfigurationError otherwise."""
    value = number(name, least=least, most=most)
    if value != int(value):
        raise ConfigurationError(
            _("%(setting)s['%(name)s'] must be a whole number, not %(value)s.")
            % {"setting": SETTING, "name": name, "value": value}
        )
    return int(value)


def days(name: str) -> float | None:
    """Setting ``name`` as the days that something is kept, None for ever; ConfigurationError otherwise."""
    return None if get(name) is None else number(name, least=0)


def flag(name: str) -> bool:
    """Setting ``name``, True or False; ConfigurationError for anything else, so that "no" does not count as yes."""
    value = get(name)
    if not isinstance(value, bool):
        raise ConfigurationError(
            _("%(setting)s['%(name)s'] must be True or False, not %(value)s.")
            % {"setting": SETTING, "name": name, "value": f"{value!r}"}
        )
    return value


def choice(name: str, among: Collection[str]) -> str:
    """Setting ``name``, one of the texts ``among``; ConfigurationError names the setting and what it can be."""
    value = get(name)
    if not isinstance(value, str) or value not in among:
        raise ConfigurationError(
            _("%(setting)s['%(name)s'] must be one of %(among)s, not %(value)s.")
            % {"setting": SETTING, "name": name, "among": ", ".join(among), "value": f"{value!r}"}
        )
    return value


def pair(name: str) -> tuple[float, float]:
    """Setting ``name`` as two positive numbers; ConfigurationError names the setting otherwise."""
    value = get(name)
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ConfigurationError(
            _("%(setting)s['%(name)s'] must be two numbers, as %(defaults)s.")
            % {"setting": SETTING, "name": name, "defaults": list(DEFAULTS[name])}
        )
    first, second = (_number(item, name, 0.001, None) for item in value)
    return first, second


def rate(name: str) -> tuple[int, int] | None:
    """Setting ``name`` as a number of things and the seconds they may happen in; None where there is no limit.

    Raises ConfigurationError where it is neither None nor a text as ``120/min``.
    """
    value = get(name)
    if value is None:
        return None
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ConfigurationError(
            _(
                "%(setting)s['%(name)s'] must be a text like %(defaults)s, per s, min, hour or day, or None, "
                "not %(value)s."
            )
            % {"setting": SETTING, "name": name, "defaults": f"{DEFAULTS[name]!r}", "value": f"{value!r}"}
        )
    return int(found[1]), _SECONDS[found[2][0]]


def delivery_lease() -> float:
    """Setting ``DELIVERY_LEASE``; ConfigurationError where a request could outlast it."""
    lease = number("DELIVERY_LEASE", least=10)
    name, longest = longest_request()
    if lease <= longest:
        raise ConfigurationError(
            _(
                "%(setting)s['DELIVERY_LEASE'] must be more than the %(longest)s seconds that a request can "
                "take, the sum of %(setting)s['%(name)s']."
            )
            % {"setting": SETTING, "longest": f"{longest:g}", "name": name}
        )
    return lease


def longest_request() -> tuple[str, float]:
    """Which setting lets a request of a delivery take longest, and how many seconds; ConfigurationError as ``pair``."""
    return max(((name, sum(pair(name))) for name in ("REQUEST_TIMEOUT", "INLINE_TIMEOUT")), key=lambda item: item[1])


def event_spool() -> Path:
    """The directory of the events that wait on disk, which exists only while some do; see ``EVENT_SPOOL``.

    Raises ConfigurationError where it is no path, or where there is no home directory for the default.
    """
    written = get("EVENT_SPOOL")
    try:
        return Path(written or Path.home() / ".local/state/credentials-accredible") / "events"
    except (TypeError, RuntimeError):
        raise ConfigurationError(
            _("%(setting)s['EVENT_SPOOL'] must be the path of a directory.") % {"setting": SETTING}
        ) from None


def broker_url() -> str | None:
    """The address of the workers' message broker, None where there is none; ConfigurationError where it cannot be one.

    The setting ``BROKER_URL``, or else Django's setting ``CELERY_BROKER_URL``.
    """
    written = get("BROKER_URL") or getattr(django_settings, "CELERY_BROKER_URL", None)
    if not written:
        return None
    if not isinstance(written, str) or not _ADDRESS.match(written):
        # It may hold a password: it is not repeated.
        raise ConfigurationError(
            _(
                "%(setting)s['BROKER_URL'], or else CELERY_BROKER_URL, must be an address, as "
                "amqp://user@host// or redis://host:6379/0."
            )
            % {"setting": SETTING}
        )
    return written


def environments() -> dict[str, Environment]:
    """All environments by key, the built-in ones first.

    Raises ConfigurationError for an entry without an address, or with one that would send API keys in the clear.
    """
    written = get("ENVIRONMENTS")
    if not isinstance(written, Mapping):
        raise ConfigurationError(_("%(setting)s['ENVIRONMENTS'] must be a dict of dicts.") % {"setting": SETTING})
    entries = {**BUILT_IN, **written}
    return {key: made(key, entry, f"{SETTING}['ENVIRONMENTS']['{key}']") for key, entry in entries.items()}


def environment(key: str) -> Environment:
    """The environment of that key; ConfigurationError names the setting where there is none."""
    known = environments()
    if key not in known:
        raise ConfigurationError(
            _(
                "There is no Accredible environment “%(key)s”: add it to %(setting)s['ENVIRONMENTS'], or "
                "choose one of %(known)s."
            )
            % {"key": key, "setting": SETTING, "known": ", ".join(known)}
        )
    return known[key]


def event_types() -> list[str]:
    """The event types in use, without repeats, in the order written. Unknown ones are a system check's business."""
    written = get("EVENTS")
    if written is None:
        host = getattr(django_settings, "BADGES_CONFIG", None)
        written = host.get("events") if isinstance(host, Mapping) else None
    if written is None:
        written = DEFAULT_EVENTS
    if not isinstance(written, (list, tuple, set)) or not all(isinstance(item, str) for item in written):
        raise ConfigurationError(_("%(setting)s['EVENTS'] must be a list of event types.") % {"setting": SETTING})
    return list(dict.fromkeys(written))


def replace_builtin() -> bool | None:
    """Whether the plugin's pages replace those of the host's built-in integration; None: the data decides.

    Raises ConfigurationError where ``REPLACE_BUILTIN`` is neither ``auto`` nor True nor False.
    """
    value = get("REPLACE_BUILTIN")
    if value == "auto" or isinstance(value, bool):
        return None if value == "auto" else value
    raise ConfigurationError(
        _("%(setting)s['REPLACE_BUILTIN'] must be “auto”, True or False, not %(value)s.")
        % {"setting": SETTING, "value": f"{value!r}"}
    )


def _written() -> Mapping[str, Any]:
    written = getattr(django_settings, SETTING, None) or {}
    if not isinstance(written, Mapping):
        raise ConfigurationError(
            _("%(setting)s must be a dict, not %(name)s.") % {"setting": SETTING, "name": type(written).__name__}
        )
    return written


def _number(value: Any, name: str, least: float, most: float | None) -> float:
    valid = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) and value >= least
    if not valid or (most is not None and value > most):
        words = (
            _("%(setting)s['%(name)s'] must be a number at least %(least)s, not %(value)s.")
            if most is None
            else _("%(setting)s['%(name)s'] must be a number from %(least)s to %(most)s, not %(value)s.")
        )
        given = {"setting": SETTING, "name": name, "value": repr(value), "least": f"{least:g}"}
        raise ConfigurationError(words % (given if most is None else {**given, "most": f"{most:g}"}))
    return float(value)
