"""Addresses of the embedded host: the admin, then whatever plugins bring."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView
from edx_django_utils.plugins import get_plugin_url_patterns

from demo.settings import PROJECT_TYPE

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    *get_plugin_url_patterns(PROJECT_TYPE),
]
