"""What callers send."""

from __future__ import annotations

from typing import Any

from django.contrib.sites.models import Site
from rest_framework import serializers

from credentials_accredible import api
from credentials_accredible.rest_api.v1.serializers.fields import StrictSerializer, TrueFalseField, WholeNumberField

_DIGEST_LENGTH = 64
_LARGEST_SITE = 2**31 - 1


class PreviewRequestSerializer(StrictSerializer):
    """How to look."""

    force = TrueFalseField(default=False, help_text="As if removals had been agreed to, however many.")
    refresh_icons = TrueFalseField(default=False, help_text="Read every design again, not only new and changed ones.")

    class Meta:
        ref_name = "AccrediblePreviewRequest"


class SyncRequestSerializer(StrictSerializer):
    """What is agreed to, and how to sync."""

    force = TrueFalseField(default=False, help_text="Remove whatever is gone at Accredible, however much, unseen.")
    approved = serializers.RegexField(
        rf"^[0-9a-f]{{{_DIGEST_LENGTH}}}\Z",
        default=None,
        allow_null=True,
        trim_whitespace=False,
        help_text="The approval of a plan that somebody has looked at: of a preview, or of an answer with status 409.",
    )
    refresh_icons = TrueFalseField(default=False, help_text="Read every design again, not only new and changed ones.")
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
        return api.Consent(force=values["force"], ask=True, approved=values["approved"] or "")
