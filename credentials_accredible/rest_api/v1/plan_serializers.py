"""What a sync would change, as JSON: a plan, a preview, and the answer where a sync was not carried out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from rest_framework import serializers

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.rest_api.v1.errors import ErrorSerializer


class ValueField(serializers.CharField):
    """A value of a group as text, times as ISO 8601."""

    def to_representation(self, value: Any) -> str:
        return value.isoformat() if isinstance(value, datetime) else str(value)


class CountsSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    removed = serializers.IntegerField()
    conflicting = serializers.IntegerField(help_text="Skipped: another configuration of the environment holds them.")

    class Meta:
        ref_name = "AccredibleSyncCounts"

    def get_attribute(self, outcome: api.Outcome) -> dict[str, int]:
        return api.plan_figures(outcome.plan)


class ChangedFieldSerializer(serializers.Serializer):
    field = serializers.CharField()
    old = ValueField(allow_null=True)
    new = ValueField(allow_null=True)

    class Meta:
        ref_name = "AccredibleChangedField"


class CreatedGroupSerializer(serializers.Serializer):
    accredible_id = serializers.IntegerField()
    name = serializers.CharField()

    class Meta:
        ref_name = "AccredibleCreatedGroup"


class UpdatedGroupSerializer(serializers.Serializer):
    accredible_id = serializers.IntegerField(source="remote.accredible_id")
    name = serializers.CharField(source="remote.name")
    changes = ChangedFieldSerializer(many=True)

    class Meta:
        ref_name = "AccredibleUpdatedGroup"


class RemovedGroupSerializer(CreatedGroupSerializer):
    is_active = serializers.BooleanField()
    requirements = serializers.IntegerField()
    rules = serializers.IntegerField()
    penalties = serializers.IntegerField()
    custom_attributes = serializers.IntegerField(source="attributes")
    learners = serializers.IntegerField(help_text="In progress; badges that were earned stay.")

    class Meta:
        ref_name = "AccredibleRemovedGroup"

    def to_representation(self, group: Any) -> dict[str, Any]:
        outcome: Any = self.root.instance
        return super().to_representation(asdict(group) | asdict(outcome.holdings.get(group.pk, api.Holdings())))


class ConflictingGroupSerializer(serializers.Serializer):
    accredible_id = serializers.IntegerField(source="remote.accredible_id")
    name = serializers.CharField(source="remote.name")
    holder = serializers.CharField(help_text="The name of that configuration.")

    class Meta:
        ref_name = "AccredibleConflictingGroup"


class CarriedGroupSerializer(UpdatedGroupSerializer):
    """A group that was recreated at Accredible, and keeps its configuration here. It is inactive afterwards."""

    instead_of = serializers.IntegerField(source="local.accredible_id", help_text="The id at Accredible that is gone.")

    class Meta:
        ref_name = "AccredibleCarriedGroup"


class OfferSerializer(serializers.Serializer):
    """What could be carried over; to have it done, send it as a part of “carry_over”."""

    removed = serializers.IntegerField(
        source="local.accredible_id", help_text="The id of a group that would be removed."
    )
    created = serializers.IntegerField(
        source="remote.accredible_id", help_text="The id of the new group of the same name."
    )

    class Meta:
        ref_name = "AccredibleSameName"


class PlanSerializer(serializers.Serializer):
    """All that would change, groups in the order of Accredible's list. Its instance is an outcome with a plan."""

    counts = CountsSerializer()
    created = CreatedGroupSerializer(source="plan.create", many=True)
    updated = UpdatedGroupSerializer(source="plan.update", many=True)
    removed = RemovedGroupSerializer(source="plan.remove", many=True)
    conflicting = ConflictingGroupSerializer(source="plan.conflicting", many=True)
    carried_over = CarriedGroupSerializer(source="plan.carry", many=True, help_text="Counted as updated.")
    same_name = OfferSerializer(source="plan.lookalikes", many=True)
    approval = serializers.CharField(
        help_text="Send it as “approved” to sync: this plan is carried out then, or none at all."
    )

    class Meta:
        ref_name = "AccrediblePlan"


class PreviewSerializer(serializers.Serializer):
    """What a sync would do now. Its instance is an outcome with a plan."""

    status = serializers.ChoiceField(
        [(str(status), status.label) for status in (RunStatus.SUCCEEDED, RunStatus.REFUSED)],
        help_text="refused: the guard against mass removal would stop a sync that is not forced or approved.",
    )
    detail = serializers.CharField(source="error", allow_blank=True, help_text="Why it would be refused.")
    needs_approval = serializers.BooleanField(
        help_text="Groups would be removed: a sync asks for the approval, or has to be forced."
    )
    warnings = serializers.ListField(child=serializers.CharField())
    plan = PlanSerializer(source="*")

    class Meta:
        ref_name = "AccrediblePreview"


class NotSyncedSerializer(ErrorSerializer):
    """Why a configuration was not synced. Its groups are as before."""

    run = serializers.IntegerField(required=False, help_text="The id of the run that records it.")
    plan = PlanSerializer(required=False, help_text="What it would have changed, if it came that far.")

    class Meta:
        ref_name = "AccredibleNotSynced"
