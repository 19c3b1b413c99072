"""The vocabularies of the models, and what their values mean."""

from __future__ import annotations

from datetime import date
from enum import Enum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# The last day of what is valid without an end; None would say that it is not known.
NO_END = date.max

# The columns of a group that say what Accredible says of it, and that a sync writes.
PROVIDER_FIELDS = (
    "name",
    "internal_name",
    "description",
    "icon_url",
    "design_id",
    "remote_created_at",
    "remote_updated_at",
)


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
    """How far the decision has come at Accredible; ``models.badge`` draws how one follows another."""

    CREATED = "created", _("created: decided, nothing is at Accredible yet")
    NO_RESPONSE = "no_response", _("no response: sent, the answer is not known")
    ACCEPTED = "accepted", _("accepted: published at Accredible")
    UNPUBLISHED = "unpublished", _("unpublished: created at Accredible, but not visible")
    ERROR = "error", _("error: not delivered, needs a person")
    EXPIRED = "expired", _("expired: revoked at Accredible")


class OwnStanding(TextChoices):
    """What has become of a badge, as its learner sees it."""

    EARNED = "earned", _("Earned")
    PENDING = "pending", _("Earned, being sent")
    EXPIRED = "expired", _("Expired")
    TAKEN_BACK = "taken_back", _("Taken back")


class BadgeProblem(TextChoices):
    """What kind of thing stands in the way of a badge in state ``error``."""

    NONE = "", _("none")
    RECIPIENT = "recipient", _("the learner's name or e-mail address")
    REFUSED = "refused", _("refused by Accredible")
    TAKEN = "taken", _("the learner already has a credential of this group that is not ours")
    EXHAUSTED = "exhausted", _("failed for too long")
    ORPHANED = "orphaned", _("its API configuration was deleted")


class KeyHealth(TextChoices):
    """Whether an API key works, as far as that is known without asking Accredible."""

    WORKS = "works", _("works")
    REFUSED = "refused", _("refused: delivery is paused")
    UNTRIED = "untried", _("not tried yet")
    MISSING = "missing", _("no key")
    UNREADABLE = "unreadable", _("cannot be decrypted")


class Area(Enum):
    """What an overview can be about; each is a permission of its own."""

    ACCOUNTS = "accounts"
    GROUPS = "groups"
    BADGES = "badges"
    EVENTS = "events"
    REMOVALS = "removals"


class NeedKind(Enum):
    """What kind of thing needs a person; the values are for programs."""

    KEY = "key"
    PAUSED = "paused"
    CREDITS = "credits"
    CONFIRMATION = "confirmation"
    SCHEDULE_FAILS = "schedule_fails"
    SCHEDULE_OVERDUE = "schedule_overdue"
    SYNC_WAITS = "sync_waits"
    BADGES_LATE = "badges_late"
    BADGES_FAILED = "badges_failed"
    BADGES_HIDDEN = "badges_hidden"
    EVENTS_FAILED = "events_failed"
    GROUPS_REMOVED = "groups_removed"
    TAKE_OVER = "take_over"


class BadgeAction(TextChoices):
    """What was done about a badge, or tried."""

    AWARD = "award", _("award")
    REVOKE = "revoke", _("revoke")
    RETRY = "retry", _("retry")
    ISSUE = "issue", _("issue at Accredible")
    SEARCH = "search", _("search at Accredible")
    ADOPT = "adopt", _("adopt from Accredible")
    PUBLISH = "publish", _("publish at Accredible")
    EXPIRE = "expire", _("revoke at Accredible")
    REINSTATE = "reinstate", _("reinstate at Accredible")
    RETIRE = "retire", _("part from the learner, who has left")


class Revocation(TextChoices):
    """What becomes of a revoked badge at Accredible; values of the setting ``REVOCATION``."""

    EXPIRE = "expire", _("expire")
    UNPUBLISH = "unpublish", _("unpublish")
    DELETE = "delete", _("delete")


class AtAccredible(TextChoices):
    """What becomes of the credentials of a learner who leaves; each is more than the one before."""

    KEEP = "keep", _("keep: the credentials stay as they are")
    UNPUBLISH = "unpublish", _("unpublish: nobody can see them any more")
    DELETE = "delete", _("delete: they are gone for good")


