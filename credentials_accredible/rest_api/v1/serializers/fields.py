"""Fields that say exactly what they hold, and take nothing else."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

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
