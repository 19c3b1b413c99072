"""Badges: as staff see them, and as their learners do."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from credentials_accredible.choices import BadgeState, BadgeStatus
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry
from credentials_accredible.rest_api.v1.serializers.fields import WebAddressField, web_address

# So many entries of the log: a badge that was tried for weeks has hundreds of them.
LOG_LENGTH = 50


class BadgeSerializer(serializers.ModelSerializer):
    """A badge, and how far it has come at Accredible."""

    username = serializers.CharField(source="user.username", help_text="The learner.")
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
    """The newest entries of a log."""

    def to_representation(self, data: Any) -> list[Any]:
        """Some entries, however many there are."""
        return super().to_representation(data.select_related("user")[:LOG_LENGTH])


class LogEntrySerializer(serializers.ModelSerializer):
    """Something that was done about the badge, or tried."""

    user = serializers.CharField(source="user.username", allow_null=True, help_text="null: a sender did it.")

    class Meta:
        model = BadgeLogEntry
        ref_name = "AccredibleBadgeLogEntry"
        list_serializer_class = LatestEntries
        fields = ["created", "action", "succeeded", "detail", "user"]
        read_only_fields = fields


class BadgeDetailSerializer(BadgeSerializer):
    """A badge with what was tried for it."""

    log = LogEntrySerializer(many=True, help_text=f"The latest {LOG_LENGTH} things done or tried, newest first.")

    class Meta(BadgeSerializer.Meta):
        ref_name = "AccredibleBadgeDetail"
        fields = [*BadgeSerializer.Meta.fields, "log"]
        read_only_fields = fields


class OwnBadgeSerializer(serializers.ModelSerializer):
    """A badge, as its learner sees it."""

    name = serializers.CharField(source="group_name")
    description = serializers.CharField(source="group.description", allow_null=True, help_text="null once it is gone.")
    icon_url = WebAddressField(source="group.icon_url", allow_null=True, help_text="null once it is gone.")
    status = serializers.ChoiceField(BadgeStatus.choices)
    url = serializers.CharField(allow_blank=True, help_text="Its page at Accredible; empty while nobody can see it.")

    class Meta:
        model = AccredibleBadge
        ref_name = "AccredibleOwnBadge"
        fields = ["uuid", "name", "description", "icon_url", "status", "url", "issued_on", "expired_on", "created"]
        read_only_fields = fields

    def to_representation(self, instance: AccredibleBadge) -> dict[str, Any]:
        """The badge; its page is named while it is published."""
        published = instance.status == BadgeStatus.AWARDED and instance.state == BadgeState.ACCEPTED
        return {**super().to_representation(instance), "url": web_address(instance.url) if published else ""}
