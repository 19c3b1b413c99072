"""Migrating back: what that would lose is said before anything happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig
from django.core.management import CommandError
from django.db import migrations
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

# An environment variable: it is to count for one command, and not for good.
LOSE_DATA = "CREDENTIALS_ACCREDIBLE_LOSE_DATA"

_ALL = Q(pk__isnull=False)
# Rows that are no loss, by table or column.
_NO_LOSS = {
    # Migrations write these again when they are applied again.
    "accrediblebadge.environment": Q(api_config__isnull=False),
    "accrediblebadge.sent_at": _ALL,
    "rulesversion": _ALL,
    # What was told is told again.
    "accredibleapiconfig.told_at": _ALL,
    # How far a sync was.
    "syncrun.stage": _ALL,
    "syncrun.stage_done": _ALL,
    "syncrun.stage_total": _ALL,
    "syncrun.kept_back_until": _ALL,
    # The next sync finds them again.
    "syncrun.conflicts": _ALL,
    # They go with the rows of history that they belong to, and these are counted.
    "historicalbadgepenalty_requirements": _ALL,
}


def refuse_losses(sender: AppConfig, plan: Any, apps: Any, using: str, **_kwargs: Any) -> None:
    """Receive what ``migrate`` is about to do; CommandError where it goes back and would lose what is stored."""
    undone = [migration for migration, backwards in plan if backwards and migration.app_label == sender.label]
    if not undone or os.environ.get(LOSE_DATA) == "yes":
        return
    losses = list(_losses(undone, apps.all_models[sender.label], using))
    if losses:
        raise CommandError(
            _(
                "Nothing was migrated. Going back would lose what cannot be had again: %(losses)s. Make a "
                "backup of the database. To go back all the same, set %(lose_data)s=yes in the environment "
                "of this command."
            )
            % {"losses": "; ".join(losses), "lose_data": LOSE_DATA}
        )


def _losses(undone: list[migrations.Migration], models: dict[str, Any], using: str) -> Iterator[str]:
    """What each table and each column holds that goes, with ``models`` as they are now."""
    operations = [operation for migration in undone for operation in migration.operations]
    tables = {operation.name_lower for operation in operations if isinstance(operation, migrations.CreateModel)}
    for name in sorted(tables & models.keys()):
        count = _lost(models[name], name, using).count()
        if count:
            yield _counted(count, models[name])
    for operation in operations:
        model = models.get(getattr(operation, "model_name_lower", ""))
        if model is None or not isinstance(operation, migrations.AddField) or operation.model_name_lower in tables:
            continue
        field = model._meta.get_field(operation.name)
        if field.has_default() and callable(field.default) and field.default not in {dict, list}:
            continue  # the time of writing, which says nothing
        rows = _lost(model, f"{operation.model_name_lower}.{operation.name}", using)
        count = rows.exclude(_is_default(field)).count()
        if count:
            yield _("“%(field)s” of %(rows)s") % {"field": field.verbose_name, "rows": _counted(count, model)}


def _lost(model: Any, place: str, using: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._base_manager.using(using)
    return rows.exclude(_NO_LOSS[place]) if place in _NO_LOSS else rows


def _is_default(field: Any) -> Q:
    is_null = Q(**{f"{field.name}__isnull": True})
    default = field.get_default()
    return is_null if default is None else is_null | Q(**{field.name: default})


def _counted(count: int, model: Any) -> str:
    return f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"
