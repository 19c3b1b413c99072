"""What events say of a learner, and the service's own tables cannot hold."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from credentials_accredible import host


class LearnerText(models.Model):
    """The name and the address of a learner as an event told them; only for whom the service's tables cut one of them.

    ``name_here`` and ``email_here`` are what the service has instead: once it has something else, this is out of date.

    .. pii: The name and the e-mail address of a learner.
    .. pii_types: name, email_address
    .. pii_retirement: local_api
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name=host.LEARNER_TEXT
    )
    name = models.TextField(blank=True)
    name_here = models.TextField(blank=True)
    email = models.TextField(blank=True)
    email_here = models.TextField(blank=True)

    class Meta:
        verbose_name = _("name that the service cannot hold")
        verbose_name_plural = _("names that the service cannot hold")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
