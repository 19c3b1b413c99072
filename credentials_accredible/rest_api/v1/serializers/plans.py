"""What a synchronisation would change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from credentials_accredible.choices import RunStatus
from credentials_accredible.sync import report
from credentials_accredible.sync.plan import CarryOver, LocalGroup, Update
from credentials_accredible.sync.removal import Holdings


def as_text(value: Any) -> str | None:
    """A value of a group as text, times as ISO 8601; None where there is none."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


class CountsSerializer(serializers.Serializer):
    """How many groups."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    removed = serializers.IntegerField()
    conflicting = serializers.IntegerField(help_text="Skipped: another configuration of the environment holds them.")

    class Meta:
        ref_name = "AccredibleSyncCounts"


class ChangedFieldSerializer(serializers.Serializer):
    """One field that differs."""

    field = serializers.CharField()
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField(allow_null=True)

    class Meta:
        ref_name = "AccredibleChangedField"


class CreatedGroupSerializer(serializers.Serializer):
    """A group that is new at Accredible."""

    accredible_id = serializers.IntegerField()
    name = serializers.CharField()

    class Meta:
        ref_name = "AccredibleCreatedGroup"


class UpdatedGroupSerializer(CreatedGroupSerializer):
    """A group that differs at Accredible."""

    changes = ChangedFieldSerializer(many=True)

    class Meta:
        ref_name = "AccredibleUpdatedGroup"


class RemovedGroupSerializer(CreatedGroupSerializer):
    """A group that is gone at Accredible, and what goes with it."""

    is_active = serializers.BooleanField()
    requirements = serializers.IntegerField()
    rules = serializers.IntegerField()
    penalties = serializers.IntegerField()
    custom_attributes = serializers.IntegerField()
    learners = serializers.IntegerField(help_text="In progress; badges that were earned stay.")

    class Meta:
        ref_name = "AccredibleRemovedGroup"


class ConflictingGroupSerializer(CreatedGroupSerializer):
    """A group that another configuration holds."""

    holder = serializers.CharField(help_text="The name of that configuration.")

    class Meta:
        ref_name = "AccredibleConflictingGroup"


class CarriedGroupSerializer(UpdatedGroupSerializer):
    """A group that was made anew at Accredible, and keeps its configuration here. It is inactive afterwards."""

    instead_of = serializers.IntegerField(help_text="The id at Accredible that is gone.")

    class Meta:
        ref_name = "AccredibleCarriedGroup"


class OfferSerializer(serializers.Serializer):
    """What could be carried over; to have it done, send it as a part of “carry_over”."""

    removed = serializers.IntegerField(help_text="The id of a group that would be removed.")
    created = serializers.IntegerField(help_text="The id of the new group of the same name.")

    class Meta:
        ref_name = "AccredibleSameName"


class PlanSerializer(serializers.Serializer):
    """All that would change. Its instance is an outcome with a plan."""

    counts = CountsSerializer()
    created = CreatedGroupSerializer(many=True)
    updated = UpdatedGroupSerializer(many=True)
    removed = RemovedGroupSerializer(many=True)
    conflicting = ConflictingGroupSerializer(many=True)
    carried_over = CarriedGroupSerializer(many=True, help_text="Counted as updated.")
    same_name = OfferSerializer(many=True)
    approval = serializers.CharField(
        help_text="Send it as “approved” to sync: this plan is carried out then, or none at all."
    )

    class Meta:
        ref_name = "AccrediblePlan"

    def to_representation(self, outcome: Any) -> dict[str, Any]:
        """The plan, the groups in the order of Accredible's list."""
        plan = outcome.plan
        return {
            "counts": report.figures(plan),
            "created": [_named(group) for group in plan.create],
            "updated": [{**_named(update.remote), "changes": _changes(update)} for update in plan.update],
            "removed": [_removed(group, outcome.holdings.get(group.pk, Holdings())) for group in plan.remove],
            "conflicting": [{**_named(conflict.remote), "holder": conflict.holder} for conflict in plan.conflicting],
            "carried_over": [
                {**_named(pair.remote), "instead_of": pair.local.accredible_id, "changes": _changes(pair)}
                for pair in plan.carry
            ],
            "same_name": [
                {"removed": offer.local.accredible_id, "created": offer.remote.accredible_id}
                for offer in plan.lookalikes
            ],
            "approval": outcome.approval,
        }


class PreviewSerializer(serializers.Serializer):
    """What a sync would do now. Its instance is an outcome with a plan."""

    status = serializers.ChoiceField(
        [(str(status), status.label) for status in (RunStatus.SUCCEEDED, RunStatus.REFUSED)],
        help_text="refused: the guard against mass removal would stop a sync that is not forced or approved.",
    )
    detail = serializers.CharField(allow_blank=True, help_text="Why it would be refused.")
    needs_approval = serializers.BooleanField(
        help_text="Groups would be removed: a sync asks for the approval, or has to be forced."
    )
    warnings = serializers.ListField(child=serializers.CharField())
    plan = PlanSerializer()

    class Meta:
        ref_name = "AccrediblePreview"

    def to_representation(self, outcome: Any) -> dict[str, Any]:
        """The verdict, and the plan."""
        return {
            "status": str(outcome.status),
            "detail": outcome.error,
            "needs_approval": bool(outcome.plan.remove),
            "warnings": outcome.warnings,
            "plan": PlanSerializer(outcome).data,
        }


def _changes(change: Update | CarryOver) -> list[dict[str, Any]]:
    return [{"field": item.field, "old": as_text(item.old), "new": as_text(item.new)} for item in change.changes]


def _removed(group: LocalGroup, held: Holdings) -> dict[str, Any]:
    return {
        **_named(group),
        "is_active": group.is_active,
        "requirements": held.requirements,
        "rules": held.rules,
        "penalties": held.penalties,
        "custom_attributes": held.attributes,
        "learners": held.learners,
    }


def _named(group: Any) -> dict[str, Any]:
    return {"accredible_id": group.accredible_id, "name": group.name}
