"""Groups, with what is configured under them."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
)
from credentials_accredible.rest_api.v1.permissions import may, reading
from credentials_accredible.rest_api.v1.serializers.fields import WebAddressField

# What is configured under a group, by the name of the field: its model, and what comes with it in few queries.
NESTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "requirements": ("badgerequirement", ("requirements__rules",)),
    "penalties": ("badgepenalty", ("penalties__rules", "penalties__requirements")),
    "custom_attributes": ("customattribute", ("custom_attributes",)),
}


def hidden_from(user: Any) -> list[str]:
    """Which of the nested parts the user may not see."""
    return [name for name, (model_name, _paths) in NESTED.items() if not may(user, reading(model_name))]


class RuleSerializer(serializers.ModelSerializer):
    """A data rule of a requirement."""

    class Meta:
        model = DataRule
        ref_name = "AccredibleDataRule"
        fields = ["data_path", "operator", "value"]
        read_only_fields = fields


class PenaltyRuleSerializer(RuleSerializer):
    """A data rule of a penalty."""

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
    """What takes fulfilments back."""

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
    """What a credential tells beside the learner and the day."""

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
        """The group, with null for what the caller may not see."""
        return {**super().to_representation(instance), **dict.fromkeys(self._hidden)}

    @property
    def _hidden(self) -> Any:
        return self.context.get("hidden", ())
