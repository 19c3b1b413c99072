"""``runs/``: how synchronisations ended, what they did, and how far one under way has come."""

from __future__ import annotations

from typing import Any

from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from credentials_accredible import api
from credentials_accredible.models import SyncRun
from credentials_accredible.rest_api.v1 import schema
from credentials_accredible.rest_api.v1.filters import ChangeFilters, RunFilters
from credentials_accredible.rest_api.v1.serializers.runs import ChangeSerializer, RunSerializer
from credentials_accredible.rest_api.v1.views.base import ResourceView

_CHANGES = "changes"


class SyncRunViewSet(ViewSetMixin, ListModelMixin, RetrieveModelMixin, ResourceView):
    """Sync runs."""

    queryset = SyncRun.objects.select_related("user").order_by("-started_at", "-pk")
    lookup_url_kwarg = "id"
    model_name = "syncrun"
    noun = "sync run"
    listed_at = "runs/"

    @property
    def filterset_class(self) -> Any:
        """Runs and what they did are found by different things."""
        return ChangeFilters if self.action == _CHANGES else RunFilters

    def get_serializer_class(self) -> Any:
        """The same for what they look like."""
        return ChangeSerializer if self.action == _CHANGES else RunSerializer

    @schema.listing("accredible_runs_list", "Sync runs, the latest first.")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All runs, in pages."""
        api.close_dead_runs()
        return super().list(request, *args, **kwargs)

    @schema.reading("accredible_runs_read", "A sync run: what to poll after a sync was answered with status 202.")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One run."""
        api.close_dead_runs()
        return super().retrieve(request, *args, **kwargs)

    @schema.listing(
        "accredible_runs_changes",
        "What a sync run did to which group, in its order. Empty where it did not succeed, or changed nothing.",
    )
    @action(detail=True, suffix="List")
    def changes(self, request: Request, id: str) -> Response:
        """The changes of one run, in pages."""
        changes = self.get_object().changes.select_related("group").order_by("pk")
        page = self.paginate_queryset(self.filter_queryset(changes))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
