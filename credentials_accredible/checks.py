"""System checks of the settings, and of what the host has.

E001  a setting cannot be used
E002  a worker is to deliver badges, and there is no broker to reach it through
W001  a setting that does not exist, misspelled most likely
W002  an event type that is not known
W003  an event type that does not say which learner it is about
W004  workers that do not keep the rate limit together
W005  a badge can be sent again while the first request is still under way
W006  events that wait on this machine's disk
W007  data of the host's built-in integration that was not taken over; with ``--database``, and before ``migrate``
W008  no event of a learner can come in through the event bus
W009  the public signals of badges do not go out to the event bus
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credentials_accredible import api, conf
from credentials_accredible.choices import Delivery, Revocation
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.host.event_bus import incoming_doubts, outgoing_doubts

_ID = "credentials_accredible."

_EVENTS = f"{conf.SETTING}['EVENTS']"
_DELIVERY = f"{conf.SETTING}['DELIVERY']"
_LATE = f"{conf.SETTING}['LATE_ANSWER_MINUTES']"
_BROKER = f"{conf.SETTING}['BROKER_URL']"

# What reads a setting for use. The client's options find one unusable setting at a time, and name it themselves.
_READINGS: dict[str, Callable[[], object]] = {
    f"{conf.SETTING}['ENVIRONMENTS']": conf.environments,
    f"{conf.SETTING}['ENCRYPTION_KEYS']": lambda: api.Secret(plain="tried").encrypted(),
    _EVENTS: conf.event_types,
    f"{conf.SETTING}['IGNORED_KEYPATHS']": api.ignored_keypaths,
    f"{conf.SETTING}['MAX_REMOVAL_RATIO']": partial(conf.number, "MAX_REMOVAL_RATIO", least=0, most=1),
    f"{conf.SETTING}['SYNC_LEASE']": partial(conf.number, "SYNC_LEASE", least=10),
    f"{conf.SETTING}['RULES_RECHECK']": partial(conf.number, "RULES_RECHECK", least=0),
    f"{conf.SETTING}['LATE_EVENT_DAYS']": partial(conf.number, "LATE_EVENT_DAYS", least=0),
    **{
        f"{conf.SETTING}['{name}']": partial(conf.days, name)
        for name in ("SNAPSHOT_DAYS", "RUN_DAYS", "BADGE_LOG_DAYS", "HISTORY_DAYS", "FAILED_EVENT_DAYS")
    },
    **{
        f"{conf.SETTING}['{name}']": partial(conf.flag, name)
        for name in ("ADOPT_FOREIGN", "SEND_GROUP_NAME", "MAIL_FAILED_SYNCS")
    },
    f"{conf.SETTING}['DATABASE_PATIENCE']": partial(conf.number, "DATABASE_PATIENCE", least=0),
    f"{conf.SETTING}['EVENT_SPOOL']": api.spooled_events,
    f"{conf.SETTING}['REVOCATION']": partial(conf.choice, "REVOCATION", among=Revocation.values),
    _DELIVERY: partial(conf.choice, "DELIVERY", among=Delivery.values),
    _BROKER: conf.broker_url,
    f"{conf.SETTING}['INLINE_TIMEOUT']": partial(conf.pair, "INLINE_TIMEOUT"),
    f"{conf.SETTING}['DELIVERY_LEASE']": conf.delivery_lease,
    _LATE: partial(conf.number, "LATE_ANSWER_MINUTES", least=0),
    f"{conf.SETTING}['DELIVERY_DELAYS']": partial(conf.pair, "DELIVERY_DELAYS"),
    f"{conf.SETTING}['DELIVERY_DAYS']": partial(conf.number, "DELIVERY_DAYS", least=0),
    f"{conf.SETTING}['UNPUBLISHED_RECHECK']": partial(conf.number, "UNPUBLISHED_RECHECK", least=1),
    f"{conf.SETTING}['REPLACE_BUILTIN']": conf.replace_builtin,
    f"{conf.SETTING}['REST_THROTTLE']": partial(conf.rate, "REST_THROTTLE"),
    conf.SETTING: api.ClientOptions.from_settings,
}


@register(Tags.compatibility)
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Whatever is wrong with ``CREDENTIALS_ACCREDIBLE``: an error where something could not work, else a warning.

    Event types get warnings only: one that is misspelled costs its own badges, not the start of the service.
    """
    objection = _objection(conf.SETTING, conf.unknown_names)
    if objection:
        return [_unusable(objection)]
    objections = {where: _objection(where, reading) for where, reading in _READINGS.items()}
    found: list[CheckMessage] = [_unusable(text) for text in dict.fromkeys(objections.values()) if text]
    found += _unknown_names()
    if not objections[f"{conf.SETTING}['EVENT_SPOOL']"]:
        found += _spooled_events()
    if not objections[_DELIVERY] and not objections[_BROKER]:
        found += _missing_broker()
        found += _unshared_limit()
    if not any(objections.values()):
        found += _impatience()
    if not objections[_EVENTS]:
        found += _unfit_event_types()
    return found


