"""A model field for API keys."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from credentials_accredible.secrets import Secret


class _SecretAttribute(DeferredAttribute):
    """Turns what is assigned into a Secret at once, so that no instance holds a key in the clear by accident."""

    def __set__(self, instance: models.Model, value: Secret | str | None) -> None:
        instance.__dict__[self.field.attname] = Secret.of(value)


class SecretField(models.TextField):
    """A Secret, encrypted in the database. Fixtures get an empty value: the key is entered anew where they load."""

    descriptor_class = _SecretAttribute

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret:
        """The stored value, still encrypted: a page that only lists configurations decrypts nothing."""
        return Secret(token=value or "")

    def to_python(self, value: Any) -> Secret:
        """``value`` as a Secret."""
        return Secret.of(value)

    def get_prep_value(self, value: Any) -> str:
        """``value`` encrypted."""
        return Secret.of(value).encrypted()

    def get_lookup(self, lookup_name: str) -> Any:
        """None but for ``isnull``: what a query cannot compare, nobody can guess letter by letter."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        """What ``dumpdata`` writes: nothing."""
        return ""
