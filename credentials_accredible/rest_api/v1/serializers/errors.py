"""What answers say of errors; see ``errors``."""

from __future__ import annotations

from rest_framework import serializers

from credentials_accredible.rest_api.v1.errors import Code
from credentials_accredible.rest_api.v1.serializers.plans import PlanSerializer


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
