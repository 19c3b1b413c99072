"""The admin pages, a module for each model, and the documented addresses that lead to them."""

from django.contrib.admin import site

from credentials_accredible.admin import badge, config, failed_event, group, progress, rules, run, sync_change  # noqa: F401
from credentials_accredible.admin.addresses import lead_documented_addresses_here

lead_documented_addresses_here(site)