class AttributeSource(TextChoices):
    """Where the value of a custom attribute comes from."""

    PATH = "path", _("the event: a key path")
    CONSTANT = "constant", _("a constant")


class Delivery(TextChoices):
    """Who brings a badge to Accredible once it is decided; values of the setting ``DELIVERY``.

    ``auto`` stands for ``celery`` where a broker is configured, and for ``inline`` elsewhere.
    """

    AUTO = "auto", _("automatic")
    CELERY = "celery", _("a Celery worker")
    INLINE = "inline", _("the process that decided it, with one quick try")
    MANUAL = "manual", _("the command accredible_deliver alone")


class RunStatus(TextChoices):
    """How a synchronisation ended.

    A *queued* one waits for a worker, and holds the lock of its configuration already. *refused* means a guard or a
    lock stopped it before it changed anything; *failed*, that something went wrong. Neither changes a group.
    """

    QUEUED = "queued", _("queued")
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
    SCHEDULE = "schedule", _("schedule")


class ChangeAction(TextChoices):
    """What a synchronisation did to a group."""

    CREATED = "created", _("created")
    UPDATED = "updated", _("updated")
    REMOVED = "removed", _("removed")
    CARRIED_OVER = "carried_over", _("carried over")


class SnapshotCause(TextChoices):
    """Why a group was removed."""

    SYNC = "sync", _("gone at Accredible")
    PERSON = "person", _("deleted by a person")
    CONFIGURATION = "configuration", _("deleted with its configuration")


class Return(TextChoices):
    """How a removed group comes back from its snapshot."""

    NEW = "new", _("comes back")
    JOINED = "joined", _("joins the group that is here")
    NOTHING = "nothing", _("nothing to do")
    REFUSED = "refused", _("refused")


class Adopted(TextChoices):
    """What kind of row was taken over from the built-in integration."""

    CONFIG = "config", _("API configuration")
    GROUP = "group", _("group")
    REQUIREMENT = "requirement", _("requirement")
    PENALTY = "penalty", _("penalty")
    PROGRESS = "progress", _("progress")
    FULFILLMENT = "fulfillment", _("fulfilment")
    BADGE = "badge", _("badge")


class Takeover(TextChoices):
    """What becomes of a group of the built-in integration, or of what was taken over of it."""

    NEW = "new", _("taken over")
    JOINED = "joined", _("joins what is here")
    BADGES = "badges", _("badges of a deleted group taken over")
    NOTHING = "nothing", _("nothing to do")
    REFUSED = "refused", _("refused")
    UNDONE = "undone", _("given back")
    KEPT = "kept", _("stays as it is")


class Difference(TextChoices):
    """How a badge here and a credential at Accredible differ, as a reconciliation finds it."""

    MISSING = "missing", _("issued here, not at Accredible any more")
    EXPIRED = "expired", _("awarded here, expired at Accredible")
    VALID = "valid", _("revoked here, valid at Accredible")
    UNPUBLISHED = "unpublished", _("published here, not visible at Accredible")
    PUBLISHED = "published", _("not published here, visible at Accredible")
    UNRECORDED = "unrecorded", _("at Accredible under our ID, and not recorded here")
    REVOKED = "revoked", _("revoked on both sides, and failed here")
    DOUBLE = "double", _("more than one credential at Accredible")
    OUT_OF_SIGHT = "out_of_sight", _("the API key does not see the group")
    UNKNOWN = "unknown", _("at Accredible, and no badge here stands for it")
    RECIPIENT = "recipient", _("another e-mail address at Accredible")
    ENDED = "ended", _("expired at Accredible, and not known here until when it was valid")


class Repair(TextChoices):
    """What a reconciliation did about a difference."""

    NONE = "", _("nothing")
    PLANNED = "planned", _("would be repaired")
    DONE = "done", _("repaired")
    OVERTAKEN = "overtaken", _("changed meanwhile, left alone")
    FAILED = "failed", _("failed, left for the next time")
