"""Settings of the embedded host without the plugin, and with what the real service itself loads at its start."""

import cryptography.fernet
import django_filters.rest_framework
import openedx_events.learning.signals
import requests

from demo.settings import *  # noqa: F403
from demo.settings import INSTALLED_APPS as _WITH_PLUGINS

LOADED = (cryptography.fernet, django_filters.rest_framework, openedx_events.learning.signals, requests)
INSTALLED_APPS = [*(app for app in _WITH_PLUGINS if not app.startswith("credentials_accredible"))]
if "simple_history" not in INSTALLED_APPS:
    INSTALLED_APPS.append("simple_history")
ROOT_URLCONF = "bench.host_urls"
