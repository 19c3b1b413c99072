"""Second step of rotating the encryption key: encrypts the stored API keys with the new one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.management.base import AccredibleCommand


class Command(AccredibleCommand):
    help = "Encrypts all stored Accredible API keys with the encryption key that is first in the settings."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = api.reencrypt_keys()
        except ConfigurationError as error:
            raise CommandError(f"{error} No key was changed.") from None
        self.stdout.write(self.style.SUCCESS(f"Encrypted again: {count} API keys."))
