"""Settings of the embedded host without the plugin; ``host_urls`` adds what the real service itself loads."""

from demo.settings import *  # noqa: F403
from demo.settings import INSTALLED_APPS as _WITH_PLUGINS

INSTALLED_APPS = [*(app for app in _WITH_PLUGINS if not app.startswith("credentials_accredible"))]
ROOT_URLCONF = "bench.host_urls"
