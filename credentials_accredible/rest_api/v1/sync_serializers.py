"""What a synchronisation would change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sites.models import Site
from rest_framework import serializers

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.rest_api.v1.errors import Code
from credentials_accredible.snapshots.taking import Holdings
from credentials_accredible.sync import report
from credentials_accredible.sync.plan import CarryOver, LocalGroup, Update


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


WEB = ("https://", "http://")


def web_address(value: str) -> str:
    """An address as the provider gave it, empty where no browser should follow it."""
    return value if value.startswith(WEB) else ""


class WebAddressField(serializers.CharField):
    """An address of the web, for pages to link to: empty where what the provider gave is anything else."""

    def to_representation(self, value: Any) -> str:
        """The address, or nothing."""
        return web_address(str(value))


class TrueFalseField(serializers.BooleanField):
    """``true`` or ``false``, and not what could be meant by it: it can stand for the removal of groups."""

    default_error_messages = {"invalid": "This must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """The value, if it is one of these."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class WholeNumberField(serializers.IntegerField):
    """A JSON number without fraction."""

    def to_internal_value(self, data: Any) -> int:
        """The number, if it is one."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer):
    """Input in which a misspelled name is an error instead of a wish that is not heard."""

    def to_internal_value(self, data: Any) -> Any:
        """The values by name; ValidationError where there is a name that does not exist."""
        values = super().to_internal_value(data)
        # What was sent is not repeated: it can be anything.
        if unknown := len(set(data) - set(self.fields)):
            known = ", ".join(self.fields)
            raise serializers.ValidationError({"non_field_errors": [f"{unknown} unknown name(s). There are: {known}."]})
        return values


_DIGEST_LENGTH = 64
_LARGEST_SITE = 2**31 - 1
_LARGEST_ID = 2**63 - 1
_MOST_PAIRS = 1000


class CarryOverSerializer(StrictSerializer):
    """A group that is gone at Accredible, and the one that was made there in its place."""

    removed = WholeNumberField(min_value=1, max_value=_LARGEST_ID, help_text="The id that is gone.")
    created = WholeNumberField(min_value=1, max_value=_LARGEST_ID, help_text="The id that is new.")

    class Meta:
        ref_name = "AccredibleCarryOver"


class PreviewRequestSerializer(StrictSerializer):
    """How to look."""

    force = TrueFalseField(default=False, help_text="As if removals had been agreed to, however many.")
    carry_over = CarryOverSerializer(  # type: ignore[call-arg]  # of the list that "many" makes
        many=True, required=False, max_length=_MOST_PAIRS, help_text="As in a sync: see same_name of a plan."
    )
    refresh_icons = TrueFalseField(default=False, help_text="Read every design again, not only new and changed ones.")

    class Meta:
        ref_name = "AccrediblePreviewRequest"

    def validate_carry_over(self, value: list[dict[str, int]]) -> dict[int, int]:
        """The new ids by those that are gone."""
        return {pair["removed"]: pair["created"] for pair in value}


class SyncRequestSerializer(PreviewRequestSerializer):
    """What is agreed to, and how to sync."""

    force = TrueFalseField(default=False, help_text="Remove whatever is gone at Accredible, however much, unseen.")
    approved = serializers.RegexField(
        rf"^[0-9a-f]{{{_DIGEST_LENGTH}}}\Z",
        default=None,
        allow_null=True,
        trim_whitespace=False,
        help_text="The approval of a plan that somebody has looked at: of a preview, or of an answer with status 409.",
    )
    carry_over = CarryOverSerializer(  # type: ignore[call-arg]
        many=True,
        required=False,
        max_length=_MOST_PAIRS,
        help_text="Groups that were made anew at Accredible: their configuration stays, under the new id.",
    )
    site = WholeNumberField(
        default=None,
        allow_null=True,
        min_value=1,
        max_value=_LARGEST_SITE,
        help_text="The id of the site that new groups get; by default, the site of the request.",
    )

    class Meta:
        ref_name = "AccredibleSyncRequest"

    def validate_site(self, value: int | None) -> Site | None:
        """The site of that id."""
        if value is None:
            return None
        site = Site.objects.filter(pk=value).first()
        if site is None:
            raise serializers.ValidationError("There is no site of that id.")
        return site

    @property
    def consent(self) -> api.Consent:
        """What was agreed to: a removal has to be forced or approved, as in the admin."""
        values: dict[str, Any] = self.validated_data
        return api.Consent(
            force=values["force"], ask=True, approved=values["approved"] or "", carry_over=values.get("carry_over", {})
        )


class ErrorSerializer(serializers.Serializer):
    """An error."""

    detail = serializers.CharField(help_text="What is wrong, and what to do.")
    code = serializers.ChoiceField(Code.choices, required=False, help_text="For programs, where they can react to it.")

    class Meta:
        ref_name = "AccredibleError"


class InvalidSerializer(serializers.Serializer):
    """Input that cannot be used."""

    detail = serializers.CharField(help_text="What is wrong, and what to do.")
    errors = serializers.DictField(  # type: ignore[assignment]  # the declaration does not stay on the class
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="The messages by field; those about all of it under non_field_errors.",
    )

    class Meta:
        ref_name = "AccredibleInvalidInput"


class NotSyncedSerializer(ErrorSerializer):
    """Why a configuration was not synced. Its groups are as before."""

    run = serializers.IntegerField(required=False, help_text="The id of the run that records it.")
    plan = PlanSerializer(required=False, help_text="What it would have changed, if it came that far.")

    class Meta:
        ref_name = "AccredibleNotSynced"
