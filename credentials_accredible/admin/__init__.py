"""The admin pages, a module for each model, and the documented addresses that lead to them."""

from django.contrib.admin import site

from credentials_accredible.admin import badge, config, failed_event, group, progress, rules, run, snapshot  # noqa: F401
from credentials_accredible.admin.addresses import lead_documented_addresses_here
from credentials_accredible.admin.overview import add_overview
from credentials_accredible.admin.sync_state import warn_on_the_first_page
from credentials_accredible.admin.user import ask_when_users_are_deleted

lead_documented_addresses_here(site)
add_overview(site)
warn_on_the_first_page(site)
ask_when_users_are_deleted(site)
