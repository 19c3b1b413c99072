"""API configurations and their keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.client import AccredibleClient, Issuer, Options
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.secrets import Secret

# Seconds that a person waits for Accredible's answer about a key.
_PATIENCE = 10.0


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
