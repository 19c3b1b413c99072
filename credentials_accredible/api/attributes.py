"""Custom attributes of credentials: what can be mapped, and what is wrong with a mapping."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.badges.accounts import open_client
from credentials_accredible.badges.attribute_validation import attribute_problem
from credentials_accredible.client import AttributeKey, Options
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup


def attribute_keys(config: AccredibleAPIConfig) -> list[AttributeKey]:
    """The attribute keys of the account of ``config``, read from Accredible with one quick try.

    Raises ConfigurationError where its key or the settings cannot be used, and RequestFailed where Accredible refuses
    or is not reached. Call it outside of a transaction.
    """
    connect_timeout, read_timeout = conf.pair("INLINE_TIMEOUT")
    # Somebody waits for the page.
    options = replace(
        Options.from_settings(),
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        attempts=1,
        longest_wait=1.0,
    )
    with open_client(config, options) as client:
        return client.attribute_keys()


def attribute_doubts(group: AccredibleGroup) -> list[str]:
    """Which mapped attributes of ``group`` can never have a value, a sentence each; none of them keeps it from being
    earned."""
    event_types = set(group.requirements.order_by().values_list("event_type", flat=True))
    found = ((item, attribute_problem(item.source, item.value, event_types)) for item in group.custom_attributes.all())
    text = _("The custom attribute “%(name)s” stays empty: %(problem)s")
    return [text % {"name": item.name, "problem": problem} for item, problem in found if problem]


def unknown_attributes(group: AccredibleGroup) -> list[str]:
    """The names of mapped attributes of ``group`` that its account at Accredible does not have; raises, and is to be
    called, as ``attribute_keys``. Nothing is asked where nothing is mapped."""
    mapped = list(group.custom_attributes.values_list("name", flat=True))
    known = {key.name for key in attribute_keys(group.api_config)} if mapped else set()
    return [name for name in mapped if name not in known]
