"""The admin pages, a module for each model, and the documented addresses that lead to them."""

from django.contrib.admin import site

from credentials_accredible.admin import badge, config, group, progress, rules, run  # noqa: F401  # they register
from credentials_accredible.admin.addresses import lead_documented_addresses_here

lead_documented_addresses_here(site)
