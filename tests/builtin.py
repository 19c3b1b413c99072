"""The embedded host with its built-in Accredible integration switched on: an admin that has its pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.sites.models import Site
from django.urls import path

from credentials_accredible.admin.addresses import lead_documented_addresses_here
from demo.builtin import models

site = AdminSite(name="admin")
site._registry.update({model: type(shown)(model, site) for model, shown in admin.site._registry.items()})
site.register(
    [
        models.AccredibleAPIConfig,
        models.AccredibleGroup,
        models.AccredibleBadge,
        models.BadgeRequirement,
        models.BadgePenalty,
        models.BadgeProgress,
    ]
)
lead_documented_addresses_here(site)

urlpatterns = [path("admin/", site.urls)]


def make_builtin_config(**values: Any) -> models.AccredibleAPIConfig:
    """An API configuration of the built-in integration."""
    return models.AccredibleAPIConfig.objects.create(**{"name": "Main", "api_key": "builtin-key-0001", **values})


def make_builtin_group(**values: Any) -> models.AccredibleGroup:
    """A group of the built-in integration, active unless said otherwise."""
    if "api_config" not in values:
        values["api_config"] = make_builtin_config()
    return models.AccredibleGroup.objects.create(
        **{"name": "Diver", "is_active": True, "site": Site.objects.get(), **values}
    )
