"""Addresses of the embedded host: admin, log-in and documentation of APIs, then whatever plugins bring."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import path
from django.views.generic import RedirectView
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from edx_django_utils.plugins import get_plugin_url_patterns
from rest_framework.permissions import AllowAny

from demo.settings import PROJECT_TYPE

# `make openapi` writes it at the head of docs/openapi.yaml.
API_INFO = openapi.Info(
    title="credentials-accredible",
    default_version="v1",
    description="Accredible badges in the Credentials service of Open edX.",
    license=openapi.License("Apache-2.0"),
)

# As in the real service: everybody sees what they may call.
api_docs = get_schema_view(API_INFO, public=False, permission_classes=[AllowAny])

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("api-docs/", api_docs.with_ui("swagger", cache_timeout=0), name="api_docs"),
    *get_plugin_url_patterns(PROJECT_TYPE),
]
