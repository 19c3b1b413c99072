"""An event that could not be processed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.events.words import event_type_words
from credentials_accredible.models.rules import EVENT_TYPE_LENGTH
from credentials_accredible.text import moment


class FailedEvent(TimeStampedModel):
    """An event whose processing failed, kept because the event bus does not bring it back.

    ``payload`` holds ``event``, what the event said, and ``learner``, whom it was about; it is emptied once the event
    has been processed after all.

    .. pii: What an event says of a learner, until it has been processed.
    .. pii_types: id, name, username, email_address
    .. pii_retirement: local_api
    """

    event_type = models.CharField(_("event type"), max_length=EVENT_TYPE_LENGTH)
    event_id = models.CharField(_("event ID"), max_length=64, blank=True, db_index=True)
    event_time = models.DateTimeField(_("time of the event"))
    payload = models.JSONField(_("payload"), default=dict)
    error = models.TextField(_("reason"))
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    resolved_at = models.DateTimeField(_("processed"), null=True, blank=True)

    class Meta:
        verbose_name = _("failed event")
        verbose_name_plural = _("failed events")
        ordering = ["-created", "-pk"]
        permissions = [("process_failedevent", "Can process failed events again")]

    def __str__(self) -> str:
        return f"{event_type_words(self.event_type)}, {moment(self.event_time)}"
