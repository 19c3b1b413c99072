"""What all resources have in common."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from credentials_accredible.rest_api.v1.errors import as_api_exception
from credentials_accredible.rest_api.v1.pagination import Pages
from credentials_accredible.rest_api.v1.parsers import SafeJSONParser
from credentials_accredible.rest_api.v1.permissions import AnyOf, HasPermissions, reading
from credentials_accredible.rest_api.v1.throttling import RestThrottle

_NUMBER = re.compile(r"[0-9]{1,18}")


class ResourceView(GenericAPIView):
    """A resource: JSON in and out, in pages, for those with permission.

    Who the caller is, and the form of errors, are left to the host's settings of DRF.
    """

    # What DRF calls these is the host's to choose for its own API.
    filter_backends = [DjangoFilterBackend]
    pagination_class = Pages
    parser_classes = [SafeJSONParser]
    permission_classes = [HasPermissions]
    renderer_classes = [JSONRenderer]
    throttle_classes = [RestThrottle]
    http_method_names = ["get", "head", "post"]
    lookup_value_regex = "[^/]+"

    # The model whose permissions decide who may read.
    model_name: ClassVar[str]
    # The permissions of actions beside reading, by their name.
    action_permissions: ClassVar[dict[str, AnyOf]] = {}
    # How an answer calls one of these, and where they are listed.
    noun: ClassVar[str]
    listed_at: ClassVar[str]

    def needed_permissions(self) -> list[AnyOf]:
        """What the caller needs for what is asked for; whoever changes a thing has to be allowed to see it, too."""
        extra = self.action_permissions.get(getattr(self, "action", None) or "")
        return [reading(self.model_name), *([extra] if extra else [])]

    def get_object(self) -> Any:
        """The object that the address names; NotFound where there is none, whatever the address holds."""
        value = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        key: Any = _uuid(value) if self.lookup_field == "uuid" else _number(value)
        found: Model | None = (
            self.get_queryset().filter(**{self.lookup_field: key}).first() if key is not None else None
        )
        if found is None:
            raise NotFound(f"There is no such {self.noun}: GET {self.listed_at} lists those there are.")
        return found

    def handle_exception(self, exc: Exception) -> Response:
        """The answer to an error: what this API makes of it, and the host's handler of that."""
        return super().handle_exception(as_api_exception(exc))


def _number(value: str) -> int | None:
    return int(value) if _NUMBER.fullmatch(value) else None


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
