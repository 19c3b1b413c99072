"""The service's built-in Accredible integration, which Teak and later have: its tables, as data.

Its groups have Accredible's own ids as primary keys. Requirements and progress belong to templates of any provider, and
learners go by user name. Nothing here is imported from the service, whose models Django knows by label.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from credentials_accredible.database import BATCH, pages
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.secrets import Secret, hidden_locals

_LABEL = "badges"
_SETTING = "BADGES_CONFIG['accredible']"
_REVOKED = "revoked"


class Config(NamedTuple):
    """An account, with its key."""

    pk: int
    name: str
    api_key: Secret


class Group(NamedTuple):
    """A group; ``pk`` is Accredible's id of it."""

    pk: int
    config: int
    name: str
    description: str
    icon_url: str
    site: int | None
    is_active: bool
    created: datetime | None


class Rule(NamedTuple):
    """A data rule of a requirement or of a penalty."""

    data_path: str
    operator: str
    value: str


class Requirement(NamedTuple):
    """A requirement; ``blend`` is any text, empty where there is none."""

    pk: int
    event_type: str
    description: str
    blend: str
    rules: tuple[Rule, ...]


class Penalty(NamedTuple):
    """A penalty; ``requirements`` are primary keys of those that it takes back."""

    pk: int
    event_type: str
    requirements: tuple[int, ...]
    rules: tuple[Rule, ...]


@dataclass
class Progress:
    """A learner's progress in a group; ``fulfilled`` has the requirement's primary key by that of the fulfilment."""

    pk: int
    username: str
    fulfilled: dict[int, int] = field(default_factory=dict)


class Badge(NamedTuple):
    """A badge that was awarded or revoked. ``external_id`` is empty where Accredible has answered nothing."""

    pk: int
    group: int
    username: str
    uuid: UUID
    is_revoked: bool
    is_expired: bool
    external_id: str
    created: datetime
    modified: datetime


def is_there() -> bool:
    """Whether the service has the integration's tables."""
    try:
        group_model()
    except LookupError:
        return False
    return True


def group_model() -> Any:
    """The model of its groups, for signals; LookupError where the service has none."""
    return apps.get_model(_LABEL, "AccredibleGroup")


def is_at_work() -> bool:
    """Whether the integration takes events, and issues badges."""
    return is_there() and bool(getattr(settings, "BADGES_ENABLED", False))


def api_url() -> str:
    """The address that it sends to; ConfigurationError where the service's settings have none."""
    written = getattr(settings, "BADGES_CONFIG", None)
    found = written.get("accredible") if isinstance(written, Mapping) else None
    name = "ACCREDIBLE_API_BASE_URL"
    if isinstance(found, Mapping) and found.get("USE_SANDBOX"):
        name = "ACCREDIBLE_SANDBOX_API_BASE_URL"
    url = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(url, str) or not url:
        raise ConfigurationError(
            _(
                "%(setting)s has no “%(name)s”, so nobody knows at which address of Accredible the accounts "
                "of the built-in integration are. Enter it in the settings of the service."
            )
            % {"setting": _SETTING, "name": name}
        )
    return url


@hidden_locals()
def configs() -> list[Config]:
    """All accounts, the oldest first."""
    rows = _rows("AccredibleAPIConfig").order_by("pk").values_list("pk", "name", "api_key")
    return [Config(pk, name or "", Secret(plain=key or "")) for pk, name, key in rows]


def groups(config: int) -> list[Group]:
    """The groups of an account, by id."""
    rows = _rows("AccredibleGroup").filter(api_config=config).order_by("pk")
    names = ("pk", "api_config_id", "name", "description", "icon", "site_id", "is_active", "created")
    return [
        Group(pk, owner, name or "", description or "", icon or "", site, is_active, created)
        for pk, owner, name, description, icon, site, is_active, created in rows.values_list(*names)
    ]


def config_keys() -> set[int]:
    """The primary keys of all accounts."""
    return set(_rows("AccredibleAPIConfig").values_list("pk", flat=True))


