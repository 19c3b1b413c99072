"""The Python API: what the admin, the commands and other apps may call. Every door behaves as this does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import conf
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
from credentials_accredible.badges import spool
from credentials_accredible.badges.awarding import Reevaluation, reevaluate
from credentials_accredible.badges.backfill import (
    Backfill,
    backfill,
    backfill_notes,
    can_backfill,
    continue_backfill,
    start_backfill,
)
from credentials_accredible.badges.by_hand import award_badges, revoke_badges
from credentials_accredible.badges.leaving import lock_learner
from credentials_accredible.badges.processing import process_failed_event, receive_event, work_off_spool
from credentials_accredible.badges.simulation import Simulation, simulate
from credentials_accredible.choices import RunTrigger
from credentials_accredible.client import AccredibleClient, AttributeKey, ClientOptions, Issuer, open_client
from credentials_accredible.database import KeysFirst, patiently
from credentials_accredible.database_errors import is_away, is_busy, why_not_stored
from credentials_accredible.delivery import outbox
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
    sample_event,
)
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncRun
from credentials_accredible.portability.exporting import export_groups
from credentials_accredible.portability.groups import Match
from credentials_accredible.portability.importing import Imported, import_groups
from credentials_accredible.portability.planning import GroupPlan
from credentials_accredible.portability.reading import LARGEST_FILE
from credentials_accredible.retirement import Erased, Retirement, readmit, retire
from credentials_accredible.rules import version
from credentials_accredible.rules.activation import (
    activate_group,
    activation_problems,
    as_data,
    deactivate_group,
    refuse_unearnable,
)
from credentials_accredible.rules.both_sides import builtin_objection, watch_builtin
from credentials_accredible.rules.validation import (
    attribute_problem,
    clean_attribute,
    clean_value,
    group_problems,
    requirement_problems,
    rule_problem,
)
from credentials_accredible.rules.version import groups_locked, rules_changed
from credentials_accredible.secrets import Secret, hidden_locals
from credentials_accredible.snapshots import taking
from credentials_accredible.snapshots.format import SNAPSHOT_VERSION
from credentials_accredible.snapshots.restoring import (
    Restoration,
    RestoreChoices,
    find_snapshots,
    preview_restore,
    restoration_figures,
    restore,
)
from credentials_accredible.snapshots.taking import Holdings, holdings, remove_configs, remove_groups
from credentials_accredible.sync import runs, schedule
from credentials_accredible.sync.apply import Consent
from credentials_accredible.sync.engine import (
    Outcome,
    Progress,
    current_site,
    preview,
    run_queued_sync,
    start_sync,
    sync,
)
from credentials_accredible.sync.plan import Change, Plan
from credentials_accredible.sync.pruning import prune
from credentials_accredible.sync.runs import close_dead_runs, plan_figures, run_sentence
from credentials_accredible.sync.schedule import failing_schedules, is_overdue, schedule_sync, with_health
from credentials_accredible.text import identifier, spelled_out, whole_number

# Seconds that a person waits for Accredible's answer about a key.
_PATIENCE = 10.0
# Of a BigIntegerField.
_LARGEST = 2**63
# Groups that a message names.
_MOST_NAMED = 5


def check_key(environment: str, api_key: Secret) -> Issuer:
    """Ask Accredible whose key this is: one request.

    Raises ConfigurationError for an unknown environment and RequestFailed where Accredible refuses or is not reached.
    """
    # Somebody waits for the page: one try, and a short one.
    options = replace(ClientOptions.from_settings(), attempts=1, read_timeout=_PATIENCE)
    with AccredibleClient(conf.environment(environment).api_url, api_key, options) as client:
        return client.issuer()


def note_issuer(config: AccredibleAPIConfig, issuer: Issuer) -> None:
    """Put what Accredible said of the account into ``config``, unsaved."""
    config.issuer_name = issuer.name[:255]
    config.credits_left = issuer.credits_left
    config.checked_at = timezone.now()


def find_configs(wanted: Iterable[str] = ()) -> list[AccredibleAPIConfig]:
    """The configurations of these ids or names, in that order; all, by name, where none is asked for.

    Raises ConfigurationError for one that does not exist. A name wins over an id.
    """
    by_name = {identifier(config.name): config for config in AccredibleAPIConfig.objects.all()}
    by_id = {str(config.pk): config for config in by_name.values()}
    found: dict[int, AccredibleAPIConfig] = {}
    for key in wanted:
        config = by_name.get(identifier(key)) or by_id.get(identifier(key))
        if config is None:
            known = ", ".join(f"{config.name} ({pk})" for pk, config in by_id.items()) or "none"
            raise ConfigurationError(f"There is no API configuration “{spelled_out(key)}”. Existing ones: {known}.")
        found[config.pk] = config
    return list(found.values() if wanted else by_name.values())


def find_groups(wanted: Iterable[str]) -> list[AccredibleGroup]:
    """The groups of these ids at Accredible, UUIDs or names, in that order.

    Raises ConfigurationError for what no group has, or several have.
    """
    found: dict[int, AccredibleGroup] = {}
    for key in map(identifier, wanted):
        known = Q(name=key)
        if (number := whole_number(key)) is not None and number < _LARGEST:
            known |= Q(accredible_id=number)
        with suppress(ValueError):
            known |= Q(uuid=UUID(key))
        groups = list(AccredibleGroup.objects.filter(known).order_by("pk")[:_MOST_NAMED])
        if not groups:
            raise ConfigurationError(
                f"There is no group “{spelled_out(key)}”: give its id at Accredible, UUID or name."
            )
        if len(groups) > 1:
            several = ", ".join(f"{spelled_out(group.name)} ({group.uuid})" for group in groups)
            raise ConfigurationError(
                f"Several groups are “{spelled_out(key)}”: give the UUID of one. They are: {several}."
            )
        found[groups[0].pk] = groups[0]
    return list(found.values())


def reencrypt_keys() -> int:
    """Encrypt every stored API key with the encryption key that is first in the settings; returns how many.

    Raises KeyUnreadable, before anything is written, where one of them cannot be decrypted.
    """
    configs = [config for config in AccredibleAPIConfig.objects.all() if config.api_key]
    for config in configs:
        try:
            config.api_key = config.api_key.reencrypted()
        except KeyUnreadable as error:
            raise KeyUnreadable(f"“{config.name}”: {error}") from None
    with transaction.atomic():
        for config in configs:
            # A key that was entered meanwhile is encrypted with the first encryption key already.
            unchanged = AccredibleAPIConfig.objects.filter(pk=config.pk, modified=config.modified)
            unchanged.update(api_key=config.api_key)
    return len(configs)


def attribute_keys(config: AccredibleAPIConfig) -> list[AttributeKey]:
    """The attribute keys of the account of ``config``, read from Accredible with one quick try.

    Raises ConfigurationError where its key or the settings cannot be used, and RequestFailed where Accredible refuses
    or is not reached. Call it outside of a transaction.
    """
    connect_timeout, read_timeout = conf.pair("INLINE_TIMEOUT")
    # Somebody waits for the page.
    options = replace(
        ClientOptions.from_settings(),
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        attempts=1,
        longest_wait=1.0,
    )
    with open_client(config, options) as client:
        return client.attribute_keys()


def attribute_doubts(group: AccredibleGroup) -> list[str]:
    """Which mapped attributes of ``group`` can never have a value, a sentence each; none of them keeps it from being
    earned."""
    event_types = set(group.requirements.order_by().values_list("event_type", flat=True))
    found = ((item, attribute_problem(item.source, item.value, event_types)) for item in group.custom_attributes.all())
    text = _("The custom attribute “%(name)s” stays empty: %(problem)s")
    return [text % {"name": item.name, "problem": problem} for item, problem in found if problem]


def unknown_attributes(group: AccredibleGroup) -> list[str]:
    """The names of mapped attributes of ``group`` that its account at Accredible does not have; raises, and is to be
    called, as ``attribute_keys``. Nothing is asked where nothing is mapped."""
    mapped = list(group.custom_attributes.values_list("name", flat=True))
    known = {key.name for key in attribute_keys(group.api_config)} if mapped else set()
    return [name for name in mapped if name not in known]


def spooled_events() -> int:
    """How many events wait on this machine's disk, because the database did not take them."""
    return spool.count()


