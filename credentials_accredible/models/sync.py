"""A synchronisation, and what it took away."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.models.config import AccredibleAPIConfig


class SyncRun(TimeStampedModel):
    """One synchronisation of one configuration: who, when, how it ended, what it changed.

    While it runs, ``lock`` points to its configuration. The column is unique, so the database itself keeps a second
    run of the same configuration out; ``owner`` and ``heartbeat_at`` tell whether the one inside is still alive.

    .. pii: Links a member of staff to what they did.
    .. pii_types: id
    .. pii_retirement: retained
    """

    api_config = models.ForeignKey(
        AccredibleAPIConfig,
        models.SET_NULL,
        null=True,
        related_name="runs",
        verbose_name=_("API configuration"),
    )
    config_name = models.CharField(_("configuration name"), max_length=255)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    trigger = models.CharField(_("trigger"), max_length=16, choices=RunTrigger.choices)
    status = models.CharField(_("status"), max_length=16, choices=RunStatus.choices, default=RunStatus.RUNNING)
    created_count = models.PositiveIntegerField(_("created"), default=0)
    updated_count = models.PositiveIntegerField(_("updated"), default=0)
    unchanged_count = models.PositiveIntegerField(_("unchanged"), default=0)
    removed_count = models.PositiveIntegerField(_("removed"), default=0)
    conflicting_count = models.PositiveIntegerField(_("conflicting"), default=0)
    requests = models.PositiveIntegerField(_("requests"), default=0, help_text=_("Sent to Accredible, tries included."))
    error = models.TextField(_("reason"), blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lock = models.OneToOneField(
        AccredibleAPIConfig, models.SET_NULL, null=True, blank=True, editable=False, related_name="current_run"
    )
    owner = models.CharField(max_length=255, blank=True, editable=False)
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["api_config", "-started_at"], name="accredible_run_by_config")]

    def __str__(self) -> str:
        return f"{self.config_name}, {self.started_at:%Y-%m-%d %H:%M:%S} UTC: {self.get_status_display()}"


class GroupSnapshot(TimeStampedModel):
    """All that was configured under a group before it was removed.

    .. pii: ``data`` can hold the progress of learners.
    .. pii_types: id
    .. pii_retirement: consumer_api
    """

    sync_run = models.ForeignKey(
        SyncRun, models.SET_NULL, null=True, blank=True, related_name="snapshots", verbose_name=_("sync run")
    )
    api_config = models.ForeignKey(
        AccredibleAPIConfig,
        models.SET_NULL,
        null=True,
        related_name="snapshots",
        verbose_name=_("API configuration"),
    )
    accredible_id = models.BigIntegerField(_("Accredible ID"))
    name = models.TextField(_("name"))
    data = models.JSONField(_("data"))
    restored_at = models.DateTimeField(_("restored"), null=True, blank=True)

    class Meta:
        verbose_name = _("group snapshot")
        verbose_name_plural = _("group snapshots")
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return self.name
