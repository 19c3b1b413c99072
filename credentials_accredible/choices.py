"""The vocabularies of the models, and what their values mean."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Operator(TextChoices):
    """How a data rule compares what an event says with the rule's value."""

    EQUAL = "eq", _("is")
    NOT_EQUAL = "ne", _("is not")
    GREATER = "gt", _("is greater than")
    AT_LEAST = "ge", _("is at least")
    LESS = "lt", _("is less than")
    AT_MOST = "le", _("is at most")
    ONE_OF = "in", _("is one of (comma-separated)")
    CONTAINS = "contains", _("contains")


class BadgeStatus(TextChoices):
    """What was decided about a learner's badge."""

    AWARDED = "awarded", _("awarded")
    REVOKED = "revoked", _("revoked")


class BadgeState(TextChoices):
    """How far the decision has come at Accredible.

    ``created`` -> ``no_response`` -> ``accepted``, or ``unpublished``, or ``error``; ``expired`` once a revoked
    badge is expired at Accredible.
    """

    CREATED = "created", _("created: decided, not yet sent")
    NO_RESPONSE = "no_response", _("no response: sent, the answer is not known")
    ACCEPTED = "accepted", _("accepted: published at Accredible")
    UNPUBLISHED = "unpublished", _("unpublished: created at Accredible, but not visible")
    ERROR = "error", _("error: refused by Accredible, needs a person")
    EXPIRED = "expired", _("expired: revoked at Accredible")


class RunStatus(TextChoices):
    """How a synchronisation ended.

    *refused* means a guard or a lock stopped it before it changed anything; *failed*, that something went wrong.
    Neither changes a group.
    """

    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    REFUSED = "refused", _("refused")


class RunTrigger(TextChoices):
    """Which door a synchronisation came through."""

    ADMIN = "admin", _("admin")
    COMMAND = "command", _("command")
    API = "api", _("API")
    TASK = "task", _("task")