def group_keys() -> set[int]:
    """The primary keys of all groups."""
    return set(_rows("AccredibleGroup").values_list("pk", flat=True))


def is_active(group: int) -> bool:
    """Whether the integration issues the badge of the group with that id at Accredible."""
    return is_at_work() and _rows("AccredibleGroup").filter(pk=group, is_active=True).exists()


def switch(groups: Collection[int], *, active: bool) -> None:
    """Let it issue the badges of these groups, or have it stop."""
    _rows("AccredibleGroup").filter(pk__in=groups).update(is_active=active)


def requirements(group: int) -> list[Requirement]:
    """The requirements of a group, in the order in which they were made."""
    rules = _rules("DataRule", "requirement", group)
    rows = _rows("BadgeRequirement").filter(template=group).order_by("pk")
    return [
        Requirement(pk, event_type, description or "", blend or "", tuple(rules.get(pk, ())))
        for pk, event_type, description, blend in rows.values_list("pk", "event_type", "description", "blend")
    ]


def penalties(group: int) -> list[Penalty]:
    """The penalties of a group, in the order in which they were made."""
    rules = _rules("PenaltyDataRule", "penalty", group)
    rows = _rows("BadgePenalty").filter(template=group).order_by("pk")
    chosen: dict[int, list[int]] = {}
    for pk, requirement in rows.order_by("pk", "requirements").values_list("pk", "requirements"):
        chosen.setdefault(pk, []).extend([] if requirement is None else [requirement])
    return [
        Penalty(pk, event_type, tuple(chosen.get(pk, ())), tuple(rules.get(pk, ())))
        for pk, event_type in rows.values_list("pk", "event_type")
    ]


def progress(group: int) -> Iterator[list[Progress]]:
    """Who has fulfilled something in a group, some learners at a time."""
    fulfilled = _rows("Fulfillment").filter(progress=OuterRef("pk"), requirement__template=group)
    for page in pages(_rows("BadgeProgress").filter(Exists(fulfilled), template=group)):
        found = {row.pk: Progress(row.pk, row.username) for row in page}
        rows = _rows("Fulfillment").filter(progress__in=found, requirement__template=group).order_by("pk")
        for pk, owner, requirement in rows.values_list("pk", "progress_id", "requirement_id"):
            found[owner].fulfilled[pk] = requirement
        yield list(found.values())


def badges(group: int) -> Iterator[list[Badge]]:
    """The badges of a group, some at a time."""
    return _pages_of_badges(_rows("AccredibleBadge").filter(credential_id=group))


def orphans(known: Collection[int]) -> Iterator[list[Badge]]:
    """The badges of groups that were deleted, some at a time; ``known`` are those that there are."""
    for page in _pages_of_badges(_rows("AccredibleBadge")):
        if gone := [badge for badge in page if badge.group not in known]:
            yield gone


def _pages_of_badges(rows: QuerySet[Any]) -> Iterator[list[Badge]]:
    for page in pages(rows, BATCH):
        yield [_badge(row) for row in page]


def _badge(row: Any) -> Badge:
    return Badge(
        pk=row.pk,
        group=row.credential_id,
        username=row.username,
        uuid=row.uuid,
        is_revoked=row.status == _REVOKED,
        is_expired=row.state == "expired",
        # Of one that has failed it keeps the number of the credential, where there is one.
        external_id=str(row.external_id or ""),
        created=row.created,
        modified=row.modified,
    )


def _rules(model: str, owner: str, group: int) -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = {}
    rows: Iterable[Any] = (
        _rows(model)
        .filter(**{f"{owner}__template": group})
        .order_by("pk")
        .values_list(f"{owner}_id", "data_path", "operator", "value")
    )
    for pk, *values in rows:
        found.setdefault(pk, []).append(Rule(*values))
    return found


def _rows(model: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = apps.get_model(_LABEL, model)._default_manager.all()
    return rows
