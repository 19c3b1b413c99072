"""Addresses of the embedded host without those of plugins."""

from django.contrib import admin
from django.urls import path
from drf_yasg import openapi
from drf_yasg.views import get_schema_view

_api_docs = get_schema_view(openapi.Info(title="Host", default_version="v1"), public=False)

urlpatterns = [path("admin/", admin.site.urls), path("api-docs/", _api_docs.with_ui("swagger"))]
