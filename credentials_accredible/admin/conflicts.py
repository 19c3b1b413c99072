"""Groups that a sync leaves out because another configuration holds them: which one, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from credentials_accredible import api
from credentials_accredible.admin.base import link_if_open, named
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup


def conflict_list(config: AccredibleAPIConfig | None, conflicts: Sequence[dict[str, Any]], total: int) -> str:
    """The ``conflicts`` of a sync of ``config``, as they are by now, of ``total`` that there were; one query.

    They are as a run keeps them. Whose configuration is deleted, of that is known only what it was.
    """
    held = _held([row["accredible_id"] for row in conflicts], config) if config else {}
    rows = [
        {**row, "name": named(row["name"]), **_now(row, held.get(row["accredible_id"]), config)} for row in conflicts
    ]
    context = {"rows": rows, "total": total, "more": total - len(rows), "advice": api.conflict_advice()}
    return render_to_string("admin/credentials_accredible/conflicts.html", context)


def _now(row: dict[str, Any], group: AccredibleGroup | None, config: AccredibleAPIConfig | None) -> dict[str, Any]:
    if group is None:
        return {"is_free": config is not None, "holder": named(row["holder"])}
    holder = group.api_config
    return {
        "name": link_if_open(AccredibleGroup, "change", named(row["name"]), group.pk),
        "is_here": holder == config,
        "holder": link_if_open(AccredibleAPIConfig, "change", named(holder.name), holder.pk),
    }


def _held(ids: Sequence[int], config: AccredibleAPIConfig) -> dict[int, AccredibleGroup]:
    """The groups of these numbers in the environment of ``config``, its own before those of others."""
    groups = AccredibleGroup.objects.filter(api_config__environment=config.environment, accredible_id__in=ids)
    found = groups.select_related("api_config").only("accredible_id", "api_config__name").order_by()
    return {group.accredible_id: group for group in sorted(found, key=lambda group: group.api_config_id == config.pk)}
