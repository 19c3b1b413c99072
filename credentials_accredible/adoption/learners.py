"""Takes over what learners have in the built-in integration: progress, fulfilments, badges, some learners at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from credentials_accredible import host
from credentials_accredible.adoption import marks
from credentials_accredible.adoption.report import AdoptedGroup
from credentials_accredible.choices import Adopted, BadgeAction, BadgeStatus
from credentials_accredible.host import builtin
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    AdoptedRow,
    BadgeLogEntry,
    BadgeProgress,
    Fulfillment,
)
from credentials_accredible.text import shortened, spelled_out

TAKEN_OVER = gettext_noop("Taken over from the built-in integration.")
_LONGEST_NAME = 150


def take_progress(
    item: AdoptedGroup, mark: AdoptedRow, group: AccredibleGroup, requirements: Mapping[int, int]
) -> None:
    """Take over what was fulfilled in a group; ``requirements``: primary keys here by those there.

    What was taken over before is left alone, and so is what a penalty has taken back here.
    """
    for page in builtin.progress(mark.builtin_id):
        done = marks.known(Adopted.FULFILLMENT, [pk for row in page for pk in row.fulfilled])
        fresh = [row for row in page if row.fulfilled.keys() - done.keys()]
        users = _users(fresh, item)
        there = [row for row in fresh if row.username in users]
        progress = _progress(item, mark, group, {row.pk: users[row.username] for row in there})
        wanted: dict[int, tuple[int, int]] = {}
        for row in there:
            own = progress[users[row.username]]
            for pk, requirement in row.fulfilled.items():
                key = requirements.get(requirement)
                if pk not in done and key is not None and str(key) not in own.resets:
                    wanted[pk] = (own.pk, key)
        _fulfil(item, mark, wanted)


def _progress(
    item: AdoptedGroup, mark: AdoptedRow, group: AccredibleGroup, users: Mapping[int, int]
) -> dict[int, BadgeProgress]:
    """The progress here of each user, made where there is none; ``users`` by the primary key of the progress there."""
    rows = BadgeProgress.objects.filter(group=group, user__in=set(users.values()))
    before = set(rows.values_list("user_id", flat=True))
    new = dict.fromkeys(user for user in users.values() if user not in before)
    BadgeProgress.objects.bulk_create(BadgeProgress(group=group, user_id=user) for user in new)
    # MySQL does not say which keys the rows of a bulk statement got.
    found = {row.user_id: row for row in rows}
    known = marks.known(Adopted.PROGRESS, users)
    own = {pk: found[user].pk for pk, user in users.items() if pk not in known}
    marks.put_all(Adopted.PROGRESS, own, {found[user].pk for user in new}, mark)
    item.counts["progress"] += len(own)
    return found


def _fulfil(item: AdoptedGroup, mark: AdoptedRow, wanted: Mapping[int, tuple[int, int]]) -> None:
    """Make fulfilments; ``wanted``: progress and requirement by the primary key of the fulfilment there."""
    rows = Fulfillment.objects.filter(progress__in={progress for progress, _requirement in wanted.values()})
    before = {(progress, key): pk for pk, progress, key in rows.values_list("pk", "progress_id", "requirement_id")}
    new = dict.fromkeys(pair for pair in wanted.values() if pair not in before)
    Fulfillment.objects.bulk_create(Fulfillment(progress_id=progress, requirement_id=key) for progress, key in new)
    found = {(progress, key): pk for pk, progress, key in rows.values_list("pk", "progress_id", "requirement_id")}
    own = {pk: found[pair] for pk, pair in wanted.items()}
    marks.put_all(Adopted.FULFILLMENT, own, set(own.values()) - set(before.values()), mark)
    item.counts["fulfilments"] += len(own)


def take_badges(
    item: AdoptedGroup,
    badges: Iterable[Sequence[builtin.Badge]],
    *,
    above: AdoptedRow,
    config: AccredibleAPIConfig,
    group: AccredibleGroup | None,
    user: Any,
) -> None:
    """Take over badges of one group, which can be gone; ``user`` is who does it."""
    for page in badges:
        done = marks.known(Adopted.BADGE, [badge.pk for badge in page])
        fresh = [badge for badge in page if badge.pk not in done]
        users = _users(fresh, item)
        same_id = Q(api_config=config, accredible_group_id=item.builtin_id)
        of_group = same_id | Q(group=group) if group else same_id
        held = {row.user_id: row for row in AccredibleBadge.objects.filter(of_group, user__in=set(users.values()))}
        new: list[tuple[builtin.Badge, AccredibleBadge]] = []
        for badge in fresh:
            owner = users.get(badge.username)
            if owner in held:
                _leave(item, badge, held[owner])
            elif owner is not None:
                new.append((badge, _badge(badge, owner, item, config, group)))
        if new:
            _insert(item, new, above, user)
        if group:
            awarded = {users[badge.username]: badge.username for badge, row in new if row.status == BadgeStatus.AWARDED}
            _note_early(item, group, awarded)


def _badge(
    badge: builtin.Badge, owner: int, item: AdoptedGroup, config: AccredibleAPIConfig, group: AccredibleGroup | None
) -> AccredibleBadge:
    own = AccredibleBadge(
        uuid=badge.uuid,
        user_id=owner,
        group=group,
        api_config=config,
        environment=config.environment,
        accredible_group_id=item.builtin_id,
        group_name=group.name if group else item.name,
        issued_on=timezone.localdate(badge.created),
        created=badge.created,
    )
    own.take_over(
        badge.external_id,
        awarded=not (badge.is_revoked or badge.is_expired),
        expired=badge.is_expired,
        at=badge.modified,
    )
    return own


def _insert(
    item: AdoptedGroup, new: Sequence[tuple[builtin.Badge, AccredibleBadge]], above: AdoptedRow, user: Any
) -> None:
    AccredibleBadge.objects.bulk_create(row for _badge, row in new)
    keys = dict(AccredibleBadge.objects.filter(uuid__in=[badge.uuid for badge, _row in new]).values_list("uuid", "pk"))
    AdoptedRow.objects.bulk_create(
        AdoptedRow(
            kind=Adopted.BADGE,
            builtin_id=badge.pk,
            own_id=keys[badge.uuid],
            made=True,
            above=above,
            before={"status": str(row.status), "external_id": row.external_id},
        )
        for badge, row in new
    )
    BadgeLogEntry.objects.bulk_create(
        BadgeLogEntry(badge_id=key, action=BadgeAction.ADOPT, succeeded=True, detail=_(TAKEN_OVER), user=user)
        for key in keys.values()
    )
    item.counts["badges"] += len(new)
    undelivered = [row for _badge, row in new if row.status == BadgeStatus.AWARDED and not row.external_id]
    item.counts["undelivered"] += len(undelivered)


def _leave(item: AdoptedGroup, badge: builtin.Badge, held: AccredibleBadge) -> None:
    name = spelled_out(shortened(badge.username, _LONGEST_NAME))
    words = {"learner": name, "here": held.external_id or _("none yet"), "there": badge.external_id or _("none")}
    item.leave(
        _(
            "%(learner)s has a badge of this group here already. The credential here: %(here)s; that of the built-in "
            "integration: %(there)s."
        )
        % words
    )


def _note_early(item: AdoptedGroup, group: AccredibleGroup, awarded: Mapping[int, str]) -> None:
    """Note who of ``awarded``, user names by primary key, has not fulfilled every letter of the group."""
    rows: Any = BadgeProgress.objects.filter(group=group, user__in=awarded).with_letters()
    letters = {row.user_id: (row.letters_fulfilled, row.letters_total) for row in rows}
    total = len({item.blend or item.pk for item in group.requirements.all()})
    for owner, name in awarded.items():
        fulfilled, of = letters.get(owner, (0, total))
        if fulfilled < of:
            item.early.append((name, fulfilled, of))


def _users(rows: Iterable[builtin.Progress | builtin.Badge], item: AdoptedGroup) -> dict[str, int]:
    """The users of these rows by the names that the rows have; whose stay there is noted, with the reason."""
    names = dict.fromkeys(row.username for row in rows)
    accounts = get_user_model()._default_manager.filter(username__in=names)
    known = {user.get_username(): user.pk for user in accounts.only("pk", get_user_model().USERNAME_FIELD)}
    # A database can find a name in another letter case, and then the built-in integration has taken it for the same.
    alike = {name.casefold(): pk for name, pk in known.items()}
    found = {}
    for name in names:
        key = known.get(name, alike.get(name.casefold()))
        shown = spelled_out(shortened(name, _LONGEST_NAME))
        if host.has_left(name):
            item.leave(_("The learner “%s” has left.") % shown)
        elif key is None:
            item.leave(_("There is no learner “%s” here any more.") % shown)
        else:
            found[name] = key
    return found
