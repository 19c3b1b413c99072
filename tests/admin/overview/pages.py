"""The overview as tests read it, and what it has to tell of."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from django.utils import timezone

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, SyncRun
from tests import factories

PLUGIN = "/admin/credentials_accredible/"
PAGE = f"{PLUGIN}overview/"


def sections(response: Any) -> dict[str, str]:
    """What the page tells of each thing that needs a person, by kind; tags as they are."""
    found = re.findall(r'data-kind="(\w+)">(.*?)</li>\s*(?=<li class="accredible-need"|</ul>\s*</section>)',
                       response.content.decode(), re.DOTALL)  # fmt: skip
    assert len(found) == len({kind for kind, _html in found})
    return {kind: unescape(html) for kind, html in found}


def text(html: str) -> str:
    """What people read of it."""
    return " ".join(re.sub(r"<[^>]*>", "", html).split())


def press(client: Client, html: str, label: str) -> Any:
    """Press the button, as a browser would; the page that it leads to."""
    forms = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', html, re.DOTALL)
    to, form = next((to, form) for to, form in forms if f">{label}<" in form)
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return client.post(to, fields, follow=True)


def follow(client: Client, html: str, label: str) -> Any:
    """The page that the link leads to."""
    to = re.search(rf'<a href="([^"]*)"[^>]*>{label}</a>', html)
    assert to, html
    response = client.get(to[1])
    assert response.status_code == 200
    return response


def a_failed_badge(config: AccredibleAPIConfig, problem: str = "refused", **values: Any) -> AccredibleBadge:
    """A badge that was given up; ``values`` are written past its life cycle."""
    badge = factories.make_badge(factories.make_group(config))
    row = AccredibleBadge.objects.filter(pk=badge.pk)
    row.update(**{"state": "error", "problem": problem, "next_attempt_at": None, **values})
    return badge


def a_run(config: AccredibleAPIConfig, **values: Any) -> SyncRun:
    """A sync that has succeeded, but for ``values``."""
    now = timezone.now()
    about = {"api_config": config, "config_name": config.name, "trigger": "admin", "started_at": now}
    return SyncRun.objects.create(**{**about, "status": RunStatus.SUCCEEDED, "finished_at": now, **values})
