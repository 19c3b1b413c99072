"""An installation of the first release candidate, with rows in every table, is brought to the newest migration.

``data/release_candidate_1.json`` is what ``dumpdata`` of the release candidate wrote of a host that had been in use,
with the stored API keys as they are in its database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    FailedEvent,
    GroupSnapshot,
)
from credentials_accredible.secrets import Secret
from demo.emulator.server import Emulator
from tests.badges.sending import OTHER, course_status, minutes

APP = "credentials_accredible"
RELEASE_CANDIDATE = (APP, "0007_orphaned_badges")
ROWS = json.loads((Path(__file__).parent / "data" / "release_candidate_1.json").read_text(encoding="utf-8"))

# Fields that are no longer what they were then, each named ``model.field``: by the migration that changed them.
CHANGED_SINCE: set[str] = set()

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(*targets: tuple[str, str]) -> Any:
    """Bring the tables there, the newest migrations where no targets are named; the models as they are then."""
    executor = MigrationExecutor(connection)
    return executor.migrate(list(targets) or executor.loader.graph.leaf_nodes()).apps


def drop_tables() -> None:
    """Leave nothing of the plugin in the database, whatever the way back of its migrations would keep."""
    with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
        for name in connection.introspection.table_names():
            if name.startswith(f"{APP}_"):
                editor.execute(editor.sql_delete_table % {"table": editor.quote_name(name)})
    MigrationExecutor(connection).recorder.migration_qs.filter(app=APP).delete()


def load(models: Any) -> None:
    """Write the rows with the models of that time, and count on after them as the database would have."""
    chosen = []
    with connection.constraint_checks_disabled(), transaction.atomic():
        for row in ROWS:
            model = models.get_model(row["model"])
            values = {}
            for name, value in row["fields"].items():
                field = model._meta.get_field(name)
                if field.many_to_many:
                    chosen.append((model, row["pk"], name, value))
                elif name == "api_key":
                    values[name] = Secret(token=value)
                else:
                    values[field.attname] = field.to_python(value)
            model._base_manager.bulk_create([model(pk=row["pk"], **values)])
        for model, pk, name, value in chosen:
            getattr(model._base_manager.get(pk=pk), name).set(value)
    with connection.cursor() as cursor:
        used = [models.get_model(label) for label in sorted({row["model"] for row in ROWS})]
        for statement in connection.ops.sequence_reset_sql(no_style(), used):
            cursor.execute(statement)


@pytest.fixture
def upgraded() -> Iterator[None]:
    """The rows of the release candidate, brought to the newest migration."""
    drop_tables()
    try:
        models = migrate(RELEASE_CANDIDATE)
        # The host's site is there already; nothing refers to it.
        models.get_model("sites.Site")._base_manager.all()._raw_delete(connection.alias)
        load(models)
        migrate()
        yield
    finally:
        migrate()


@pytest.fixture
def account(emulator: Emulator) -> Any:
    """The account of “Main”, as it was: with the groups that are here, and no others."""
    found = emulator.add_account(key="main-key-0001")
    for group in AccredibleGroup.objects.filter(api_config__name="Main"):
        found.add_group(
            id=group.accredible_id,
            name=group.internal_name,
            course_name=group.name,
            course_description=group.description,
        )
    return found


@pytest.fixture
def main(upgraded: None, account: Any) -> AccredibleAPIConfig:
    """The configuration that was in use."""
    return AccredibleAPIConfig.objects.get(name="Main")


def test_the_rows_are_of_every_table_that_there_was(transactional_db: None) -> None:
    then = MigrationExecutor(connection).loader.project_state([RELEASE_CANDIDATE]).apps

    there = {model._meta.label_lower for model in then.get_models() if model._meta.app_label == APP}

    assert there == {row["model"] for row in ROWS if row["model"].startswith(APP)}


def test_every_row_is_as_it_was(upgraded: None) -> None:
    for row in ROWS:
        model = apps.get_model(row["model"])
        item = model._base_manager.get(pk=row["pk"])
        for name, value in row["fields"].items():
            if f"{model._meta.model_name}.{name}" in CHANGED_SINCE:
                continue
            field = model._meta.get_field(name)
            if field.many_to_many:
                then, now = value, sorted(getattr(item, name).values_list("pk", flat=True))
            elif name == "api_key":
                then, now = value, item.api_key.encrypted()
            else:
                then, now = field.to_python(value), getattr(item, field.attname)
            assert now == then, (row["model"], row["pk"], name)


def test_badges_know_the_environment_of_their_configuration(upgraded: None) -> None:
    owned = AccredibleBadge.objects.exclude(api_config=None).values_list("environment", "api_config__environment")
    assert owned
    assert all(environment == of_config for environment, of_config in owned)
    # The snapshots of a deleted configuration's groups say where its badges are.
    for badge in AccredibleBadge.objects.filter(api_config=None):
        kept = GroupSnapshot.objects.filter(accredible_id=badge.accredible_group_id, name=badge.group_name)
        assert {badge.environment} == set(kept.values_list("environment", flat=True)) or badge.environment == ""


def test_every_page_of_the_admin_opens(main: AccredibleAPIConfig, admin_user: Any) -> None:
    staff = Client()
    staff.force_login(admin_user)
    for model in admin.site._registry:
        if model._meta.app_label != APP:
            continue
        prefix = f"admin:{APP}_{model._meta.model_name}_"
        assert staff.get(reverse(f"{prefix}changelist")).status_code == 200
        rows = [row["pk"] for row in ROWS if row["model"] == model._meta.label_lower]
        for pk in rows if model is AccredibleBadge else rows[:1]:
            for page in ("change", "history"):
                assert staff.get(reverse(prefix + page, args=[pk])).status_code == 200, (prefix, pk, page)


def test_work_goes_on_where_it_was(main: AccredibleAPIConfig, account: Any) -> None:
    # A group that was removed is at Accredible again.
    snapshot = GroupSnapshot.objects.get(accredible_id=502)
    account.add_group(id=502, name="leaves", course_name=snapshot.name)
    outcome = api.sync(main)
    assert outcome.succeeded, outcome.error
    assert ([group.accredible_id for group in outcome.plan.create], outcome.plan.remove) == ([502], ())

    [restoration] = api.restore(api.find_snapshots([snapshot.pk]), api.RestoreChoices())
    assert restoration.group.requirements.count() == 2
    assert restoration.group.progresses.count() == snapshot.learners > 0

    group = main.groups.get(accredible_id=503)
    api.activate_group(group)
    assert not group.badges.filter(user__username="eve").exists()
    course_status("eve", OTHER, at=minutes(60))
    assert group.badges.get(user__username="eve").status == "awarded"

    failed = FailedEvent.objects.get(resolved_at=None)
    api.process_failed_event(failed)
    failed.refresh_from_db()
    assert failed.resolved_at
    assert AccredibleBadge.objects.filter(user__username="kim").exists()

    waiting = AccredibleBadge.objects.filter(api_config=main, next_attempt_at__isnull=False)
    due = sorted(waiting.values_list("pk", flat=True))
    waiting.update(next_attempt_at=timezone.now())
    assert main.api_key.reveal() == "main-key-0001"
    api.deliver(main)
    assert len(due) > 5
    assert set(AccredibleBadge.objects.filter(pk__in=due).values_list("state", flat=True)) == {"accepted"}
