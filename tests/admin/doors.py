"""Every door of the admin, and which permissions open it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
    Door("accrediblegroup_try_out", (seen("accrediblegroup"), seen("badgerequirement"))),
    Door("accrediblegroup_try_out", (seen("accrediblegroup"), seen("badgerequirement")), "post"),
    Door("accrediblegroup_reevaluate", (("change_accrediblegroup",),)),
    Door("accrediblegroup_reevaluate", (("change_accrediblegroup",),), "post", 302),
    Door("accrediblegroup_backfill", (("change_accrediblegroup",),)),
    Door("accrediblegroup_backfill", (("change_accrediblegroup",),), "post", 302),
    Door(
        "accrediblegroup_courses",
        (tuple(f"{right}_{what}" for right in ("add", "change") for what in ("badgerequirement", "badgepenalty")),),
    ),
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
