"""Runs inside a host that has the wheel: prints as JSON what the plugin brought along and what its pages answer."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
django.setup()

from django.apps import apps  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.staticfiles import finders  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.template.loader import get_template  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from edx_django_utils.plugins import get_plugin_apps  # noqa: E402

LABEL = "credentials_accredible"


def files_under(directory: Path) -> list[str]:
    """The files under a directory, as templates and static files are named."""
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


def answer(client: Client, path: str) -> dict[str, Any]:
    """The status of a page, and where it led."""
    response = client.get(path, follow=True)
    chain = response.redirect_chain
    return {
        "status": response.status_code,
        "led_to": chain[-1][0] if chain else path,
        "text": response.content.decode(),
    }


def main() -> None:
    """Look, and print."""
    package = Path(apps.get_app_config(LABEL).path)
    templates = files_under(package / "templates")
    static = files_under(package / "static")
    for name in templates:
        get_template(name)
    staff = get_user_model().objects.create_superuser("staff", "staff@example.com", "secret")
    client = Client(raise_request_exception=True)
    client.force_login(staff)
    # As the real service stores its static files: a file that refers to a missing one stops this.
    manifest = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
    with override_settings(STORAGES=manifest):
        call_command("collectstatic", interactive=False, verbosity=0)
    findings = {
        "django": django.__version__,
        "edx_django_utils": version("edx-django-utils"),
        "package": str(package),
        "plugins": list(get_plugin_apps("credentials.djangoapp")),
        "models": sorted(model.__name__ for model in apps.get_app_config(LABEL).get_models()),
        "templates": templates,
        "static": static,
        "static_found": [name for name in static if finders.find(name)],
        "index": answer(client, "/admin/"),
        "configurations": answer(client, f"/admin/{LABEL}/accredibleapiconfig/"),
        "documented": answer(client, "/admin/badges/accredibleapiconfig/"),
        "rest_api": answer(client, "/accredible/api/v1/configs/"),
        "api_docs": answer(client, "/api-docs/?format=openapi"),
    }
    print(json.dumps(findings))


if __name__ == "__main__":
    main()
