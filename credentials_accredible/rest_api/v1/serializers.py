"""What resources look like: badges, API configurations, groups, and sync runs with their changes."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from credentials_accredible import api
from credentials_accredible.choices import BadgeStatus, OwnStanding, RunStatus
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeLogEntry,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    SyncChange,
    SyncRun,
)
from credentials_accredible.rest_api.v1.base import may, reading
from credentials_accredible.rest_api.v1.plan_serializers import ChangedFieldSerializer

# So many entries of the log: a badge that was tried for weeks has hundreds of them.
LOG_LENGTH = 50


class WebAddressField(serializers.CharField):
    """An address of the web, for pages to link to: empty where what the provider gave is anything else."""

    def to_representation(self, value: Any) -> str:
        return api.web_link(str(value))


class BadgeSerializer(serializers.ModelSerializer):
    username = serializers.CharField(
        source="user.username", allow_null=True, help_text="The learner; null for one who has left."
    )
    group = serializers.UUIDField(source="group.uuid", allow_null=True, help_text="null once the group is gone.")
    config = serializers.IntegerField(
        source="api_config_id", allow_null=True, help_text="The id of the API configuration; null once that is gone."
    )
    url = WebAddressField(allow_blank=True, help_text="The credential's page; empty until there is one.")
    last_error = serializers.CharField(
        allow_blank=True, help_text="In Accredible's words; can quote the learner's address."
    )

    class Meta:
        model = AccredibleBadge
        ref_name = "AccredibleBadge"
        fields = [
            "uuid", "username", "group", "group_name", "accredible_group_id", "config", "status", "state", "problem",
            "external_id", "url", "issued_on", "expired_on", "attempts", "next_attempt_at", "delivered_at",
            "last_error", "created", "modified",
        ]  # fmt: skip
        read_only_fields = fields


class LatestEntries(serializers.ListSerializer):
    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(data.select_related("user")[:LOG_LENGTH])


class LogEntrySerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username", allow_null=True, help_text="null: a sender did it.")

    class Meta:
        model = BadgeLogEntry
        ref_name = "AccredibleBadgeLogEntry"
        list_serializer_class = LatestEntries
        fields = ["created", "action", "succeeded", "detail", "user"]
        read_only_fields = fields


class BadgeDetailSerializer(BadgeSerializer):
    log = LogEntrySerializer(many=True, help_text=f"The latest {LOG_LENGTH} things done or tried, newest first.")

    class Meta(BadgeSerializer.Meta):
        ref_name = "AccredibleBadgeDetail"
        fields = [*BadgeSerializer.Meta.fields, "log"]
        read_only_fields = fields


class OwnBadgeSerializer(serializers.Serializer):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField(allow_null=True, help_text="null once its group is gone.")
    icon_url = serializers.CharField(allow_null=True, help_text="null once its group is gone.")
    status = serializers.ChoiceField(BadgeStatus.choices)
    standing = serializers.ChoiceField(
        OwnStanding.choices,
        help_text="pending: earned, and nobody can see it at Accredible yet; expired: not valid now.",
    )
    url = serializers.CharField(allow_blank=True, help_text="Its page at Accredible; empty while nobody can see it.")
    issued_on = serializers.DateField(allow_null=True)
    expired_on = serializers.DateField(allow_null=True, help_text="The day on which it was revoked.")
    valid_until = serializers.DateField(allow_null=True, help_text="Its last day; null: without an end, or not known.")
    created = serializers.DateTimeField()

    class Meta:
        ref_name = "AccredibleOwnBadge"

    def to_representation(self, instance: AccredibleBadge) -> dict[str, Any]:
        return super().to_representation(api.as_learner_sees(instance))


class GroupCountsSerializer(serializers.Serializer):
    total = serializers.IntegerField(source="groups_total")
    active = serializers.IntegerField(source="groups_active")

    class Meta:
        ref_name = "AccredibleGroupCounts"


class LastRunSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="last_run")
    status = serializers.ChoiceField(RunStatus.choices, source="last_status")
    started_at = serializers.DateTimeField(source="last_started")

    class Meta:
        ref_name = "AccredibleLastRun"

    def get_attribute(self, instance: Any) -> Any:
        return instance if instance.last_run else None


class ConfigSerializer(serializers.ModelSerializer):
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


# What is configured under a group, by the name of the field: its model, and what comes with it in few queries.
NESTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "requirements": ("badgerequirement", ("requirements__rules",)),
    "penalties": ("badgepenalty", ("penalties__rules", "penalties__requirements")),
    "custom_attributes": ("customattribute", ("custom_attributes",)),
}


def hidden_from(user: Any) -> list[str]:
    return [name for name, (model_name, _paths) in NESTED.items() if not may(user, reading(model_name))]


class RuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = DataRule
        ref_name = "AccredibleDataRule"
        fields = ["data_path", "operator", "value"]
        read_only_fields = fields


class PenaltyRuleSerializer(RuleSerializer):
    class Meta(RuleSerializer.Meta):
        model = PenaltyDataRule  # type: ignore[assignment]
        ref_name = "AccrediblePenaltyDataRule"


class RequirementSerializer(serializers.ModelSerializer):
    """What learners have to do: all rules have to hold, or none is asked for."""

    rules = RuleSerializer(many=True)

    class Meta:
        model = BadgeRequirement
        ref_name = "AccredibleRequirement"
        fields = ["id", "event_type", "description", "blend", "any_event", "rules"]
        read_only_fields = fields


class PenaltySerializer(serializers.ModelSerializer):
    requirements: Any = serializers.PrimaryKeyRelatedField(
        many=True, read_only=True, help_text="The ids of those it takes back."
    )
    rules = PenaltyRuleSerializer(many=True)

    class Meta:
        model = BadgePenalty
        ref_name = "AccrediblePenalty"
        fields = ["id", "event_type", "description", "requirements", "rules"]
        read_only_fields = fields


class CustomAttributeSerializer(serializers.ModelSerializer):
    class Meta:
        model = CustomAttribute
        ref_name = "AccredibleCustomAttribute"
        fields = ["name", "source", "value"]
        read_only_fields = fields


class GroupSerializer(serializers.ModelSerializer):
    """A badge definition. Its nested parts are null for those who may not see them."""

    config = serializers.IntegerField(source="api_config_id", help_text="The id of the API configuration.")
    icon_url = WebAddressField(allow_blank=True, help_text="Empty where there is none.")
    site = serializers.IntegerField(source="site_id", allow_null=True, help_text="The id of the site.")
    management_url = serializers.CharField(
        allow_blank=True, help_text="Its page in Accredible's dashboard; empty where the environment is not known."
    )
    requirements = RequirementSerializer(many=True, allow_null=True)
    penalties = PenaltySerializer(many=True, allow_null=True)
    custom_attributes = CustomAttributeSerializer(many=True, allow_null=True)

    class Meta:
        model = AccredibleGroup
        ref_name = "AccredibleGroup"
        fields: ClassVar[list[str]] = [
            "uuid", "config", "accredible_id", "name", "internal_name", "description", "icon_url", "design_id", "site",
            "is_active", "management_url", "remote_created_at", "remote_updated_at", "synced_at", "requirements",
            "penalties", "custom_attributes", "created", "modified",
        ]  # fmt: skip
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """The fields; what the caller may not see is not even fetched."""
        return {name: field for name, field in super().get_fields().items() if name not in self._hidden}

    def to_representation(self, instance: AccredibleGroup) -> dict[str, Any]:
        return {**super().to_representation(instance), **dict.fromkeys(self._hidden)}

    @property
    def _hidden(self) -> Any:
        return self.context.get("hidden", ())


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
    kept_back_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Until then Accredible's rate limit keeps its next request back; null or in the past: it does not.",
    )

    class Meta:
        ref_name = "AccredibleRunStage"

    def get_attribute(self, instance: SyncRun) -> SyncRun | None:
        return instance if instance.status in (RunStatus.QUEUED, RunStatus.RUNNING) else None


class ConflictSerializer(serializers.Serializer):
    accredible_id = serializers.IntegerField()
    name = serializers.CharField()
    holder = serializers.CharField(help_text="The name of the configuration that held it.")

    class Meta:
        ref_name = "AccredibleRunConflict"


class RunSerializer(serializers.ModelSerializer):
    config = serializers.IntegerField(
        source="api_config_id", allow_null=True, help_text="The id of the API configuration; null once that is gone."
    )
    user = serializers.CharField(source="user.username", allow_null=True, help_text="Who started it; null: nobody.")
    counts = RunCountsSerializer(source="*")
    conflicts = ConflictSerializer(many=True, help_text="The first 100 groups that another configuration holds.")
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
            "id", "config", "config_name", "user", "trigger", "status", "counts", "conflicts", "requests", "error",
            "warnings", "needs_confirmation", "stage", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class ChangeSerializer(serializers.ModelSerializer):
    group = serializers.UUIDField(source="group.uuid", allow_null=True, help_text="null once the group is gone.")
    changes = ChangedFieldSerializer(source="fields", many=True, help_text="Long texts are shortened.")

    class Meta:
        model = SyncChange
        ref_name = "AccredibleSyncChange"
        fields = ["action", "accredible_id", "name", "group", "changes"]
        read_only_fields = fields
