"""Second step of rotating the encryption key: encrypts the stored API keys with the new one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.management.base import AccredibleCommand


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Encrypts all stored Accredible API keys with the encryption key that is first in the settings."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = api.reencrypt_keys()
        except ConfigurationError as error:
            raise CommandError(_("%(error)s No key was changed.") % {"error": error}) from None
        words = ngettext("Encrypted again: %(count)s API key.", "Encrypted again: %(count)s API keys.", count)
        self.stdout.write(self.style.SUCCESS(words % {"count": count}))
