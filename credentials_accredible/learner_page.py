"""The page on which learners see their own badges, in the theme of the service."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string, select_template
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credentials_accredible import api

PAGE_SIZE = 24
# What the service's own pages extend, and what stands in for it.
_LAYOUTS = ("base.html", "credentials_accredible/layout.html")
_OURS = 'id="accredible-badges"'


@require_safe
@never_cache
@login_required
def badges(request: HttpRequest) -> HttpResponse:
    """The badges of the user who is logged in, in pages; what is no number of a page stands for the nearest one."""
    page = api.KeysFirst(api.own_badges(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    own = [api.as_learner_sees(badge) for badge in page]
    return HttpResponse(_render(request, {"page": page, "badges": own}))


def _render(request: HttpRequest, context: dict[str, Any]) -> str:
    # The service's template takes English unless it is told otherwise.
    context = {**context, "render_language": get_language()}
    found = select_template(_LAYOUTS).template.name
    html = ""
    for layout in dict.fromkeys((found, _LAYOUTS[-1])):
        html = render_to_string("credentials_accredible/badges.html", {**context, "layout": layout}, request)
        # A template without our block shows everything but the badges.
        if _OURS in html:
            break
    return html
