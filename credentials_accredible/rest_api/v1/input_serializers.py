"""What callers may send: values of one type and known names only, because a wish can be the removal of groups."""

from __future__ import annotations

from typing import Any

from django.contrib.sites.models import Site
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rest_framework import serializers

from credentials_accredible import api
from credentials_accredible.choices import AtAccredible

_DIGEST_LENGTH = 64
_LARGEST_SITE = 2**31 - 1
_LARGEST_ID = 2**63 - 1
_MOST_PAIRS = 1000
_LARGEST_LMS_ID = 2**31 - 1
_LONGEST_NAME = 255


class TrueFalseField(serializers.BooleanField):
    """``true`` or ``false``, and not what could be meant by it: it can stand for the removal of groups."""

    default_error_messages: Any = {"invalid": gettext_lazy("This must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class WholeNumberField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer):
    """Input in which a misspelled name is an error instead of a wish that is not heard."""

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        # What was sent is not repeated: it can be anything.
        if unknown := len(set(data) - set(self.fields)):
            known = ", ".join(self.fields)
            words = ngettext(
                "%(count)s unknown name. There are: %(known)s.",
                "%(count)s unknown names. There are: %(known)s.",
                unknown,
            )
            raise serializers.ValidationError({"non_field_errors": [words % {"count": unknown, "known": known}]})
        return values


class CarryOverSerializer(StrictSerializer):
    """A group that is gone at Accredible, and the one that was made there in its place."""

    removed = WholeNumberField(min_value=1, max_value=_LARGEST_ID, help_text="The id that is gone.")
    created = WholeNumberField(min_value=1, max_value=_LARGEST_ID, help_text="The id that is new.")

    class Meta:
        ref_name = "AccredibleCarryOver"


class PreviewRequestSerializer(StrictSerializer):
    force = TrueFalseField(default=False, help_text="As if removals had been agreed to, however many.")
    carry_over = CarryOverSerializer(  # type: ignore[call-arg]  # of the list that "many" makes
        many=True, required=False, max_length=_MOST_PAIRS, help_text="As in a sync: see same_name of a plan."
    )
    refresh_icons = TrueFalseField(default=False, help_text="Read every design again, not only new and changed ones.")

    class Meta:
        ref_name = "AccrediblePreviewRequest"

    def validate_carry_over(self, value: list[dict[str, int]]) -> dict[int, int]:
        return {pair["removed"]: pair["created"] for pair in value}


class SyncRequestSerializer(PreviewRequestSerializer):
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
        help_text="Groups that were recreated at Accredible: their configuration stays, under the new id.",
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
        if value is None:
            return None
        site = Site.objects.filter(pk=value).first()
        if site is None:
            raise serializers.ValidationError(_("There is no site of that id."))
        return site

    @property
    def consent(self) -> api.Consent:
        """What was agreed to: a removal has to be forced or approved, as in the admin."""
        values: dict[str, Any] = self.validated_data
        return api.Consent(
            force=values["force"], ask=True, approved=values["approved"] or "", carry_over=values.get("carry_over", {})
        )


class RetireRequestSerializer(StrictSerializer):
    username = serializers.CharField(
        max_length=_LONGEST_NAME, help_text="The user name: the old one, or that of the retired account."
    )
    lms_user_id = WholeNumberField(
        default=None,
        allow_null=True,
        min_value=1,
        max_value=_LARGEST_LMS_ID,
        help_text="The learner's id in the LMS: leads to an account that was renamed already.",
    )
    at_accredible = serializers.ChoiceField(
        AtAccredible.choices,
        default=AtAccredible.KEEP.value,
        help_text="What becomes of the credentials; what was asked for before is not taken back.",
    )

    class Meta:
        ref_name = "AccredibleRetireRequest"

    def validate_at_accredible(self, value: str) -> AtAccredible:
        return AtAccredible(value)
