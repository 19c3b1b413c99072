"""The plugin's tables."""

from credentials_accredible.models.adoption import AdoptedRow
from credentials_accredible.models.badge import AccredibleBadge
from credentials_accredible.models.badge_log import BadgeLogEntry
from credentials_accredible.models.config import AccredibleAPIConfig
from credentials_accredible.models.failed_event import FailedEvent
from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.models.learner_text import LearnerText
from credentials_accredible.models.progress import BadgeProgress, EarlyPenalty, Fulfillment
from credentials_accredible.models.retired_learner import RetiredLearner
from credentials_accredible.models.rules import (
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    RulesVersion,
)
from credentials_accredible.models.sync import GroupSnapshot, SnapshotPart, SyncChange, SyncRun

__all__ = [
    "AccredibleAPIConfig",
    "AccredibleBadge",
    "AccredibleGroup",
    "AdoptedRow",
    "BadgeLogEntry",
    "BadgePenalty",
    "BadgeProgress",
    "BadgeRequirement",
    "CustomAttribute",
    "DataRule",
    "EarlyPenalty",
    "FailedEvent",
    "Fulfillment",
    "GroupSnapshot",
    "LearnerText",
    "PenaltyDataRule",
    "RetiredLearner",
    "RulesVersion",
    "SnapshotPart",
    "SyncChange",
    "SyncRun",
]
