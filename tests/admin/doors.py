"""Every door of the admin, and which permissions open it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import site
from django.urls import URLPattern, URLResolver, reverse

PREFIX = "credentials_accredible_"
OBJECT = "<path:object_id>/"

# Permissions, any one of which will do.
Any_ = tuple[str, ...]


@dataclass(frozen=True)
class Door:
    """An address and a method. ``needs`` is what one has to have of each group of permissions.

    ``status`` is what who has just that gets; ``data`` what is sent; ``query`` may name ``{run}``.
    """

    name: str
    needs: tuple[Any_, ...]
    method: str = "get"
    status: int = 200
    query: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def seen(model: str) -> Any_:
    """May see the objects of ``model``: who may change them may."""
    return (f"view_{model}", f"change_{model}")


def _usual(
    model: str,
    *,
    add: bool = False,
    change: bool = False,
    delete: bool = False,
    sees: Any_ = (),
    saved: int = 200,
) -> list[Door]:
    """What Django's admin has for each model; ``add`` and the like: whether that is done here at all.

    ``saved``: what an empty form gets.
    """
    sees = sees or seen(model)
    never: tuple[Any_, ...] = ((),)
    return [
        Door(f"{model}_changelist", (sees,)),
        Door(f"{model}_change", (sees,)),
        Door(f"{model}_history", (sees,)),
        Door(f"{model}_change", ((f"change_{model}",),) if change else never, "post", saved),
        Door(f"{model}_add", ((f"add_{model}",),) if add else never),
        Door(f"{model}_add", ((f"add_{model}",),) if add else never, "post"),
        Door(f"{model}_delete", ((f"delete_{model}",),) if delete else never),
        Door(f"{model}_delete", ((f"delete_{model}",),) if delete else never, "post"),
    ]


ADOPT = ("adopt_accredibleapiconfig",)
SYNC = ("sync_accredibleapiconfig",)
RUNS = ("view_syncrun",)
BADGES = seen("accrediblebadge")

DOORS: list[Door] = [
    Door(
        "overview",
        (
            (
                *seen("accredibleapiconfig"),
                *seen("accrediblegroup"),
                *BADGES,
                *seen("failedevent"),
                *seen("groupsnapshot"),
            ),
        ),
    ),
    *_usual("accredibleapiconfig", add=True, change=True, delete=True),
    Door("accredibleapiconfig_history_of_all", (seen("accredibleapiconfig"),)),
    Door("accredibleapiconfig_preview", (seen("accredibleapiconfig"), SYNC)),
    Door("accredibleapiconfig_sync", (seen("accredibleapiconfig"), SYNC), status=405),
    # It would remove the group, and asks first.
    Door("accredibleapiconfig_sync", (seen("accredibleapiconfig"), SYNC), "post"),
    Door("accredibleapiconfig_test", (seen("accredibleapiconfig"), SYNC), status=405),
    Door("accredibleapiconfig_test", (seen("accredibleapiconfig"), SYNC), "post", 302),
    # The built-in integration sends elsewhere than to the environments of these tests.
    Door("accredibleapiconfig_adopt", (seen("accredibleapiconfig"), ADOPT), status=302),
    Door("accredibleapiconfig_adopt", (seen("accredibleapiconfig"), ADOPT), "post", 302),
    *_usual("accrediblegroup", change=True, delete=True, saved=302),
    Door("accrediblegroup_history_of_all", (seen("accrediblegroup"),)),
    Door("accrediblegroup_try_out", (seen("accrediblegroup"), seen("badgerequirement"), seen("badgepenalty"))),
    Door("accrediblegroup_try_out", (seen("accrediblegroup"), seen("badgerequirement"), seen("badgepenalty")), "post"),
    Door("accrediblegroup_reevaluate", (("change_accrediblegroup",),)),
    Door("accrediblegroup_reevaluate", (("change_accrediblegroup",),), "post", 302),
    Door("accrediblegroup_backfill", (("change_accrediblegroup",),)),
    Door("accrediblegroup_backfill", (("change_accrediblegroup",),), "post", 302),
    Door(
        "accrediblegroup_courses",
        (tuple(f"{right}_{what}" for right in ("add", "change") for what in ("badgerequirement", "badgepenalty")),),
    ),
    Door("accrediblegroup_learners", (seen("badgeprogress"), BADGES)),
    Door(
        "accrediblegroup_attribute_keys",
        (seen("accrediblegroup"), ("add_customattribute", "change_customattribute")),
    ),
    *_usual("badgerequirement", add=True, change=True, delete=True),
    Door("badgerequirement_history_of_all", (seen("badgerequirement"),)),
    *_usual("badgepenalty", add=True, change=True, delete=True),
    Door("badgepenalty_history_of_all", (seen("badgepenalty"),)),
    *_usual("badgeprogress"),
    Door("badgeprogress_export", (seen("badgeprogress"),)),
    *_usual("accrediblebadge"),
    Door("accrediblebadge_export", (BADGES,)),
    Door("accrediblebadge_award", (("award_accrediblebadge",),)),
    Door("accrediblebadge_award", (("award_accrediblebadge",),), "post"),
    Door("accrediblebadge_revoke", (BADGES, ("revoke_accrediblebadge",))),
    Door("accrediblebadge_revoke", (BADGES, ("revoke_accrediblebadge",)), "post"),
    Door("accrediblebadge_retry", (BADGES, ("deliver_accrediblebadge",)), status=405),
    Door("accrediblebadge_retry", (BADGES, ("deliver_accrediblebadge",)), "post", 302),
    Door("accrediblebadge_deliver_now", (BADGES, ("deliver_accrediblebadge",)), status=405),
    Door("accrediblebadge_deliver_now", (BADGES, ("deliver_accrediblebadge",)), "post", 302),
    Door("accrediblebadge_delivery", (BADGES,)),
    Door("accrediblebadge_delivery", (BADGES, ("change_accredibleapiconfig",)), "post", 302),
    *_usual("failedevent", delete=True),
    Door("failedevent_process", (seen("failedevent"), ("process_failedevent",)), status=405),
    Door("failedevent_process", (seen("failedevent"), ("process_failedevent",)), "post", 302),
    *_usual("syncrun"),
    Door("syncrun_progress", ((*RUNS, *SYNC),), query="?run={run}"),
    Door("syncrun_state", ((*RUNS, *SYNC),), query="?run={run}"),
    *_usual("syncchange", sees=RUNS),
    *_usual("groupsnapshot"),
]


@dataclass(frozen=True)
class Action:
    """An action of a list, and what it takes beside seeing the list."""

    model: str
    name: str
    needs: str

    def __str__(self) -> str:
        return f"{self.name} {self.model}"


ACTIONS = [
    Action("accredibleapiconfig", "sync_groups", "sync_accredibleapiconfig"),
    Action("accredibleapiconfig", "resume_delivery", "change_accredibleapiconfig"),
    Action("accredibleapiconfig", "delete_selected", "delete_accredibleapiconfig"),
    Action("accrediblegroup", "activate", "change_accrediblegroup"),
    Action("accrediblegroup", "deactivate", "change_accrediblegroup"),
    Action("accrediblegroup", "delete_selected", "delete_accrediblegroup"),
    Action("badgerequirement", "delete_selected", "delete_badgerequirement"),
    Action("badgepenalty", "delete_selected", "delete_badgepenalty"),
    Action("accrediblebadge", "deliver_now", "deliver_accrediblebadge"),
    Action("accrediblebadge", "retry", "deliver_accrediblebadge"),
    Action("accrediblebadge", "revoke_badges", "revoke_accrediblebadge"),
    Action("failedevent", "process_again", "process_failedevent"),
    Action("failedevent", "delete_selected", "delete_failedevent"),
    Action("groupsnapshot", "restore_groups", "restore_groupsnapshot"),
]


def _gets(model: str, *names: str) -> tuple[str, ...]:
    return tuple(f"get {model}_{name}" for name in names)


def _both(model: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{method} {model}_{name}" for name in names for method in ("get", "post"))


_LIST = ("changelist", "change", "history")
_RULES = ("badgerequirement", "badgepenalty")

# What the roles of docs/operations.rst are asked about, in its words: the doors and actions behind each deed.
DEEDS: dict[str, tuple[str, ...]] = {
    "Look at the overview": ("get overview",),
    "See API configurations": _gets("accredibleapiconfig", *_LIST, "history_of_all"),
    "Add, change and delete API configurations": (
        "post accredibleapiconfig_change",
        *_both("accredibleapiconfig", "add", "delete"),
        "delete_selected accredibleapiconfig",
    ),
    "Preview and sync groups, test the connection": (
        "get accredibleapiconfig_preview",
        *_both("accredibleapiconfig", "sync", "test"),
        "sync_groups accredibleapiconfig",
    ),
    "Take over from the built-in integration": _both("accredibleapiconfig", "adopt"),
    "See groups": _gets("accrediblegroup", *_LIST, "history_of_all"),
    "Change, activate, re-evaluate and backfill groups": (
        "post accrediblegroup_change",
        *_both("accrediblegroup", "reevaluate", "backfill"),
        "activate accrediblegroup",
        "deactivate accrediblegroup",
    ),
    "Delete groups": (*_both("accrediblegroup", "delete"), "delete_selected accrediblegroup"),
    "See requirements and penalties, try them out": (
        *(name for model in _RULES for name in _gets(model, *_LIST, "history_of_all")),
        *_both("accrediblegroup", "try_out"),
    ),
    "Try a group out with a real learner": _gets("accrediblegroup", "learners"),
    "Add, change and delete requirements and penalties": (
        *(f"post {model}_change" for model in _RULES),
        *(name for model in _RULES for name in _both(model, "add", "delete")),
        *(f"delete_selected {model}" for model in _RULES),
        *_gets("accrediblegroup", "courses", "attribute_keys"),
    ),
    "See and export progress": _gets("badgeprogress", *_LIST, "export"),
    "See and export badges": _gets("accrediblebadge", *_LIST, "export", "delivery"),
    "Award and revoke badges by hand": (
        *_both("accrediblebadge", "award", "revoke"),
        "revoke_badges accrediblebadge",
    ),
    "Retry deliveries, deliver now": (
        *_both("accrediblebadge", "retry", "deliver_now"),
        "retry accrediblebadge",
        "deliver_now accrediblebadge",
    ),
    "Resume delivery": ("post accrediblebadge_delivery", "resume_delivery accredibleapiconfig"),
    "See failed events": _gets("failedevent", *_LIST),
    "Process failed events again, and delete them": (
        *_both("failedevent", "process", "delete"),
        "process_again failedevent",
        "delete_selected failedevent",
    ),
    "See sync runs and what they changed": (
        *_gets("syncrun", *_LIST, "progress", "state"),
        *_gets("syncchange", *_LIST),
    ),
    "See snapshots of removed groups": _gets("groupsnapshot", *_LIST),
    "Restore removed groups": ("restore_groups groupsnapshot",),
}


def routes() -> Iterator[tuple[str, str | None]]:
    """All addresses of the plugin below ``/admin/``, and their names."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, str | None]]:
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield before + str(pattern.pattern), pattern.name
            else:
                yield from walk(pattern.url_patterns, before + str(pattern.pattern))

    for route, name in walk(site.get_urls(), ""):
        if route.lstrip("^").startswith(("credentials_accredible/", "badges/")):
            yield route, name


def address(door: Door, objects: dict[str, Any]) -> str:
    """Where the door is; ``objects`` are primary keys by the name of their model."""
    model = door.name.partition("_")[0]
    of_one = f"{PREFIX}{door.name}" in {named for route, named in routes() if OBJECT in route}
    path = reverse(f"admin:{PREFIX}{door.name}", args=[objects[model]] if of_one else [])
    if model == "badgepenalty" and door.name.endswith("_add"):
        return f"{path}?group={objects['accrediblegroup']}"
    return path + door.query.format(run=objects["syncrun"])
