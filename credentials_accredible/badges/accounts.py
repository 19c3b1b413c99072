"""The way from a stored configuration to its account at Accredible."""

from __future__ import annotations

from credentials_accredible import conf
from credentials_accredible.client import AccredibleClient, Options
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig


def open_client(config: AccredibleAPIConfig, options: Options | None = None) -> AccredibleClient:
    """A client for the account of ``config``; ConfigurationError where its environment or its key is missing."""
    environment = conf.environment(config.environment)
    if not config.api_key:
        raise ConfigurationError(f"“{config.name}” has no API key: enter it in its admin page.")
    return AccredibleClient(environment.api_url, config.api_key, options)
