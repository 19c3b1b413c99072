"""Learners who have left: retiring them, for a pipeline, and what is still to be done at Accredible."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext_lazy
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from credentials_accredible import api
from credentials_accredible.choices import AtAccredible
from credentials_accredible.exceptions import RetirementRefused
from credentials_accredible.models import RetiredLearner
from credentials_accredible.rest_api.v1 import schema
from credentials_accredible.rest_api.v1.base import AnyOf, ResourceViewSet
from credentials_accredible.rest_api.v1.errors import Code, ErrorSerializer
from credentials_accredible.rest_api.v1.filters import RetirementFilters
from credentials_accredible.rest_api.v1.input_serializers import RetireRequestSerializer

_WAITING = "For how many credentials that is still to be done; it is tried until it is done."
_FAILED = "For how many more a person is needed: their badges say why."


class RetiredLearnerSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username", allow_null=True, help_text="Who has retired them.")
    waiting = serializers.IntegerField(help_text=_WAITING)
    failed = serializers.IntegerField(help_text=_FAILED)

    class Meta:
        model = RetiredLearner
        ref_name = "AccredibleRetiredLearner"
        fields: ClassVar[Any] = [
            "id", "lms_user_id", "at_accredible", "user", "waiting", "failed", "created", "modified",
        ]  # fmt: skip
        read_only_fields = fields


class ErasedSerializer(serializers.Serializer):
    failed_events = serializers.IntegerField()
    spooled_events = serializers.IntegerField(help_text="Files on the disk of the machine that has answered.")
    progress = serializers.IntegerField()
    fulfilments = serializers.IntegerField()
    early_penalties = serializers.IntegerField()
    snapshot_entries = serializers.IntegerField()
    badges = serializers.IntegerField(help_text="Parted from the learner, or now to be revoked after all.")

    class Meta:
        ref_name = "AccredibleErased"


class RetirementSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="learner.pk")
    lms_user_id = serializers.IntegerField(source="learner.lms_user_id", allow_null=True)
    at_accredible = serializers.ChoiceField(AtAccredible.choices, source="learner.at_accredible")
    has_account = serializers.BooleanField(help_text="Whether the service has an account of theirs.")
    changed = serializers.BooleanField(help_text="Whether anything was stored of them until now.")
    erased = ErasedSerializer()
    waiting = serializers.IntegerField(help_text=_WAITING)
    failed = serializers.IntegerField(help_text=_FAILED)

    class Meta:
        ref_name = "AccredibleRetirement"


@schema.resource(
    "accredible_retirements",
    listed="Learners who have left, the latest first, with what is still to be done at Accredible.",
    read="A learner who has left.",
)
class RetirementViewSet(ResourceViewSet):
    queryset = RetiredLearner.objects.with_outstanding().select_related("user").order_by("-pk")
    serializer_class = RetiredLearnerSerializer
    filterset_class = RetirementFilters
    lookup_url_kwarg = "id"
    model_name = "retiredlearner"
    no_such = gettext_lazy("There is no such retired learner: GET %(address)s lists those there are.")
    listed_at = "retirements/"

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        # That the learner has left has to be committed before anything is erased.
        return transaction.non_atomic_requests(super().as_view(*args, **kwargs))

    def needed_permissions(self) -> list[AnyOf]:
        """To retire takes a permission of its own, beside that of seeing who was retired."""
        return [*super().needed_permissions(), *([("retire_learner",)] if self.action == "create" else [])]

    @schema.acting(
        "accredible_retirements_create",
        "Retire a learner: erase what is stored of them, stop what waits to be sent, and have done at Accredible what "
        "is asked for. The same request again changes nothing, and says how far it is.",
        RetireRequestSerializer,
        {
            200: ("It is erased; at Accredible, something can be left to be done.", RetirementSerializer),
            409: ("Nothing was changed: it is not clear who is meant.", ErrorSerializer),
        },
    )
    def create(self, request: Request) -> Response:
        wanted = RetireRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            done = api.retire(**wanted.validated_data, user=request.user)
        except RetirementRefused as error:
            return Response({"detail": str(error), "code": Code.LEARNER_UNCLEAR}, status.HTTP_409_CONFLICT)
        return Response(RetirementSerializer(done).data)
