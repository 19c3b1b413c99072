"""``badges/``: who has which badge, and the way to try its delivery again; ``badges/mine/`` for learners."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.rest_api.v1 import schema
from credentials_accredible.rest_api.v1.errors import Code
from credentials_accredible.rest_api.v1.filters import BadgeFilters, OwnBadgeFilters
from credentials_accredible.rest_api.v1.permissions import AnyOf
from credentials_accredible.rest_api.v1.serializers.badges import (
    BadgeDetailSerializer,
    BadgeSerializer,
    OwnBadgeSerializer,
)
from credentials_accredible.rest_api.v1.serializers.errors import ErrorSerializer
from credentials_accredible.rest_api.v1.views.base import ResourceView

_MINE = "mine"


class AccredibleBadgeViewSet(ViewSetMixin, ListModelMixin, RetrieveModelMixin, ResourceView):
    """Badges."""

    queryset = AccredibleBadge.objects.select_related("user", "group").order_by("-pk")
    lookup_field = "uuid"
    model_name = "accrediblebadge"
    noun = "badge"
    listed_at = "badges/"
    action_permissions: ClassVar[dict[str, AnyOf]] = {"retry": ("deliver_accrediblebadge",)}

    @property
    def filterset_class(self) -> Any:
        """Learners get no filters that reach beyond their own."""
        return OwnBadgeFilters if self.action == _MINE else BadgeFilters

    def needed_permissions(self) -> list[AnyOf]:
        """Nothing to see one's own; for the rest, as everywhere."""
        return [] if self.action == _MINE else super().needed_permissions()

    def get_queryset(self) -> QuerySet[AccredibleBadge]:
        """The badges that the address stands for."""
        badges = super().get_queryset()
        return badges.filter(user=self.request.user.pk) if self.action == _MINE else badges

    def get_serializer_class(self) -> Any:
        """Staff see more than learners, and more of a single badge."""
        if self.action == _MINE:
            return OwnBadgeSerializer
        return BadgeSerializer if self.action == "list" else BadgeDetailSerializer

    @schema.listing("accredible_badges_list", "Badges of all learners, the newest first.")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All badges, in pages."""
        return super().list(request, *args, **kwargs)

    @schema.reading("accredible_badges_read", "A badge, with the latest things that were tried for it.")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One badge."""
        return super().retrieve(request, *args, **kwargs)

    @schema.listing(
        "accredible_badges_mine", "The caller's own badges, the newest first. Anybody who is logged in may."
    )
    @action(detail=False, url_name=_MINE)
    def mine(self, request: Request) -> Response:
        """A learner's own badges, in pages."""
        return super().list(request)

    @schema.acting(
        "accredible_badges_retry",
        "Have a badge delivered by whoever sends next, whatever went wrong before.",
        None,
        {
            200: ("It is due.", BadgeDetailSerializer),
            409: ("There is nothing to deliver, or a sender is at it now.", ErrorSerializer),
        },
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, uuid: str) -> Response:
        """Make the badge due."""
        badge = self.get_object()
        if not api.retry_badges(AccredibleBadge.objects.filter(pk=badge.pk), user=request.user):
            sentence = "There is nothing to deliver of this badge, or it is being delivered now: look at its state."
            return Response({"detail": sentence, "code": Code.NOTHING_TO_DO}, status.HTTP_409_CONFLICT)
        return Response(self.get_serializer(self.get_object()).data)
