"""What all resources have in common."""

from __future__ import annotations

import logging
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.viewsets import ReadOnlyModelViewSet

from credentials_accredible import api, conf
from credentials_accredible.rest_api.v1.errors import as_api_exception
from credentials_accredible.text import whole_number

log = logging.getLogger(__name__)

LABEL = "credentials_accredible"
MAX_PAGE = 2**31 - 1

# What DRF takes for a rate without limit.
_UNLIMITED = (None, None)

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
                self.message = _("This needs the permission %(permission)s: ask an administrator for it.") % {
                    "permission": f"{LABEL}.{codenames[0]}"
                }
                return False
        return True


class Pages(PageNumberPagination):
    """Numbered pages; anything but a number in its limits is refused, so that nobody gets something else unnoticed."""

    django_paginator_class = api.KeysFirst
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int:
        """The size that was asked for; ValidationError where it is no number from 1 to the maximum."""
        return self._number(request, self.page_size_query_param, self.page_size, self.max_page_size)

    def get_page_number(self, request: Request, paginator: Any) -> int:
        """The page that was asked for; ValidationError where it is no number, NotFound where there is no such page."""
        number = self._number(request, self.page_query_param, 1, MAX_PAGE)
        if number > paginator.num_pages:
            raise NotFound(_("There is no such page: the last one is %(number)s.") % {"number": paginator.num_pages})
        return number

    @staticmethod
    def _number(request: Request, name: str, default: int, most: int) -> int:
        number = whole_number(request.query_params.get(name, str(default)), most=most)
        if not number:
            raise ValidationError({name: [_("This must be a whole number from 1 to %(most)s.") % {"most": most}]})
        return number


class SafeJSONParser(JSONParser):
    """JSON; what is nested too deeply for Python is refused like any other text that cannot be read."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("JSON parse error - nested too deeply.")) from None


class RestThrottle(UserRateThrottle):
    """Counts in Django's default cache. Where that lives in the process, each process counts for itself."""

    scope = "credentials_accredible"

    def get_rate(self) -> Any:
        """The setting as it is now, whatever DRF's own settings say."""
        return conf.get("REST_THROTTLE")

    def parse_rate(self, rate: Any) -> Any:
        """Requests, and the seconds they may be sent in; ConfigurationError where the setting cannot be used."""
        return conf.rate("REST_THROTTLE") or _UNLIMITED

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the request is within the limit; yes, too, where the cache cannot say."""
        try:
            return super().allow_request(request, view)
        except Exception as error:  # backends of caches raise errors of their own kinds
            log.warning("rest_throttle_failed error=%s", type(error).__name__)
            return True


class ResourceViewSet(ReadOnlyModelViewSet):
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
    # The permission that an action asks for beside that of reading: an argument of its decorator.
    also_needed: AnyOf = ()
    # How an answer calls one of these, and where they are listed.
    # What an answer with status 404 says; "address" is put in.
    no_such: ClassVar[Any]
    listed_at: ClassVar[str]

    def needed_permissions(self) -> list[AnyOf]:
        """What the caller needs for this request. To change a thing takes the permission to see it, too."""
        return [reading(self.model_name), *([self.also_needed] if self.also_needed else [])]

    def get_object(self) -> Any:
        """The object that the address names; NotFound where there is none, whatever the address holds."""
        value = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        key = _uuid(value) if self.lookup_field == "uuid" else whole_number(value)
        found = None if key is None else self.get_queryset().filter(**{self.lookup_field: key}).first()
        if found is None:
            raise NotFound(self.no_such % {"address": self.listed_at})
        return found

    def handle_exception(self, exc: Exception) -> Response:
        """The answer to an error: what this API makes of it, and the host's handler of that."""
        return super().handle_exception(as_api_exception(exc))


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
