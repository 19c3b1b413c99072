"""``configs/``: accounts at Accredible, and the synchronisation of their groups."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from credentials_accredible import api
from credentials_accredible.choices import RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.rest_api.v1 import schema
from credentials_accredible.rest_api.v1.errors import meaning, retry_headers
from credentials_accredible.rest_api.v1.filters import ConfigFilters
from credentials_accredible.rest_api.v1.permissions import AnyOf
from credentials_accredible.rest_api.v1.serializers.configs import ConfigSerializer
from credentials_accredible.rest_api.v1.serializers.errors import ErrorSerializer, NotSyncedSerializer
from credentials_accredible.rest_api.v1.serializers.plans import PlanSerializer, PreviewSerializer
from credentials_accredible.rest_api.v1.serializers.requests import PreviewRequestSerializer, SyncRequestSerializer
from credentials_accredible.rest_api.v1.serializers.runs import RunSerializer
from credentials_accredible.rest_api.v1.views.base import ResourceView

_LATEST = SyncRun.objects.filter(api_config=OuterRef("pk")).order_by("-started_at", "-pk")
_SYNC: AnyOf = ("sync_accredibleapiconfig",)


class AccredibleAPIConfigViewSet(ViewSetMixin, ListModelMixin, RetrieveModelMixin, ResourceView):
    """API configurations."""

    queryset = AccredibleAPIConfig.objects.annotate(
        groups_total=Count("groups"),
        groups_active=Count("groups", filter=Q(groups__is_active=True)),
        last_run=Subquery(_LATEST.values("pk")[:1]),
        last_status=Subquery(_LATEST.values("status")[:1]),
        last_started=Subquery(_LATEST.values("started_at")[:1]),
    ).order_by("name", "pk")
    serializer_class = ConfigSerializer
    filterset_class = ConfigFilters
    lookup_url_kwarg = "id"
    model_name = "accredibleapiconfig"
    noun = "API configuration"
    listed_at = "configs/"
    action_permissions: ClassVar[dict[str, AnyOf]] = {"preview": _SYNC, "sync": _SYNC}

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        """The view. Accredible is asked, hence no transaction around the request, whatever the host's settings say."""
        return transaction.non_atomic_requests(super().as_view(*args, **kwargs))

    @schema.listing("accredible_configs_list", "API configurations by name. Their keys are not told to anybody.")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All configurations, in pages."""
        api.close_dead_runs()
        return super().list(request, *args, **kwargs)

    @schema.reading("accredible_configs_read", "An API configuration.")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One configuration."""
        api.close_dead_runs()
        return super().retrieve(request, *args, **kwargs)

    @schema.acting(
        "accredible_configs_preview",
        "What a sync would change now. Asks Accredible, and writes nothing.",
        PreviewRequestSerializer,
        {
            200: ("What it would change.", PreviewSerializer),
            409: ("The configuration cannot be used, or a group cannot be carried over.", ErrorSerializer),
            502: ("Accredible refused, or its reply makes no sense.", ErrorSerializer),
            503: ("Accredible does not answer, or asks to slow down.", ErrorSerializer),
        },
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, id: str) -> Response:
        """Look, and leave everything as it is."""
        wanted = PreviewRequestSerializer(data=request.data)
        config = self.get_object()
        wanted.is_valid(raise_exception=True)
        outcome = api.preview(config, **wanted.validated_data)
        if outcome.plan is None:
            return self._not_done(outcome)
        return Response(PreviewSerializer(outcome).data)

    @schema.acting(
        "accredible_configs_sync",
        "Make the groups of the configuration those of its account. Where that would remove groups, it has to be "
        "forced, or the approval of a plan that somebody has looked at has to be sent along.",
        SyncRequestSerializer,
        {
            200: ("It is done.", RunSerializer),
            202: ("A worker does it: the run, which Location names, says how far it is.", RunSerializer),
            409: (
                "Nothing was changed: another sync is running, a removal has to be approved first, the plan is no "
                "longer the one that was approved, a group cannot be carried over, or the configuration cannot be "
                "used.",
                NotSyncedSerializer,
            ),
            502: ("Nothing was changed: Accredible refused, or its reply makes no sense.", NotSyncedSerializer),
            503: ("Nothing was changed: Accredible does not answer, or asks to slow down.", NotSyncedSerializer),
        },
    )
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, id: str) -> Response:
        """Sync, here or in a worker."""
        wanted = SyncRequestSerializer(data=request.data)
        config = self.get_object()
        wanted.is_valid(raise_exception=True)
        outcome = api.start_sync(
            config,
            trigger=RunTrigger.API,
            user=request.user,
            site=wanted.validated_data["site"] or api.current_site(request),
            consent=wanted.consent,
            refresh_icons=wanted.validated_data["refresh_icons"],
        )
        if outcome.run is None or not (outcome.succeeded or outcome.is_queued):
            return self._not_done(outcome)
        run = RunSerializer(outcome.run).data
        if outcome.succeeded:
            return Response(run)
        address = reverse("credentials_accredible:v1:runs-detail", args=[outcome.run.pk], request=request)
        return Response(run, status.HTTP_202_ACCEPTED, headers={"Location": address})

    def _not_done(self, outcome: api.Outcome) -> Response:
        if outcome.reason is None:
            # Deleted meanwhile, perhaps: then there is none.
            self.get_object()
        http_status, code = meaning(outcome.reason)
        answer: dict[str, Any] = {"detail": outcome.error, "code": code}
        if outcome.run:
            answer["run"] = outcome.run.pk
        if outcome.plan:
            answer["plan"] = PlanSerializer(outcome).data
        return Response(answer, http_status, headers=retry_headers(outcome.reason))
