"""API configurations, without their keys."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig


class GroupCountsSerializer(serializers.Serializer):
    """How many groups it has."""

    total = serializers.IntegerField(source="groups_total")
    active = serializers.IntegerField(source="groups_active")

    class Meta:
        ref_name = "AccredibleGroupCounts"


class LastRunSerializer(serializers.Serializer):
    """The latest sync; null where there was none."""

    id = serializers.IntegerField(source="last_run")
    status = serializers.ChoiceField(RunStatus.choices, source="last_status")
    started_at = serializers.DateTimeField(source="last_started")

    class Meta:
        ref_name = "AccredibleLastRun"

    def get_attribute(self, instance: Any) -> Any:
        """The configuration, whose query brings the figures along."""
        return instance if instance.last_run else None


class ConfigSerializer(serializers.ModelSerializer):
    """An account at Accredible."""

    groups = GroupCountsSerializer(source="*")
    last_run = LastRunSerializer(allow_null=True)

    class Meta:
        model = AccredibleAPIConfig
        ref_name = "AccredibleAPIConfig"
        fields = [
            "id", "name", "environment", "issuer_name", "credits_left", "checked_at", "groups", "last_run",
            "sync_interval", "next_sync_at", "paused_at", "pause_reason", "held_until", "created", "modified",
        ]  # fmt: skip
        read_only_fields = fields
