"""Using the pages of API configurations as a browser does."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from credentials_accredible.models import AccredibleAPIConfig

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
ADD = LIST + "add/"
KEY = "main-key-0001"


def post(client: Client, url: str, **data: Any) -> Any:
    """Send a form and follow to the page after it."""
    return client.post(url, data, follow=True)


def told(response: Any) -> str:
    """All messages of the page."""
    return "\n".join(str(message) for message in get_messages(response.wsgi_request)) or "\n".join(
        str(message) for message in response.context["messages"]
    )


def sync(client: Client, *configs: AccredibleAPIConfig, **more: Any) -> Any:
    """Tick the configurations and run "Sync groups"."""
    return post(client, LIST, action="sync_groups", _selected_action=[config.pk for config in configs], **more)
