"""Why something did not work, for people; what is for experts, such as the request that failed, is folded."""

from __future__ import annotations

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# As RequestFailed says it, in rows of earlier releases, too: "(POST /v1/issuer/groups/search: HTTP 401)".
_REQUEST = re.compile(r" \(((?:GET|POST|PUT|PATCH|DELETE) /[^\s()]+: [^()]*)\)")

# What a person can do, by the HTTP status: 422 stands for all other refusals, 0 for a service that cannot be had.
_ADVICE = {
    401: _(
        "Enter a key that is valid in the environment of this account. The people who manage the account see it there."
    ),
    403: _("Ask the people who manage the account at Accredible to allow it, or enter another key."),
    404: _("It was deleted there, or belongs to another department than the key: sync the groups, and try again."),
    422: _("Look at what Accredible says about it, correct that, and try again."),
    429: _("Nothing is wrong: too much was asked of it at once. Try again in some minutes."),
    0: _(
        "Accredible, or the way to it, is disturbed. Try again in some minutes. If it lasts, look at the status page "
        "of Accredible, and have somebody look whether this service reaches it."
    ),
}
_STATUS = re.compile(r"HTTP (\d{3})")


def brief(text: str, length: int = 2000) -> str:
    """``text`` without the requests in it, and cut where it is longer: for a row."""
    return Truncator(_REQUEST.sub("", text)).chars(length)


def in_full(text: str, *, advise: bool = True) -> SafeString:
    """``text`` as a sentence, what to do, and folded below what requests it names: for a page or a message.

    ``advise``: False where the same is said beside it.
    """
    requests = _REQUEST.findall(text)
    words = _REQUEST.sub("", text)
    if requests and advise:
        words = format_html('{}<div class="accredible-advice">{}</div>', words, _advice(requests[-1]))
    return with_detail(words, "\n".join(requests))


def _advice(request: str) -> str:
    found = _STATUS.search(request)
    status = int(found[1]) if found else 0
    refused = 422 if 400 <= status < 500 and status != 408 else 0
    return str(_ADVICE.get(status, _ADVICE[refused]))


def with_detail(words: str, detail: str) -> SafeString:
    """A sentence, and folded below it what is for experts, where there is something."""
    if not detail:
        return format_html("{}", words)
    folded = '{}<details class="accredible-detail"><summary>{}</summary><pre>{}</pre></details>'
    return format_html(folded, words, gettext("Technical detail"), detail)
