"""Sync runs."""

from __future__ import annotations

from rest_framework import serializers

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import SyncChange, SyncRun
from credentials_accredible.rest_api.v1.serializers.plans import ChangedFieldSerializer


class RunCountsSerializer(serializers.Serializer):
    """How many groups were changed; nothing but zeros where it did not succeed."""

    created = serializers.IntegerField(source="created_count")
    updated = serializers.IntegerField(source="updated_count")
    unchanged = serializers.IntegerField(source="unchanged_count")
    removed = serializers.IntegerField(source="removed_count")
    conflicting = serializers.IntegerField(source="conflicting_count")

    class Meta:
        ref_name = "AccredibleRunCounts"


class StageSerializer(serializers.Serializer):
    """How far it has come; null once it has ended."""

    name = serializers.CharField(
        source="stage", allow_blank=True, help_text="groups, designs or applying; empty before."
    )
    done = serializers.IntegerField(source="stage_done")
    total = serializers.IntegerField(source="stage_total", allow_null=True, help_text="null while it is not known.")

    class Meta:
        ref_name = "AccredibleRunStage"

    def get_attribute(self, instance: SyncRun) -> SyncRun | None:
        """The run, while it has stages."""
        return instance if instance.status in (RunStatus.QUEUED, RunStatus.RUNNING) else None


class RunSerializer(serializers.ModelSerializer):
    """One synchronisation of one configuration."""

    config = serializers.IntegerField(
        source="api_config_id", allow_null=True, help_text="The id of the API configuration; null once that is gone."
    )
    user = serializers.CharField(source="user.username", allow_null=True, help_text="Who started it; null: nobody.")
    counts = RunCountsSerializer(source="*")
    error = serializers.CharField(allow_blank=True, help_text="Why it failed or was refused.")
    warnings = serializers.ListField(child=serializers.CharField())
    needs_confirmation = serializers.BooleanField(
        help_text="It was refused because groups would be removed: look at the preview, and send its approval."
    )
    stage = StageSerializer(allow_null=True)

    class Meta:
        model = SyncRun
        ref_name = "AccredibleSyncRun"
        fields = [
            "id", "config", "config_name", "user", "trigger", "status", "counts", "requests", "error", "warnings",
            "needs_confirmation", "stage", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class ChangeSerializer(serializers.ModelSerializer):
    """What a run did to one group."""

    group = serializers.UUIDField(source="group.uuid", allow_null=True, help_text="null once the group is gone.")
    changes = ChangedFieldSerializer(source="fields", many=True, help_text="Long texts are shortened.")

    class Meta:
        model = SyncChange
        ref_name = "AccredibleSyncChange"
        fields = ["action", "accredible_id", "name", "group", "changes"]
        read_only_fields = fields
