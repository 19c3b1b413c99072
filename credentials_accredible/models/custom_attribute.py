"""What a credential tells beside the learner and the day."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import AttributeSource
from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.models.history import History


class CustomAttribute(TimeStampedModel):
    """One custom attribute of the credentials of a group: its name at Accredible, and where its value comes from.

    .. no_pii: Configuration.
    """

    group = models.ForeignKey(
        AccredibleGroup, models.CASCADE, related_name="custom_attributes", verbose_name=_("group")
    )
    name = models.CharField(
        _("attribute key"), max_length=255, help_text=_("The name of the attribute in the account at Accredible.")
    )
    source = models.CharField(_("source"), max_length=16, choices=AttributeSource.choices, default=AttributeSource.PATH)
    value = models.CharField(
        _("key path or text"), max_length=255, help_text=_("Where in the event's data to look, or the text itself.")
    )

    history = History(["group", "name", "source", "value"])

    class Meta:
        verbose_name = _("custom attribute")
        verbose_name_plural = _("custom attributes")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="accredible_attribute_once_per_group")]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
