"""Addresses of the plugin, below the prefix that the host gives it (see ``apps``)."""

from django.urls import include, path

from credentials_accredible.learner_page import badges

urlpatterns = [
    path("badges/", badges, name="badges"),
    path("api/v1/", include("credentials_accredible.rest_api.v1.urls")),
]
