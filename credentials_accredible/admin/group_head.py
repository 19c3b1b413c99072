"""What a group's page begins with: its picture, its name, whether learners can earn it, and how, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import prefetch_related_objects
from django.http import HttpRequest

from credentials_accredible import api, conf
from credentials_accredible.admin.base import may_see
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement


class GroupHead(NamedTuple):
    """``words`` are None for who may not see requirements. ``obstacles``: why an inactive group cannot be activated.

    ``refusal``: why the group cannot be active as it was to be saved. ``configured``: whether it has requirements.
    """

    name: str
    picture: str
    active: bool
    words: api.GroupWords | None = None
    obstacles: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    configured: bool = False


def group_head(request: HttpRequest, group: AccredibleGroup, form: Any, formsets: Iterable[Any]) -> GroupHead:
    """The head of the page of ``group``, as it is stored; ``form`` and ``formsets`` may have been refused."""
    # The form has put what it was given into the group already.
    active = bool(form.initial.get("is_active", group.is_active))
    if not may_see(request, BadgeRequirement):
        return GroupHead(group.name, picture_url(group), active)
    prefetch_related_objects([group], *api.PREFETCH)
    configuration, _refs = api.configuration_of(group)
    if not may_see(request, BadgePenalty):
        configuration = configuration.model_copy(update={"penalties": ()})
    obstacles = [] if active else api.group_problems(configuration.requirements, conf.event_types())
    if not active and (objection := api.builtin_objection(group)):
        obstacles.append(objection)
    words = api.words_of(configuration)
    # Of a group without any requirement, the words say so already.
    shown = tuple(obstacles) if configuration.requirements else ()
    refusal = tuple(text for formset in formsets for text in getattr(formset, "unearnable", ()))
    return GroupHead(
        group.name,
        picture_url(group),
        active,
        words,
        () if refusal else shown,
        refusal,
        bool(configuration.requirements),
    )


def picture_url(group: AccredibleGroup) -> str:
    """Where the group's picture is; empty where it has none that a page may show."""
    return group.icon_url if group.icon_url.startswith(("https://", "http://")) else ""
