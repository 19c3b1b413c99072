"""A synchronisation, and what it took away."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import ChangeAction, RunStatus, RunTrigger, SnapshotCause
from credentials_accredible.models.config import AccredibleAPIConfig
from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.text import moment


class SyncRun(TimeStampedModel):
    """One synchronisation of one configuration: who, when, how it ended, what it changed.

    While it is queued or running, ``lock`` points to its configuration. The column is unique, so the database itself
    keeps a second run of the same configuration out; ``owner`` and ``heartbeat_at`` tell whether the one inside is
    still alive. ``stage``, ``stage_done`` and ``stage_total`` say how far it has come: "groups", "designs" or
    "applying", and how many of how many, None where that is not known; ``kept_back_until``, until when Accredible's
    rate limit keeps its next request back.

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
    # The first groups that another configuration holds: {"accredible_id", "name", "holder"}, the last is its name.
    conflicts = models.JSONField(_("conflicts"), default=list, blank=True, editable=False)
    # It was refused because a person has to look at what would be removed, and to agree to it.
    needs_confirmation = models.BooleanField(_("has to be confirmed"), default=False, editable=False)
    stage = models.CharField(_("stage"), max_length=16, blank=True, editable=False)
    stage_done = models.PositiveIntegerField(default=0, editable=False)
    stage_total = models.PositiveIntegerField(null=True, editable=False)
    kept_back_until = models.DateTimeField(null=True, editable=False)
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
        return f"{self.config_name}, {moment(self.started_at)}: {self.get_status_display()}"


class SyncChange(models.Model):
    """What one synchronisation did to one group.

    ``fields`` lists what differed, as ``{"field", "old", "new"}`` with long texts shortened; ``group`` is None once
    the group is gone.

    .. no_pii: Describes a badge, not a person.
    """

    sync_run = models.ForeignKey(SyncRun, models.CASCADE, related_name="changes", verbose_name=_("sync run"))
    action = models.CharField(_("action"), max_length=16, choices=ChangeAction.choices)
    group = models.ForeignKey(
        AccredibleGroup, models.SET_NULL, null=True, related_name="changes", verbose_name=_("group")
    )
    accredible_id = models.BigIntegerField(_("Accredible ID"))
    name = models.TextField(_("name"))
    fields = models.JSONField(_("fields"), default=list)

    class Meta:
        verbose_name = _("change by a sync")
        verbose_name_plural = _("changes by syncs")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.name}"


class GroupSnapshot(TimeStampedModel):
    """All that was configured under a group before it was removed, in a form that can bring it back.

    ``data`` is the group with its configuration, in the form of ``version``; learners' progress, which can be a lot, is
    in the snapshot's parts.

    .. pii: Links a member of staff to what they did.
    .. pii_types: id
    .. pii_retirement: retained
    """

    sync_run = models.ForeignKey(
        SyncRun, models.SET_NULL, null=True, blank=True, related_name="snapshots", verbose_name=_("sync run")
    )
    cause = models.CharField(_("cause"), max_length=16, choices=SnapshotCause.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    api_config = models.ForeignKey(
        AccredibleAPIConfig,
        models.SET_NULL,
        null=True,
        related_name="snapshots",
        verbose_name=_("API configuration"),
    )
    config_name = models.CharField(_("configuration name"), max_length=255)
    environment = models.CharField(_("environment"), max_length=32)
    accredible_id = models.BigIntegerField(_("Accredible ID"))
    name = models.TextField(_("name"))
    version = models.PositiveSmallIntegerField(_("format"), default=1)
    data = models.JSONField(_("data"))
    learners = models.PositiveIntegerField(_("learners in progress"), default=0)
    restored_at = models.DateTimeField(_("restored"), null=True, blank=True)
    restored_to = models.ForeignKey(
        AccredibleGroup, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("restored to")
    )

    class Meta:
        verbose_name = _("group snapshot")
        verbose_name_plural = _("group snapshots")
        ordering = ["-created", "-pk"]
        indexes = [models.Index(fields=["created"], name="accredible_snapshot_age")]
        permissions = [("restore_groupsnapshot", "Can restore removed groups")]

    def __str__(self) -> str:
        return self.name


class SnapshotPart(models.Model):
    """Some of the learners who were in progress in a group when it was removed.

    In parts, because databases limit the size of a value, and nobody has to hold all of them in memory.

    .. pii: The progress of learners.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    snapshot = models.ForeignKey(GroupSnapshot, models.CASCADE, related_name="parts", verbose_name=_("snapshot"))
    number = models.PositiveIntegerField(_("number"))
    learners = models.JSONField(_("learners"), default=list)

    class Meta:
        verbose_name = _("part of a snapshot")
        verbose_name_plural = _("parts of a snapshot")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["snapshot", "number"], name="accredible_snapshot_part_once")]

    def __str__(self) -> str:
        return f"{self.snapshot_id}/{self.number}"
