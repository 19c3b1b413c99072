"""What is configured under a group: requirements, penalties, their data rules, custom attributes; and its version."""

from __future__ import annotations

import uuid
from string import ascii_uppercase

from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.events.words import event_type_words, path_words
from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.models.history import History

EVENT_TYPE_LENGTH = 255


class BadgeRequirement(TimeStampedModel):
    """Fulfilled by an event of its type for which all of its data rules hold.

    Requirements of one group with the same ``blend`` are alternatives; each different ``blend`` has to be fulfilled.
    One without a ``blend`` counts as having one of its own.

    .. no_pii: Configuration.
    """

    group = models.ForeignKey(AccredibleGroup, models.CASCADE, related_name="requirements", verbose_name=_("group"))
    # No choices here: the event types are a setting, and no setting may reach a migration.
    event_type = models.CharField(_("event type"), max_length=EVENT_TYPE_LENGTH)
    description = models.TextField(_("description"), blank=True, help_text=_("For staff: what this asks of learners."))
    blend = models.CharField(
        _("group letter"),
        max_length=1,
        blank=True,
        choices=[(letter, letter) for letter in ascii_uppercase],
        help_text=_("Same letter: any one of them is enough. Different letters, or none: all of them are needed."),
    )
    any_event = models.BooleanField(
        _("any event"), default=False, help_text=_("Fulfilled by every event of its type; needs no data rule.")
    )

    history = History(["group", "event_type", "description", "blend", "any_event"])

    class Meta:
        verbose_name = _("badge requirement")
        verbose_name_plural = _("badge requirements")
        ordering = ["group", "blend", "pk"]

    def __str__(self) -> str:
        return self.description or event_type_words(self.event_type)


class BadgePenalty(TimeStampedModel):
    """Takes back the fulfilment of its requirements upon an event of its type for which all of its rules hold.

    .. no_pii: Configuration.
    """

    group = models.ForeignKey(AccredibleGroup, models.CASCADE, related_name="penalties", verbose_name=_("group"))
    event_type = models.CharField(_("event type"), max_length=EVENT_TYPE_LENGTH)
    description = models.TextField(_("description"), blank=True, help_text=_("For staff: what costs the badge."))
    requirements = models.ManyToManyField(
        BadgeRequirement, related_name="penalties", verbose_name=_("requirements"), help_text=_("Those it takes back.")
    )

    history = History(["group", "event_type", "description"], chosen=[requirements])

    class Meta:
        verbose_name = _("badge penalty")
        verbose_name_plural = _("badge penalties")
        ordering = ["group", "pk"]

    def __str__(self) -> str:
        return self.description or event_type_words(self.event_type)


class AbstractDataRule(TimeStampedModel):
    """Compares one place in an event's payload with a value.

    .. no_pii: Configuration.
    """

    data_path = models.CharField(_("key path"), max_length=255, help_text=_("Where in the event's data to look."))
    operator = models.CharField(_("operator"), max_length=16, choices=Operator.choices, default=Operator.EQUAL)
    value = models.CharField(_("value"), max_length=255)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{path_words(self.data_path)} {Operator(self.operator).label} {self.value}"


class DataRule(AbstractDataRule):
    """A data rule of a requirement.

    .. no_pii: Configuration.
    """

    requirement = models.ForeignKey(
        BadgeRequirement, models.CASCADE, related_name="rules", verbose_name=_("requirement")
    )

    history = History(["requirement", "data_path", "operator", "value"])

    class Meta:
        verbose_name = _("data rule")
        verbose_name_plural = _("data rules")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["requirement", "data_path", "operator", "value"], name="accredible_data_rule_once"
            )
        ]


class PenaltyDataRule(AbstractDataRule):
    """A data rule of a penalty.

    .. no_pii: Configuration.
    """

    penalty = models.ForeignKey(BadgePenalty, models.CASCADE, related_name="rules", verbose_name=_("penalty"))

    history = History(["penalty", "data_path", "operator", "value"])

    class Meta:
        verbose_name = _("penalty data rule")
        verbose_name_plural = _("penalty data rules")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["penalty", "data_path", "operator", "value"], name="accredible_penalty_data_rule_once"
            )
        ]


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
        return f"{self.name}: {path_words(self.value) if self.source == AttributeSource.PATH else self.value}"


class RulesVersion(models.Model):
    """A token that changes whenever anything changes that decides which events count for the groups of a configuration.

    Its primary key is that of the configuration; ``rules.version`` has more rows, which it explains. Nothing refers to
    it, and it refers to nothing: it is also what is locked by who changes such things.

    A token and not a number: a change that is rolled back leaves no trace of its token, but its number would be used
    again for another change.

    .. no_pii: Configuration.
    """

    id = models.BigIntegerField(primary_key=True)
    token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.token)
