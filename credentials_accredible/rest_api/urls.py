"""Addresses of the REST API, below the prefix that the host gives the plugin (see ``apps``)."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("credentials_accredible.rest_api.v1.urls"))]
