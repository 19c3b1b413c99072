"""Who may do what: Django's permissions of the models, for reading, too."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

LABEL = "credentials_accredible"

# Any one of these is enough.
AnyOf = tuple[str, ...]


def may(user: Any, codenames: AnyOf) -> bool:
    """Whether the user has one of these permissions of the plugin, as ``view_syncrun``."""
    return any(user.has_perm(f"{LABEL}.{codename}") for codename in codenames)


def reading(model_name: str) -> AnyOf:
    """What lets people see a model, here as in the admin: they may view it, or change it."""
    return f"view_{model_name}", f"change_{model_name}"


class HasPermissions(BasePermission):
    """Lets those in who have each permission that ``view.needed_permissions()`` lists; never anonymous callers.

    DRF's own class for models asks nothing of those who only read.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller may; otherwise ``message`` names what is missing."""
        if not request.user or not request.user.is_authenticated:
            return False
        for codenames in view.needed_permissions():
            if not may(request.user, codenames):
                self.message = f"This needs the permission {LABEL}.{codenames[0]}: ask an administrator for it."
                return False
        return True
