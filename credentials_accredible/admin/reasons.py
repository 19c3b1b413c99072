"""Why something did not work, for people; what is for experts, such as the request that failed, is folded."""

from __future__ import annotations

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

# As RequestFailed says it, in rows of earlier releases, too: "(POST /v1/issuer/groups/search: HTTP 401)".
_REQUEST = re.compile(r" \(((?:GET|POST|PUT|PATCH|DELETE) /[^\s()]+: [^()]*)\)")


def brief(text: str, length: int = 2000) -> str:
    """``text`` without the requests in it, and cut where it is longer: for a row."""
    return Truncator(_REQUEST.sub("", text)).chars(length)


def in_full(text: str) -> SafeString:
    """``text`` as a sentence, and folded below what requests it names: for a page or a message."""
    return with_detail(_REQUEST.sub("", text), "\n".join(_REQUEST.findall(text)))


def with_detail(words: str, detail: str) -> SafeString:
    """A sentence, and folded below it what is for experts, where there is something."""
    if not detail:
        return format_html("{}", words)
    folded = '{}<details class="accredible-detail"><summary>{}</summary><pre>{}</pre></details>'
    return format_html(folded, words, gettext("Technical detail"), detail)
