"""What was taken over from the service's built-in integration: which row there became which row here."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from credentials_accredible.choices import Adopted


class AdoptedRow(models.Model):
    """A row of the built-in integration that was taken over, and the row here that stands for it.

    ``made``: the row here was made for it; otherwise it was here before. ``above`` is the configuration of a group, and
    the group of what belongs to it. ``before`` is what an undo gives back or compares: of
    a group ``builtin_active``, ``active`` and ``configuration``, of a badge ``status`` and ``external_id``.

    .. no_pii: Primary keys of both sides.
    """

    kind = models.CharField(max_length=16, choices=Adopted.choices)
    builtin_id = models.BigIntegerField()
    own_id = models.BigIntegerField()
    made = models.BooleanField()
    above = models.ForeignKey("self", models.CASCADE, null=True, related_name="below")
    before = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("row taken over from the built-in integration")
        verbose_name_plural = _("rows taken over from the built-in integration")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "builtin_id"], name="accredible_adopted_once")]
        indexes = [models.Index(fields=["kind", "own_id"], name="accredible_adopted_own")]

    def __str__(self) -> str:
        return f"{self.kind} {self.builtin_id}"
