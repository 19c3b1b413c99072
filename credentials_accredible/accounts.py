"""Configurations and groups by the names that people give them, and what Accredible says of an API key."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.client import AccredibleClient, AttributeKey, ClientOptions, Issuer, open_client
from credentials_accredible.delivery.engines import resume_delivery
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.secrets import Secret
from credentials_accredible.text import identifier, spelled_out, whole_number

# Seconds that a person waits for Accredible's answer about a key.
_PATIENCE = 10.0
# Of a BigIntegerField.
_LARGEST = 2**63
# Groups that a message names.
_MOST_NAMED = 5


def find_configs(wanted: Iterable[str] = ()) -> list[AccredibleAPIConfig]:
    """The configurations of these ids or names, in that order; all, by name, where none is asked for.

    Raises ConfigurationError for one that does not exist. A name wins over an id.
    """
    by_name = {identifier(config.name): config for config in AccredibleAPIConfig.objects.all()}
    by_id = {str(config.pk): config for config in by_name.values()}
    found: dict[int, AccredibleAPIConfig] = {}
    for key in wanted:
        config = by_name.get(identifier(key)) or by_id.get(identifier(key))
        if config is None:
            known = ", ".join(f"{config.name} ({pk})" for pk, config in by_id.items()) or _("none")
            raise ConfigurationError(
                _("There is no API configuration “%(key)s”. Existing ones: %(known)s.")
                % {"key": spelled_out(key), "known": known}
            )
        found[config.pk] = config
    return list(found.values() if wanted else by_name.values())


def find_groups(wanted: Iterable[str]) -> list[AccredibleGroup]:
    """The groups of these ids at Accredible, UUIDs or names, in that order.

    Raises ConfigurationError for what no group has, or several have.
    """
    found: dict[int, AccredibleGroup] = {}
    for key in map(identifier, wanted):
        known = Q(name=key)
        if (number := whole_number(key)) is not None and number < _LARGEST:
            known |= Q(accredible_id=number)
        with suppress(ValueError):
            known |= Q(uuid=UUID(key))
        groups = list(AccredibleGroup.objects.filter(known).order_by("pk")[:_MOST_NAMED])
        if not groups:
            raise ConfigurationError(
                _("There is no group “%(key)s”: give its id at Accredible, UUID or name.") % {"key": spelled_out(key)}
            )
        if len(groups) > 1:
            several = ", ".join(f"{spelled_out(group.name)} ({group.uuid})" for group in groups)
            raise ConfigurationError(
                _("Several groups are “%(key)s”: give the UUID of one. They are: %(several)s.")
                % {"key": spelled_out(key), "several": several}
            )
        found[groups[0].pk] = groups[0]
    return list(found.values())


def check_key(environment: str, api_key: Secret) -> Issuer:
    """Ask Accredible whose key this is: one request.

    Raises ConfigurationError for an unknown environment and RequestFailed where Accredible refuses or is not reached.
    """
    # Somebody waits for the page: one try, and a short one.
    options = replace(ClientOptions.from_settings(), attempts=1, read_timeout=_PATIENCE)
    with AccredibleClient(conf.environment(environment).api_url, api_key, options) as client:
        return client.issuer()


def note_issuer(config: AccredibleAPIConfig, issuer: Issuer) -> None:
    """Put what Accredible said of the account into ``config``, unsaved."""
    config.issuer_name = issuer.name[:255]
    config.credits_left = issuer.credits_left
    config.checked_at = timezone.now()


def try_connection(config: AccredibleAPIConfig) -> Issuer:
    """Ask Accredible whose key ``config`` has, and keep the answer; a key that works lifts a pause.

    Raises as ``check_key``, and KeyUnreadable. Call it outside of a transaction.
    """
    issuer = check_key(config.environment, config.api_key)
    note_issuer(config, issuer)
    config.save(update_fields=["issuer_name", "credits_left", "checked_at", "modified"])
    if config.paused_at:
        resume_delivery(config)
    return issuer


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


def attribute_keys(config: AccredibleAPIConfig) -> list[AttributeKey]:
    """The attribute keys of the account of ``config``, read from Accredible with one quick try.

    Raises ConfigurationError where its key or the settings cannot be used, and RequestFailed where Accredible refuses
    or is not reached. Call it outside of a transaction.
    """
    connect_timeout, read_timeout = conf.pair("INLINE_TIMEOUT")
    # Somebody waits for the page.
    options = replace(
        ClientOptions.from_settings(),
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        attempts=1,
        longest_wait=1.0,
    )
    with open_client(config, options) as client:
        return client.attribute_keys()


def unknown_attributes(group: AccredibleGroup) -> list[str]:
    """The names of mapped attributes of ``group`` that its account at Accredible does not have; raises, and is to be
    called, as ``attribute_keys``. Nothing is asked where nothing is mapped."""
    mapped = list(group.custom_attributes.values_list("name", flat=True))
    known = {key.name for key in attribute_keys(group.api_config)} if mapped else set()
    return [name for name in mapped if name not in known]
