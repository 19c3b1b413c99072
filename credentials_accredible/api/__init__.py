"""The Python API: what the admin, the commands and other apps may call. Every door behaves as this does."""

from credentials_accredible.api.accounts import check_key, current_site, find_configs, note_issuer, reencrypt_keys
from credentials_accredible.api.attributes import attribute_doubts, attribute_keys, unknown_attributes
from credentials_accredible.api.awards import award_badges, revoke_badges
from credentials_accredible.api.delivery import (
    deliver,
    deliver_now,
    delivery_status,
    hand_over,
    resume_delivery,
    retry_badges,
    sweep_deliveries,
    work_off,
)
from credentials_accredible.api.groups import activate_group, deactivate_group, refuse_unearnable, rules_changed
from credentials_accredible.api.receiving import process_failed_event, receive_event, sample_event
from credentials_accredible.api.reconciling import reconcile
from credentials_accredible.api.snapshots import find_snapshots, remove_configs, remove_groups
from credentials_accredible.api.syncing import (
    claim_due_syncs,
    close_dead_runs,
    run_queued_sync,
    schedule_sync,
    start_sync,
    sweep_syncs,
    sync,
)
from credentials_accredible.badges.activation import activation_problems
from credentials_accredible.badges.delivery.engines import engine as delivery_engine
from credentials_accredible.badges.delivery.outbox import DeliveryStatus
from credentials_accredible.badges.delivery.outbox import conditions as delivery_conditions
from credentials_accredible.badges.delivery.outcomes import BadgeOutcome, Fate, badge_outcomes
from credentials_accredible.badges.delivery.reconciling import Finding, Reconciliation
from credentials_accredible.badges.delivery.reconciling_rules import DELIVERED, RECORDED
from credentials_accredible.badges.delivery.sender import Delivery
from credentials_accredible.badges.reevaluation import Reevaluation, reevaluate
from credentials_accredible.badges.simulation import Simulation, simulate
from credentials_accredible.portability.exporting import export as export_groups
from credentials_accredible.portability.importing import Imported, import_groups
from credentials_accredible.portability.nodes import LARGEST_FILE
from credentials_accredible.portability.planning import GroupPlan
from credentials_accredible.portability.targets import Match
from credentials_accredible.sync.apply import Consent
from credentials_accredible.sync.engine import Outcome, preview
from credentials_accredible.sync.fetch import Progress
from credentials_accredible.sync.health import failing_schedules, is_overdue, with_health
from credentials_accredible.sync.pruning import prune
from credentials_accredible.sync.restoration import Restoration, RestoreChoices
from credentials_accredible.sync.restoring import preview as preview_restore
from credentials_accredible.sync.restoring import restore

__all__ = [
    "DELIVERED",
    "LARGEST_FILE",
    "RECORDED",
    "BadgeOutcome",
    "Consent",
    "Delivery",
    "DeliveryStatus",
    "Fate",
    "Finding",
    "GroupPlan",
    "Imported",
    "Match",
    "Outcome",
    "Progress",
    "Reconciliation",
    "Reevaluation",
    "Restoration",
    "RestoreChoices",
    "Simulation",
    "activate_group",
    "activation_problems",
    "attribute_doubts",
    "attribute_keys",
    "award_badges",
    "badge_outcomes",
    "check_key",
    "claim_due_syncs",
    "close_dead_runs",
    "current_site",
    "deactivate_group",
    "deliver",
    "deliver_now",
    "delivery_conditions",
    "delivery_engine",
    "delivery_status",
    "export_groups",
    "failing_schedules",
    "find_configs",
    "find_snapshots",
    "hand_over",
    "import_groups",
    "is_overdue",
    "note_issuer",
    "preview",
    "preview_restore",
    "process_failed_event",
    "prune",
    "receive_event",
    "reconcile",
    "reencrypt_keys",
    "reevaluate",
    "refuse_unearnable",
    "remove_configs",
    "remove_groups",
    "restore",
    "resume_delivery",
    "retry_badges",
    "revoke_badges",
    "rules_changed",
    "run_queued_sync",
    "sample_event",
    "schedule_sync",
    "simulate",
    "start_sync",
    "sweep_deliveries",
    "sweep_syncs",
    "sync",
    "unknown_attributes",
    "with_health",
    "work_off",
]
