"""Settings of the embedded host: as little as it takes to load the plugin the way the real service does."""

import json
import os
from pathlib import Path

import dj_database_url
from edx_django_utils.plugins import add_plugins, get_plugin_apps

PROJECT_TYPE = "credentials.djangoapp"

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DEMO_DATA_DIR", BASE_DIR / ".demo"))
(DATA_DIR / "static").mkdir(parents=True, exist_ok=True)

# Runs on loopback with made-up data only.
SECRET_KEY = os.environ.get("SECRET_KEY", "the-embedded-host-keeps-no-secrets")
DEBUG = os.environ.get("DEBUG", "") == "1"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "django_filters",
    "drf_yasg",
    "rest_framework",
    "demo.core",
    "demo.builtin",
    "demo.service.catalog",
    "demo.service.records",
    "demo.service.credentials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "crum.CurrentRequestUserMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "demo.urls"
WSGI_APPLICATION = "demo.wsgi.application"
AUTH_USER_MODEL = "core.User"
# The real service sets AutoField, too: the plugin has to bring its own.
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
SITE_ID = 1
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("OPTIONS", {})["timeout"] = 20

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
}
SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "DEFAULT_INFO": "demo.urls.API_INFO",
    "SECURITY_DEFINITIONS": {
        "JWT": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "“JWT ” and a token of the LMS, in the real service; or the session of somebody logged in.",
        },
    },
    "LOGIN_URL": "/admin/login/",
    "LOGOUT_URL": "/admin/logout/",
}

# As in the real service.
SIMPLE_HISTORY_DATE_INDEX = False

# No telemetry service listens here.
OPENEDX_TELEMETRY: list[str] = []

_EMULATOR_URL = os.environ.get("ACCREDIBLE_EMULATOR_URL", "http://127.0.0.1:8901")
CREDENTIALS_ACCREDIBLE = {
    "ENVIRONMENTS": {
        "emulator": {"name": "Emulator", "api_url": _EMULATOR_URL, "dashboard_url": _EMULATOR_URL},
    },
    "DELIVERY": os.environ.get("DELIVERY", "auto"),
    "EVENT_SPOOL": str(DATA_DIR / "spool"),
    "BROKER_URL": os.environ.get("BROKER_URL"),
    "REDIS_URL": os.environ.get("REDIS_URL"),
    **json.loads(os.environ.get("CREDENTIALS_ACCREDIBLE", "{}")),
}
# Where the stand-in for the service's own badges would send them.
BADGES_CONFIG = {
    "accredible": {
        "ACCREDIBLE_API_BASE_URL": f"{_EMULATOR_URL}/v1/",
        "ACCREDIBLE_SANDBOX_API_BASE_URL": "https://sandbox.api.accredible.com/v1/",
        "USE_SANDBOX": False,
    },
}
BADGES_ENABLED = True

# A queue of one's own, for instance, so that several hosts can share a broker.
globals().update({f"CELERY_{name}": value for name, value in json.loads(os.environ.get("CELERY", "{}")).items()})

# An event bus, where there is one: the app brings ``consume_events``, and sends what is to go out.
_EVENT_BUS = json.loads(os.environ.get("EVENT_BUS", "{}"))
globals().update({f"EVENT_BUS_{name}": value for name, value in _EVENT_BUS.items()})
if _EVENT_BUS:
    INSTALLED_APPS.append("openedx_events")

# As the real service: plugin apps after its own, hooks after that.
INSTALLED_APPS.extend(get_plugin_apps(PROJECT_TYPE))
add_plugins(__name__, PROJECT_TYPE, "base")