@register(Tags.database)
def check_builtin(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """What the host's built-in integration has for itself, where that decides whose pages are shown.

    Asked of the database, and so only where Django is told to check databases.
    """
    if not databases or _objection(conf.SETTING, conf.replace_builtin) or conf.replace_builtin() is not None:
        return []
    left = api.left_in_builtin()
    hint = _(
        "Or decide it yourself: %(setting)s['REPLACE_BUILTIN'] = True shows the pages of credentials-accredible."
    ) % {"setting": conf.SETTING}
    return [Warning(str(left), hint=hint, id=f"{_ID}W007")] if left else []


@register(Tags.compatibility)
def check_event_bus(**_kwargs: Any) -> list[CheckMessage]:
    """What keeps events from coming in, and the signals of badges from going out, as far as this service knows it."""
    coming = _("Set it as the LMS has it, and run consume_events; see “The event bus” in the plugin's documentation.")
    going = _(
        "Enable both for a topic in EVENT_BUS_PRODUCER_CONFIG, with “badge.uuid” as event_key_field. "
        "If no other service listens to them, nobody misses them: silence this check with "
        "SILENCED_SYSTEM_CHECKS."
    )
    return [
        *(Warning(doubt, hint=coming, id=f"{_ID}W008") for doubt in incoming_doubts()),
        *(Warning(doubt, hint=going, id=f"{_ID}W009") for doubt in outgoing_doubts()),
    ]


def _objection(where: str, reading: Callable[[], object]) -> str | None:
    try:
        reading()
    except ConfigurationError as error:
        return str(error)
    except Exception as error:  # a value nobody thought of must not keep the other checks from running
        return _("%(where)s cannot be used: %(name)s while reading it.") % {
            "where": where,
            "name": type(error).__name__,
        }
    return None


def _unusable(message: str) -> CheckMessage:
    return Error(
        message,
        hint=_("Correct or remove it in %(setting)s; every setting has a default.") % {"setting": conf.SETTING},
        id=f"{_ID}E001",
    )


def _unknown_names() -> Iterator[CheckMessage]:
    for name in conf.unknown_names():
        yield Warning(
            _("%(setting)s['%(name)s'] is not a setting, and has no effect.") % {"setting": conf.SETTING, "name": name},
            hint=_("Correct its spelling, or remove it."),
            id=f"{_ID}W001",
        )


def _spooled_events() -> Iterator[CheckMessage]:
    if count := api.spooled_events():
        yield Warning(
            ngettext(
                "%(count)s event waits on this machine's disk, because the database did not take it.",
                "%(count)s events wait on this machine's disk, because the database did not take them.",
                count,
            )
            % {"count": count},
            hint=_(
                "The next event that gets through processes them, and so does accredible_deliver. Where they "
                "stay, the log says why: events_stay_spooled, spooled_event_unreadable."
            ),
            id=f"{_ID}W006",
        )


def _missing_broker() -> Iterator[CheckMessage]:
    if conf.get("DELIVERY") == Delivery.CELERY and not conf.broker_url():
        yield Error(
            _("%(delivery)s is “celery”, but no broker is configured: no badge would leave by itself.")
            % {"delivery": _DELIVERY},
            hint=_("Set %(broker)s, or CELERY_BROKER_URL, to the address of RabbitMQ or Redis; or remove %(delivery)s.")
            % {"broker": _BROKER, "delivery": _DELIVERY},
            id=f"{_ID}E002",
        )


def _unshared_limit() -> Iterator[CheckMessage]:
    by_workers = conf.get("DELIVERY") in {Delivery.CELERY, Delivery.AUTO} and conf.broker_url()
    if by_workers and not conf.get("REDIS_URL") and conf.get("RATE_LIMIT_SHARES") == 1:
        yield Warning(
            _("Workers deliver, and each of their processes takes the whole rate limit of Accredible for itself."),
            hint=_(
                "Set %(setting)s['REDIS_URL'], so that they keep it together; or "
                "%(setting)s['RATE_LIMIT_SHARES'] to the number of processes that send."
            )
            % {"setting": conf.SETTING},
            id=f"{_ID}W004",
        )


def _impatience() -> Iterator[CheckMessage]:
    _name, longest = conf.longest_request()
    if conf.number("LATE_ANSWER_MINUTES", least=0) * 60 <= longest:
        yield Warning(
            _(
                "%(late)s is not more than the %(longest)s seconds that are waited for a reply: a badge can "
                "be sent again while Accredible is still working on it, and learners get two."
            )
            % {"late": _LATE, "longest": f"{longest:g}"},
            hint=_("Raise %(late)s to minutes, or lower the time-outs.") % {"late": _LATE},
            id=f"{_ID}W005",
        )


def _unfit_event_types() -> Iterator[CheckMessage]:
    where = _("%(events)s, or in BADGES_CONFIG['events'] where that one is not set") % {"events": _EVENTS}
    for event_type in conf.event_types():
        if not api.is_known_event_type(event_type):
            yield Warning(
                _("There is no event type “%(event_type)s”: requirements for it are never fulfilled.")
                % {"event_type": event_type},
                hint=_(
                    "Correct or remove it in %(where)s. An event type of another package is known once the "
                    "module that defines its signal is imported when the service starts."
                )
                % {"where": where},
                id=f"{_ID}W002",
            )
        elif not api.carries_user(event_type):
            yield Warning(
                _(
                    "Events of the type “%(event_type)s” hold no UserData, so nobody knows which learner they "
                    "are about: requirements for it are never fulfilled."
                )
                % {"event_type": event_type},
                hint=_("Remove it in %(where)s.") % {"where": where},
                id=f"{_ID}W003",
            )
