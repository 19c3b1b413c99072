"""Words and figures for what is restored: the same ones in every door."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from credentials_accredible.snapshots.restoring import Restoration
from credentials_accredible.text import one_line


def title(item: Restoration) -> str:
    """Which snapshot, and what becomes of it."""
    name = one_line(item.snapshot.name)
    return f"{name} ({item.snapshot.accredible_id}), snapshot {item.snapshot.pk}: {item.way.label}"


def figures(item: Restoration) -> str:
    """How much is restored, in one line."""
    counts = item.counts()
    parts = [
        ngettext("%d requirement", "%d requirements", counts["requirements"]) % counts["requirements"],
        ngettext("%d data rule", "%d data rules", counts["rules"]) % counts["rules"],
        ngettext("%d penalty", "%d penalties", counts["penalties"]) % counts["penalties"],
        ngettext("%d custom attribute", "%d custom attributes", counts["attributes"]) % counts["attributes"],
        ngettext("the progress of %d learner", "the progress of %d learners", counts["learners"]) % counts["learners"],
        ngettext("the link of %d badge", "the links of %d badges", counts["badges"]) % counts["badges"],
    ]
    if counts["gone"]:
        gone = ngettext("%d learner is no longer here", "%d learners are no longer here", counts["gone"])
        parts.append(gone % counts["gone"])
    return ", ".join(parts)


def lines(item: Restoration) -> Iterator[str]:
    """What is to be known of it, a line each: the reason or the figures, notes, and groups that could be the same."""
    if item.reason:
        yield item.reason
    if item.wanted:
        yield figures(item)
        yield from item.notes
    for group in item.same_name:
        text = gettext("The group %(id)s has the same name. If it is this one, made anew at Accredible, join it.")
        yield text % {"id": group.accredible_id}


def as_dict(item: Restoration, *, restored: bool) -> dict[str, object]:
    """What ``--format json`` prints."""
    return {
        "snapshot": item.snapshot.pk,
        "accredible_id": item.snapshot.accredible_id,
        "name": item.snapshot.name,
        "config": item.config.pk if item.config else None,
        "way": str(item.way),
        "restored": restored and item.wanted,
        "group": item.group.pk if item.group else None,
        "reason": item.reason,
        **item.counts(),
        "notes": list(item.notes) if item.wanted else [],
        "same_name": [group.accredible_id for group in item.same_name],
    }
