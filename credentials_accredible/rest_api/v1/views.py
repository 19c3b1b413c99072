"""The views: badges, API configurations with preview and sync, groups, sync runs and what they changed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from credentials_accredible import api
from credentials_accredible.choices import RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, SyncRun
from credentials_accredible.rest_api.v1 import schema
from credentials_accredible.rest_api.v1.base import ResourceViewSet
from credentials_accredible.rest_api.v1.errors import Code, ErrorSerializer, meaning, retry_headers
from credentials_accredible.rest_api.v1.filters import (
    BadgeFilters,
    ChangeFilters,
    ConfigFilters,
    GroupFilters,
    OwnBadgeFilters,
    RunFilters,
)
from credentials_accredible.rest_api.v1.input_serializers import PreviewRequestSerializer, SyncRequestSerializer
from credentials_accredible.rest_api.v1.plan_serializers import NotSyncedSerializer, PlanSerializer, PreviewSerializer
from credentials_accredible.rest_api.v1.serializers import (
    NESTED,
    BadgeDetailSerializer,
    BadgeSerializer,
    ChangeSerializer,
    ConfigSerializer,
    GroupSerializer,
    OwnBadgeSerializer,
    RunSerializer,
    hidden_from,
)


@schema.resource(
    "accredible_badges",
    listed="Badges of all learners, the newest first.",
    read="A badge, with the latest things that were tried for it.",
)
class AccredibleBadgeViewSet(ResourceViewSet):
    queryset = AccredibleBadge.objects.select_related("user", "group").order_by("-pk")
    serializer_class = BadgeDetailSerializer
    filterset_class = BadgeFilters
    lookup_field = "uuid"
    model_name = "accrediblebadge"
    no_such = gettext_lazy("There is no such badge: GET %(address)s lists those there are.")
    listed_at = "badges/"

    def get_queryset(self) -> QuerySet[AccredibleBadge]:
        return api.own_badges(self.request.user) if self.action == "mine" else super().get_queryset()

    def get_serializer_class(self) -> Any:
        return BadgeSerializer if self.action == "list" else super().get_serializer_class()

    @schema.listing(
        "accredible_badges_mine", "The caller's own badges, the newest first. Anybody who is logged in may."
    )
    # Learners see less of a badge, and get no filters that reach beyond their own.
    @action(
        detail=False,
        permission_classes=[IsAuthenticated],
        serializer_class=OwnBadgeSerializer,
        filterset_class=OwnBadgeFilters,
    )
    def mine(self, request: Request) -> Response:
        return super().list(request)

    @schema.acting(
        "accredible_badges_retry",
        "Make a badge due for the next sender, whatever went wrong before.",
        None,
        {
            200: ("It is due.", BadgeDetailSerializer),
            409: ("There is nothing to deliver, or a sender is at it now.", ErrorSerializer),
        },
    )
    @action(detail=True, methods=["post"], also_needed=("deliver_accrediblebadge",))
    def retry(self, request: Request, uuid: str) -> Response:
        badge = self.get_object()
        if not api.retry_badges(AccredibleBadge.objects.filter(pk=badge.pk), user=request.user):
            sentence = _("There is nothing to deliver of this badge, or it is being delivered now: look at its state.")
            return Response({"detail": sentence, "code": Code.NOTHING_TO_DO}, status.HTTP_409_CONFLICT)
        return Response(self.get_serializer(self.get_object()).data)


class _RunsShown(ResourceViewSet):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in {"list", "retrieve"}:
            api.close_dead_runs()


_LATEST = SyncRun.objects.filter(api_config=OuterRef("pk")).order_by("-started_at", "-pk")
_SYNC = ("sync_accredibleapiconfig",)


@schema.resource(
    "accredible_configs",
    listed="API configurations by name. Their keys are not told to anybody.",
    read="An API configuration.",
)
class AccredibleAPIConfigViewSet(_RunsShown):
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
    no_such = gettext_lazy("There is no such API configuration: GET %(address)s lists those there are.")
    listed_at = "configs/"

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        # Accredible is asked, hence no transaction around the request, whatever the host's settings say.
        return transaction.non_atomic_requests(super().as_view(*args, **kwargs))

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
    @action(detail=True, methods=["post"], also_needed=_SYNC)
    def preview(self, request: Request, id: str) -> Response:
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
    @action(detail=True, methods=["post"], also_needed=_SYNC)
    def sync(self, request: Request, id: str) -> Response:
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


@schema.resource(
    "accredible_groups",
    listed="Groups with their requirements, penalties and custom attributes; null for what the caller may not see.",
    read="A group with its requirements, penalties and custom attributes.",
)
class AccredibleGroupViewSet(ResourceViewSet):
    queryset = AccredibleGroup.objects.select_related("api_config").order_by("api_config", "accredible_id")
    serializer_class = GroupSerializer
    filterset_class = GroupFilters
    lookup_field = "uuid"
    model_name = "accrediblegroup"
    no_such = gettext_lazy("There is no such group: GET %(address)s lists those there are.")
    listed_at = "groups/"

    def get_queryset(self) -> QuerySet[AccredibleGroup]:
        """The groups, with those nested parts that the caller may see."""
        hidden = hidden_from(self.request.user)
        paths = [path for name, (_model, paths) in NESTED.items() if name not in hidden for path in paths]
        return super().get_queryset().prefetch_related(*paths)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "hidden": hidden_from(self.request.user) if self.request else ()}


@schema.resource(
    "accredible_runs",
    listed="Sync runs, the latest first.",
    read="A sync run: what to poll after a sync was answered with status 202.",
)
class SyncRunViewSet(_RunsShown):
    queryset = SyncRun.objects.select_related("user").order_by("-started_at", "-pk")
    serializer_class = RunSerializer
    filterset_class = RunFilters
    lookup_url_kwarg = "id"
    model_name = "syncrun"
    no_such = gettext_lazy("There is no such sync run: GET %(address)s lists those there are.")
    listed_at = "runs/"

    @schema.listing(
        "accredible_runs_changes",
        "What a sync run did to which group, in its order. Empty where it did not succeed, or changed nothing.",
    )
    @action(detail=True, suffix="List", serializer_class=ChangeSerializer, filterset_class=ChangeFilters)
    def changes(self, request: Request, id: str) -> Response:
        changes = self.get_object().changes.select_related("group").order_by("pk")
        page = self.paginate_queryset(self.filter_queryset(changes))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
