"""Where accounts live at Accredible, and which addresses are fit for an API key."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext, gettext_lazy

from credentials_accredible.exceptions import ConfigurationError

BUILT_IN = {
    "us": {
        "name": gettext_lazy("United States"),
        "api_url": "https://api.accredible.com",
        "dashboard_url": "https://dashboard.accredible.com",
    },
    "eu": {
        "name": gettext_lazy("Europe"),
        "api_url": "https://eu.api.accredible.com",
        "dashboard_url": "https://eu.dashboard.accredible.com",
    },
    "sandbox": {
        "name": gettext_lazy("Sandbox"),
        "api_url": "https://sandbox.api.accredible.com",
        "dashboard_url": "https://sandbox.dashboard.accredible.com",
    },
}


class Environment(NamedTuple):
    """An Accredible environment: its ``key`` in stored configurations, its name for people, its two addresses."""

    key: str
    name: str
    api_url: str
    dashboard_url: str


def made(key: object, entry: object, where: str) -> Environment:
    """The environment that an operator wrote under ``key``; ConfigurationError says ``where`` it cannot be used."""
    if not isinstance(key, str) or not re.fullmatch(r"[a-z0-9_-]{1,32}", key):
        raise ConfigurationError(
            gettext("%(where)s: a key is 1 to 32 of the characters a-z, 0-9, _ and -.") % {"where": where}
        )
    if not isinstance(entry, Mapping):
        raise ConfigurationError(
            gettext('%(where)s must be a dict with "name", "api_url" and "dashboard_url".') % {"where": where}
        )
    addresses = {name: _address(entry.get(name), f"{where}['{name}']") for name in ("api_url", "dashboard_url")}
    return Environment(key=key, name=str(entry.get("name") or key), **addresses)


def origin(api_url: str) -> str:
    """Scheme, host and port of an address: what Accredible counts requests for."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _address(url: object, where: str) -> str:
    if not isinstance(url, str) or not url:
        raise ConfigurationError(gettext("%(where)s is missing.") % {"where": where})
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(
            gettext("%(where)s is not an address: %(error)s.") % {"where": where, "error": error}
        ) from None
    if not host or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(gettext("%(where)s must be an address as https://api.example.com.") % {"where": where})
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ConfigurationError(
            gettext("%(where)s must start with https:// (http:// is for loopback addresses only).") % {"where": where}
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
