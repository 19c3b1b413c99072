"""The Python API: what the admin, the commands and other apps may call. Every door behaves as this does.

Each name is imported from its home when it is used first: a service that starts does not wait for what it may never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credentials_accredible.lazy import offering

if TYPE_CHECKING:
    from credentials_accredible.accounts import (
        attribute_keys,
        check_key,
        find_configs,
        find_groups,
        note_issuer,
        reencrypt_keys,
        try_connection,
        unknown_attributes,
    )
    from credentials_accredible.adoption.marks import left_in_builtin
    from credentials_accredible.adoption.report import (
        COUNTED,
        AdoptedConfig,
        AdoptedGroup,
        Adoption,
        adoption_figures,
        adoption_switch,
    )
    from credentials_accredible.adoption.taking import adopt_builtin
    from credentials_accredible.adoption.undoing import undo_adoption
    from credentials_accredible.badges.awarding import Reevaluation, reevaluate
    from credentials_accredible.badges.backfill import (
        Backfill,
        backfill,
        backfill_notes,
        can_backfill,
        continue_backfill,
        start_backfill,
    )
    from credentials_accredible.badges.by_hand import award_badges, find_one, find_some, revoke_badges
    from credentials_accredible.badges.failed_events import Failure, why_failed
    from credentials_accredible.badges.learners import searched
    from credentials_accredible.badges.leaving import lock_learner
    from credentials_accredible.badges.own import OwnBadge, as_learner_sees, own_badges, web_link
    from credentials_accredible.badges.processing import process_failed_event, receive_event, work_off_spool
    from credentials_accredible.badges.simulation import Simulation, simulate, simulate_in_order
    from credentials_accredible.badges.spool import spooled_events
    from credentials_accredible.badges.standing import NOWHERE, Standing, standing_of
    from credentials_accredible.client.payloads import Issuer
    from credentials_accredible.client.session import ClientOptions
    from credentials_accredible.database import KeysFirst, pages, patiently
    from credentials_accredible.database_errors import is_away, is_busy, why_not_stored
    from credentials_accredible.delivery.engines import (
        deliver_now,
        delivery_engine,
        hand_over,
        resume_delivery,
        retry_badges,
        sweep_deliveries,
        work_off,
    )
    from credentials_accredible.delivery.outbox import (
        BadgeOutcome,
        DeliveryStatus,
        Fate,
        badge_outcomes,
        delivery_conditions,
        delivery_news,
        delivery_status,
        watch_configs,
    )
    from credentials_accredible.delivery.reconciling import Finding, Reconciliation, reconcile
    from credentials_accredible.delivery.repairs import DELIVERED, RECORDED
    from credentials_accredible.delivery.sender import Delivery, deliver
    from credentials_accredible.events.catalogue import (
        carries_user,
        ignored_keypaths,
        is_known_event_type,
        keypaths,
        offered_event_types,
    )
    from credentials_accredible.events.words import event_type_words, path_words
    from credentials_accredible.overview.accounts import Account
    from credentials_accredible.overview.needs import Need, schedule_needs
    from credentials_accredible.overview.page import Overview, overview
    from credentials_accredible.portability.exporting import export_groups
    from credentials_accredible.portability.groups import Match
    from credentials_accredible.portability.importing import Imported, import_groups
    from credentials_accredible.portability.planning import GroupPlan
    from credentials_accredible.portability.reading import LARGEST_FILE
    from credentials_accredible.retirement import Erased, Retirement, readmit, retire
    from credentials_accredible.rules.activation import (
        activate_group,
        activation_problems,
        as_data,
        attribute_doubts,
        deactivate_group,
        refuse_unearnable,
    )
    from credentials_accredible.rules.both_sides import builtin_objection, watch_builtin
    from credentials_accredible.rules.configuration import GroupConfiguration
    from credentials_accredible.rules.fulfilling import (
        TriedEvent,
        as_text,
        event_for,
        events_of,
        paths_looked_at,
        sample_of,
    )
    from credentials_accredible.rules.index import letter_of
    from credentials_accredible.rules.recipes import follow_recipe, offered_recipes
    from credentials_accredible.rules.rows import (
        PREFETCH,
        configuration_of,
        configure,
        events_in_words,
        penalties_in_words,
        requirements_in_words,
        words_of,
    )
    from credentials_accredible.rules.validation import (
        attribute_problem,
        clean_attribute,
        clean_value,
        group_problems,
        requirement_problems,
        rule_problem,
    )
    from credentials_accredible.rules.version import groups_locked, rules_changed, watch_rules
    from credentials_accredible.rules.words import GroupWords
    from credentials_accredible.secrets import Secret, hidden_locals
    from credentials_accredible.snapshots.format import SNAPSHOT_VERSION
    from credentials_accredible.snapshots.restoring import (
        Restoration,
        RestoreChoices,
        find_snapshots,
        preview_restore,
        restoration_figures,
        restore,
    )
    from credentials_accredible.snapshots.taking import Holdings, holdings, keep_deleted, remove_configs, remove_groups
    from credentials_accredible.sync.apply import Consent
    from credentials_accredible.sync.changes import (
        Outcome,
        conflict_advice,
        conflicts_of,
        field_label,
        plan_figures,
        run_sentence,
        wait_sentence,
    )
    from credentials_accredible.sync.engine import (
        Progress,
        current_site,
        preview,
        run_queued_sync,
        start_sync,
        sync,
    )
    from credentials_accredible.sync.plan import Change, Plan
    from credentials_accredible.sync.pruning import prune
    from credentials_accredible.sync.runs import close_dead_runs, seconds_kept_back
    from credentials_accredible.sync.schedule import is_overdue, schedule_sync, with_health
    from credentials_accredible.sync.sweeping import claim_due_syncs, sweep_syncs

_HOMES = {
    "accounts": "attribute_keys check_key find_configs find_groups note_issuer reencrypt_keys try_connection "
    "unknown_attributes",
    "adoption.marks": "left_in_builtin",
    "adoption.report": "COUNTED AdoptedConfig AdoptedGroup Adoption adoption_figures adoption_switch",
    "adoption.taking": "adopt_builtin",
    "adoption.undoing": "undo_adoption",
    "badges.awarding": "Reevaluation reevaluate",
    "badges.backfill": "Backfill backfill backfill_notes can_backfill continue_backfill start_backfill",
    "badges.by_hand": "award_badges find_one find_some revoke_badges",
    "badges.failed_events": "Failure why_failed",
    "badges.learners": "searched",
    "badges.leaving": "lock_learner",
    "badges.own": "OwnBadge as_learner_sees own_badges web_link",
    "badges.processing": "process_failed_event receive_event work_off_spool",
    "badges.simulation": "Simulation simulate simulate_in_order",
    "badges.spool": "spooled_events",
    "badges.standing": "NOWHERE Standing standing_of",
    "client.payloads": "Issuer",
    "client.session": "ClientOptions",
    "database": "KeysFirst pages patiently",
    "database_errors": "is_away is_busy why_not_stored",
    "delivery.engines": "deliver_now delivery_engine hand_over resume_delivery retry_badges sweep_deliveries work_off",
    "delivery.outbox": "BadgeOutcome DeliveryStatus Fate badge_outcomes delivery_conditions "
    "delivery_news delivery_status watch_configs",
    "delivery.reconciling": "Finding Reconciliation reconcile",
    "delivery.repairs": "DELIVERED RECORDED",
    "delivery.sender": "Delivery deliver",
    "events.catalogue": "carries_user ignored_keypaths is_known_event_type keypaths offered_event_types",
    "events.words": "event_type_words path_words",
    "overview.accounts": "Account",
    "overview.needs": "Need schedule_needs",
    "overview.page": "Overview overview",
    "portability.exporting": "export_groups",
    "portability.groups": "Match",
    "portability.importing": "Imported import_groups",
    "portability.planning": "GroupPlan",
    "portability.reading": "LARGEST_FILE",
    "retirement": "Erased Retirement readmit retire",
    "rules.activation": "activate_group activation_problems as_data attribute_doubts "
    "deactivate_group refuse_unearnable",
    "rules.both_sides": "builtin_objection watch_builtin",
    "rules.configuration": "GroupConfiguration",
    "rules.fulfilling": "TriedEvent as_text event_for events_of paths_looked_at sample_of",
    "rules.index": "letter_of",
    "rules.recipes": "follow_recipe offered_recipes",
    "rules.rows": "PREFETCH configuration_of configure events_in_words penalties_in_words requirements_in_words "
    "words_of",
    "rules.validation": "attribute_problem clean_attribute clean_value group_problems "
    "requirement_problems rule_problem",
    "rules.version": "groups_locked rules_changed watch_rules",
    "rules.words": "GroupWords",
    "secrets": "Secret hidden_locals",
    "snapshots.format": "SNAPSHOT_VERSION",
    "snapshots.restoring": "Restoration RestoreChoices find_snapshots preview_restore restoration_figures restore",
    "snapshots.taking": "Holdings holdings keep_deleted remove_configs remove_groups",
    "sync.apply": "Consent",
    "sync.changes": "Outcome conflict_advice conflicts_of field_label plan_figures run_sentence wait_sentence",
    "sync.engine": "Progress current_site preview run_queued_sync start_sync sync",
    "sync.plan": "Change Plan",
    "sync.pruning": "prune",
    "sync.runs": "close_dead_runs seconds_kept_back",
    "sync.schedule": "is_overdue schedule_sync with_health",
    "sync.sweeping": "claim_due_syncs sweep_syncs",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = offering(__name__, _HOMES)