def watch_models() -> None:
    """Notice what is saved and deleted, with this API or without; twice is fine.

    Changed rules are read again, groups that go are kept in snapshots, badges whose configuration goes are given up.
    """
    version.watch()
    taking.watch()
    outbox.watch()


def claim_due_syncs() -> Iterator[AccredibleAPIConfig]:
    """The configurations whose scheduled sync is due, each for one caller only, who then has to sync it.

    Runs whose process died are closed first.
    """
    runs.close_dead(SyncRun.objects.all())
    return schedule.claim_due()


def sweep_syncs() -> list[Outcome]:
    """Start the scheduled syncs that are due, in workers where there are any; removals stay guarded."""
    return [start_sync(config, trigger=RunTrigger.SCHEDULE) for config in claim_due_syncs()]


__all__ = [
    "COUNTED",
    "DELIVERED",
    "LARGEST_FILE",
    "RECORDED",
    "SNAPSHOT_VERSION",
    "AdoptedConfig",
    "AdoptedGroup",
    "Adoption",
    "Backfill",
    "BadgeOutcome",
    "Change",
    "ClientOptions",
    "Consent",
    "Delivery",
    "DeliveryStatus",
    "Erased",
    "Fate",
    "Finding",
    "GroupPlan",
    "Holdings",
    "Imported",
    "Issuer",
    "KeysFirst",
    "Match",
    "Outcome",
    "Plan",
    "Progress",
    "Reconciliation",
    "Reevaluation",
    "Restoration",
    "RestoreChoices",
    "Retirement",
    "Secret",
    "Simulation",
    "activate_group",
    "activation_problems",
    "adopt_builtin",
    "adoption_figures",
    "adoption_switch",
    "as_data",
    "attribute_doubts",
    "attribute_keys",
    "attribute_problem",
    "award_badges",
    "backfill",
    "backfill_notes",
    "badge_outcomes",
    "builtin_objection",
    "can_backfill",
    "carries_user",
    "check_key",
    "claim_due_syncs",
    "clean_attribute",
    "clean_value",
    "close_dead_runs",
    "continue_backfill",
    "current_site",
    "deactivate_group",
    "deliver",
    "deliver_now",
    "delivery_conditions",
    "delivery_engine",
    "delivery_news",
    "delivery_status",
    "export_groups",
    "failing_schedules",
    "find_configs",
    "find_groups",
    "find_snapshots",
    "group_problems",
    "groups_locked",
    "hand_over",
    "hidden_locals",
    "holdings",
    "ignored_keypaths",
    "import_groups",
    "is_away",
    "is_busy",
    "is_known_event_type",
    "is_overdue",
    "keypaths",
    "left_in_builtin",
    "lock_learner",
    "note_issuer",
    "offered_event_types",
    "patiently",
    "plan_figures",
    "preview",
    "preview_restore",
    "process_failed_event",
    "prune",
    "readmit",
    "receive_event",
    "reconcile",
    "reencrypt_keys",
    "reevaluate",
    "refuse_unearnable",
    "remove_configs",
    "remove_groups",
    "requirement_problems",
    "restoration_figures",
    "restore",
    "resume_delivery",
    "retire",
    "retry_badges",
    "revoke_badges",
    "rule_problem",
    "rules_changed",
    "run_queued_sync",
    "run_sentence",
    "sample_event",
    "schedule_sync",
    "simulate",
    "spooled_events",
    "start_backfill",
    "start_sync",
    "sweep_deliveries",
    "sweep_syncs",
    "sync",
    "undo_adoption",
    "unknown_attributes",
    "watch_builtin",
    "watch_models",
    "why_not_stored",
    "with_health",
    "work_off",
    "work_off_spool",
]
