"""What Accredible says of an account whose key was tried."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, address
from credentials_accredible.admin.overview_tools import sync_tools
from credentials_accredible.admin.reasons import in_full
from credentials_accredible.exceptions import AccredibleError
from credentials_accredible.models import AccredibleAPIConfig


@require_POST
def try_view(request: HttpRequest, _modeladmin: AccredibleAdmin, config: AccredibleAPIConfig) -> HttpResponse:
    """The key is tried at Accredible, and what came of it is told on the page of ``config``."""
    was_paused = config.paused_at is not None
    try:
        tell_account(request, config, api.try_connection(config))
    except AccredibleError as error:
        text = gettext("The connection of “%(name)s” does not work: %(reason)s")
        messages.error(request, in_full(text % {"name": config.name, "reason": error}))
    else:
        if was_paused:
            messages.success(request, gettext("Delivery for “%s” goes on.") % config)
    return HttpResponseRedirect(address(AccredibleAPIConfig, "change", config.pk))


def tell_account(request: HttpRequest, config: AccredibleAPIConfig, issuer: api.Issuer) -> None:
    """A message: whose key it is, the credits, and the button that syncs, for who may."""
    known = issuer.credits_left is not None
    text = (
        gettext("The API key of “%(name)s” is accepted. Issuer: %(issuer)s. Credits left: %(credits)s.")
        if known
        else gettext("The API key of “%(name)s” is accepted. Issuer: %(issuer)s.")
    )
    said = text % {"name": config.name, "issuer": issuer.name, "credits": issuer.credits_left}
    context = {"accredible_tools": sync_tools(request, config)[:1]}
    buttons = render_to_string("admin/credentials_accredible/object_tools.html", context, request=request)
    messages.success(request, format_html('{} <ul class="accredible-tools">{}</ul>', said, buttons))
