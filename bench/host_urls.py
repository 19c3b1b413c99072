"""Addresses of the embedded host without those of plugins, and what the real service's own code imports.

Each of these is among the modules that Verawood's ``manage.py check`` has loaded without the plugin.
"""

import crum
import cryptography.hazmat.primitives.serialization
import django.contrib.auth.views
import django.views.decorators.http
import django_filters.rest_framework
import opaque_keys.edx.keys
import openedx_events.learning.signals
import requests
import rest_framework.routers
import rest_framework.throttling
import rest_framework.viewsets
import simple_history.models
from django.contrib import admin
from django.urls import path
from drf_yasg import openapi
from drf_yasg.views import get_schema_view

LOADED = (
    crum,
    cryptography.hazmat.primitives.serialization,
    django.contrib.auth.views,
    django.views.decorators.http,
    django_filters.rest_framework,
    opaque_keys.edx.keys,
    openedx_events.learning.signals,
    requests,
    rest_framework.routers,
    rest_framework.throttling,
    rest_framework.viewsets,
    simple_history.models,
)
_api_docs = get_schema_view(openapi.Info(title="Host", default_version="v1"), public=False)

urlpatterns = [path("admin/", admin.site.urls), path("api-docs/", _api_docs.with_ui("swagger"))]
