"""The form of a snapshot, version 1: what is written before a group is removed, and read to bring it back.

``GroupSnapshot.data``::

    {
        "group": {"uuid", "created", "is_active", "site", *PROVIDER_FIELDS, "synced_at"},
        "shortened": [NAME, ...],
        "configuration": {
            "requirements": [{"ref", "blend", "event_type", "description", "any_event", "rules": [RULE, ...]}, ...],
            "penalties": [{"event_type", "description", "requirements": [REF, ...], "rules": [RULE, ...]}, ...],
            "custom_attributes": [{"name", "source", "value"}, ...],
        },
    }

``site`` is the domain of a site, or None; ``shortened`` names the texts of Accredible's that were too long to keep
whole. A RULE is ``{"data_path", "operator", "value"}``; a REF is the ``ref`` of a requirement, 1, 2, and so on.

``SnapshotPart.learners`` is a list of entries, of two kinds::

    {"user", "lms_user_id", "progress": {"created", "last_event_at", "resets": {REF: TIME}, "continued",
        "fulfilments": [{"requirement": REF, "created", "context"}, ...]}}
    {"user", "lms_user_id", "badge": UUID}

Times are ISO 8601. A learner is known by the primary key of the user and by the LMS's id, never by a name: the
service replaces names. A learner with a great many fulfilments has more than one entry of the first kind,
``continued`` but for the first. API keys are in none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from credentials_accredible.choices import PROVIDER_FIELDS
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, Fulfillment
from credentials_accredible.rules.configuration import GroupConfiguration

SNAPSHOT_VERSION = 1

# Characters. Databases limit the bytes of a value, and JSON takes up to seven for a character.
LONGEST_TEXT = 250_000
_ENTRY_BYTES = 500_000

_TIMES = ("created", "remote_created_at", "remote_updated_at", "synced_at")


def group_data(group: AccredibleGroup, configuration: GroupConfiguration) -> dict[str, Any]:
    """``GroupSnapshot.data`` of ``group``, under which that is configured."""
    values: dict[str, Any] = {name: getattr(group, name) for name in (*PROVIDER_FIELDS, "is_active", "synced_at")}
    values |= {"uuid": str(group.uuid), "created": group.created, "site": group.site.domain if group.site else None}
    values |= {name: _text(values[name]) for name in _TIMES}
    long = [name for name, value in values.items() if isinstance(value, str) and len(value) > LONGEST_TEXT]
    values |= {name: values[name][:LONGEST_TEXT] for name in long}
    return {"group": values, "shortened": long, "configuration": configuration.model_dump(mode="json")}


def group_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the group that ``group_data`` has written, but for its site and its activation."""
    values = {name: data["group"][name] for name in (*PROVIDER_FIELDS, "uuid", "created", "synced_at")}
    return values | {name: read_time(values[name]) for name in _TIMES}


def configuration_in(data: Mapping[str, Any]) -> GroupConfiguration:
    return GroupConfiguration.model_validate(data["configuration"])


def progress_entries(
    progress: BadgeProgress, lms_user_id: int | None, fulfillments: Iterable[Fulfillment], refs: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    """The entries of a learner in progress; ``refs`` are those of the requirements by primary key."""
    values: dict[str, Any] = {
        "created": _text(progress.created),
        "last_event_at": _text(progress.last_event_at),
        "resets": {str(refs[int(pk)]): time for pk, time in progress.resets.items() if int(pk) in refs},
        "continued": False,
        "fulfilments": [],
    }
    entry = {"user": progress.user_id, "lms_user_id": lms_user_id, "progress": values}
    size = 0
    for item in fulfillments:
        if item.requirement_id not in refs:
            continue
        written = {
            "requirement": refs[item.requirement_id],
            "created": _text(item.created),
            "context": item.context,
        }
        length = len(json.dumps(written))
        if values["fulfilments"] and size + length > _ENTRY_BYTES:
            yield entry
            values = {**values, "continued": True, "fulfilments": []}
            entry, size = {**entry, "progress": values}, 0
        values["fulfilments"].append(written)
        size += length
    yield entry


def badge_entry(badge: AccredibleBadge, lms_user_id: int | None) -> dict[str, Any]:
    """The entry of a learner who has the badge."""
    return {"user": badge.user_id, "lms_user_id": lms_user_id, "badge": str(badge.uuid)}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def read_time(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
