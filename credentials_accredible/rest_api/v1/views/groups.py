"""``groups/``: groups, with what is configured under them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from credentials_accredible.models import AccredibleGroup
from credentials_accredible.rest_api.v1 import schema
from credentials_accredible.rest_api.v1.filters import GroupFilters
from credentials_accredible.rest_api.v1.serializers.groups import NESTED, GroupSerializer, hidden_from
from credentials_accredible.rest_api.v1.views.base import ResourceView


class AccredibleGroupViewSet(ViewSetMixin, ListModelMixin, RetrieveModelMixin, ResourceView):
    """Groups."""

    queryset = AccredibleGroup.objects.select_related("api_config").order_by("api_config", "accredible_id")
    serializer_class = GroupSerializer
    filterset_class = GroupFilters
    lookup_field = "uuid"
    model_name = "accrediblegroup"
    noun = "group"
    listed_at = "groups/"

    def get_queryset(self) -> QuerySet[AccredibleGroup]:
        """The groups, with those nested parts that the caller may see."""
        hidden = hidden_from(self.request.user)
        paths = [path for name, (_model, paths) in NESTED.items() if name not in hidden for path in paths]
        return super().get_queryset().prefetch_related(*paths)

    def get_serializer_context(self) -> dict[str, Any]:
        """What the serializer has to know of the caller."""
        return {**super().get_serializer_context(), "hidden": hidden_from(self.request.user) if self.request else ()}

    @schema.listing(
        "accredible_groups_list",
        "Groups with their requirements, penalties and custom attributes; null for what the caller may not see.",
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All groups, in pages."""
        return super().list(request, *args, **kwargs)

    @schema.reading("accredible_groups_read", "A group with its requirements, penalties and custom attributes.")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One group."""
        return super().retrieve(request, *args, **kwargs)
