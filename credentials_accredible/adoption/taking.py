"""Takes over from the built-in integration: all that can be taken over of it in one transaction, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.adoption import learners, marks, planning
from credentials_accredible.adoption.learners import TAKEN_OVER
from credentials_accredible.adoption.report import AdoptedConfig, AdoptedGroup, Adoption
from credentials_accredible.choices import Adopted, Takeover
from credentials_accredible.database import batches, retried
from credentials_accredible.environments import origin
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable
from credentials_accredible.host import builtin
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, AdoptedRow, history
from credentials_accredible.rules.configuration import addition
from credentials_accredible.rules.rows import configuration_of, configure
from credentials_accredible.rules.validation import group_problems
from credentials_accredible.rules.version import lock_groups, rules_locked
from credentials_accredible.text import identifier, shortened, spelled_out, storable

_LONGEST_NAME = 255


def find_builtin_configs(wanted: Sequence[str] = ()) -> list[builtin.Config]:
    """The configurations of the built-in integration with these ids or names; all, where none is asked for.

    Raises ConfigurationError for one that does not exist, and where the service has no such integration.
    """
    if not builtin.is_there():
        raise ConfigurationError(
            _("This release of the service has no built-in Accredible integration: there is nothing to take over.")
        )
    there = builtin.configs()
    found: dict[int, builtin.Config] = {}
    for key in map(identifier, wanted):
        named = [config for config in there if key == identifier(config.name)]
        named = named or [config for config in there if key == str(config.pk)]
        if not named:
            known = ", ".join(f"{config.name} ({config.pk})" for config in there) or _("none")
            raise ConfigurationError(
                _("The built-in integration has no API configuration “%(key)s”. Existing ones: %(known)s.")
                % {"key": spelled_out(key), "known": known}
            )
        found |= {config.pk: config for config in named}
    return list(found.values()) if wanted else there


def adopt_builtin(wanted: Sequence[str] = (), *, dry_run: bool = False, user: Any = None) -> Adoption:
    """Take over what the built-in integration has of these configurations, as ``find_builtin_configs`` finds them.

    Groups whose badge it issues are active here afterwards, and inactive there. What was taken over before stays as it
    is here. ``dry_run``: do it, and undo it at the end. ``user`` is who does it. Raises ConfigurationError where
    nothing can be taken over at all; what cannot be taken over otherwise, the report says.
    """
    keys = [config.pk for config in find_builtin_configs(wanted)]
    with history.because(_(TAKEN_OVER), user=user):
        return _adopt(keys, dry_run, user)


@retried
def _adopt(keys: Sequence[int], dry_run: bool, user: Any) -> Adoption:
    # Nobody activates, syncs or configures groups meanwhile.
    with rules_locked(AccredibleAPIConfig.objects.values_list("pk", flat=True), creating=True):
        environment = _environment()
        report = Adoption()
        for config in builtin.configs():
            if config.pk in keys:
                report.configs.append(_Taking(config, environment, user).take())
        if dry_run or not report.is_changed:
            transaction.set_rollback(True)
        return report


def all_configs() -> list[int]:
    """The primary keys of the configurations here."""
    return list(AccredibleAPIConfig.objects.values_list("pk", flat=True))


def _environment() -> str:
    """The key of the environment that the built-in integration sends to; ConfigurationError where there is none."""
    url = builtin.api_url()
    same = [key for key, each in conf.environments().items() if origin(each.api_url) == origin(url)]
    # Several can be at one host, each below a path.
    same.sort(key=lambda key: not url.startswith(conf.environment(key).api_url))
    if not same:
        raise ConfigurationError(
            _(
                "The built-in integration sends to %(url)s, which is the address of no environment here: add "
                "one to %(setting)s['ENVIRONMENTS']."
            )
            % {"url": url, "setting": conf.SETTING}
        )
    return same[0]


class _Taking:
    """Takes over one configuration."""

    def __init__(self, config: builtin.Config, environment: str, user: Any) -> None:
        self._there = config
        self._environment = environment
        self._user = user
        name = shortened(storable(identifier(config.name)), _LONGEST_NAME)
        self._item = AdoptedConfig(config.pk, name or _("Built-in %s") % config.pk)

    def take(self) -> AdoptedConfig:
        item = self._item
        mark = marks.of(Adopted.CONFIG, self._there.pk)
        if mark:
            item.way, item.reason = Takeover.NOTHING, _("It was taken over before.")
        mark = mark or self._make()
        item.config = AccredibleAPIConfig.objects.defer("api_key").filter(pk=mark.own_id).first()
        if item.config is None:
            item.refuse(_("It was taken over before, and the configuration was deleted here since."))
            return item
        groups = builtin.groups(self._there.pk)
        here = item.config.groups.filter(accredible_id__in=[group.pk for group in groups])
        lock_groups(here.values_list("pk", flat=True))
        item.groups = [self._take_group(group, mark, item.config) for group in groups]
        builtin.switch([each.builtin_id for each in item.groups if each.switched], active=False)
        item.groups += self._take_orphans(mark, item.config)
        return item

    def _make(self) -> AdoptedRow:
        item, there = self._item, self._there
        same = self._same_account()
        if same:
            item.way = Takeover.JOINED
            return marks.put(Adopted.CONFIG, there.pk, same.pk, made=False, above=None)
        taken = {name.casefold() for name in AccredibleAPIConfig.objects.values_list("name", flat=True)}
        name, number = item.name, 1
        while name.casefold() in taken:
            number += 1
            suffix = f" ({number})"
            name = shortened(item.name, _LONGEST_NAME - len(suffix)) + suffix
        if name != item.name:
            item.notes.append(_("It is called “%s” here: there is another one of that name.") % name)
        if not there.api_key:
            item.notes.append(_("It has no API key: enter one."))
        made = AccredibleAPIConfig(name=name, environment=self._environment, api_key=there.api_key)
        made.save()
        return marks.put(Adopted.CONFIG, there.pk, made.pk, made=True, above=None)

    def _same_account(self) -> AccredibleAPIConfig | None:
        """The configuration here that has the same key."""
        for config in AccredibleAPIConfig.objects.filter(environment=self._environment).order_by("pk"):
            try:
                if self._there.api_key and config.api_key == self._there.api_key:
                    return config
            except KeyUnreadable:
                continue
        return None

    def _take_group(self, there: builtin.Group, above: AdoptedRow, config: AccredibleAPIConfig) -> AdoptedGroup:
        item = AdoptedGroup(there.pk, storable(there.name))
        mark = marks.of(Adopted.GROUP, there.pk)
        if mark:
            item.group = AccredibleGroup.objects.filter(pk=mark.own_id).first()
            item.way = Takeover.NOTHING
            item.reason = _("It was taken over before.")
            if item.group is None:
                item.reason = _("It was taken over before, and the group was removed here since.")
                return item
            item.switched = there.is_active and item.group.is_active
        else:
            mark = self._take_configuration(item, there, above, config)
        if mark and item.group:
            rows = AdoptedRow.objects.filter(kind=Adopted.REQUIREMENT, above=mark)
            learners.take_progress(item, mark, item.group, dict(rows.values_list("builtin_id", "own_id")))
            badges = builtin.badges(there.pk)
            learners.take_badges(item, badges, above=mark, config=config, group=item.group, user=self._user)
        return item

    def _take_configuration(
        self, item: AdoptedGroup, there: builtin.Group, above: AdoptedRow, config: AccredibleAPIConfig
    ) -> AdoptedRow | None:
        """Make the group and what is configured under it; None where that is refused."""
        plan = planning.plan(there.pk)
        group = config.groups.filter(accredible_id=there.pk).first()
        stands, refs = configuration_of(group) if group else (None, {})
        added = addition(plan.configuration, stands) if stands else None
        objection = plan.problem or self._objection(there, config)
        if not objection and there.is_active:
            objection = " ".join(group_problems(plan.configuration.requirements, conf.event_types()))
        if not objection and stands and (stands.requirements or stands.penalties) and plan.configuration:
            same_size = len(stands.requirements) == len(plan.requirements) and len(stands.penalties) == len(
                plan.penalties
            )
            if added or not same_size:
                objection = _(
                    "The group is configured here already, and differently. Remove its requirements and penalties "
                    "here, or those of the built-in integration, and take over again."
                )
        if objection:
            item.refuse(objection)
            return None
        item.notes += plan.notes
        item.way = Takeover.JOINED if group else Takeover.NEW
        was_active = bool(group and group.is_active)
        item.group = group = group or self._make_group(there, config)
        missing = added.missing if added else plan.configuration
        keys = {ref: pk for pk, ref in refs.items()}
        here = {mine: keys[theirs] for mine, theirs in added.known.items()} if added else {}
        penalties = set(group.penalties.values_list("pk", flat=True))
        requirements = configure(group, missing, here)
        item.counts.update(
            requirements=len(plan.requirements), rules=plan.configuration.number_of_rules, penalties=len(plan.penalties)
        )
        item.switched = there.is_active
        if there.is_active and not was_active:
            group.is_active = True
            group.save(update_fields=["is_active", "modified"])
        mark = marks.put(
            Adopted.GROUP,
            there.pk,
            group.pk,
            made=item.way == Takeover.NEW,
            above=above,
            builtin_active=there.is_active,
            active=was_active,
        )
        marks.put_all(Adopted.REQUIREMENT, requirements, set(requirements.values()) - set(here.values()), mark)
        new = sorted(set(group.penalties.values_list("pk", flat=True)) - penalties)
        if new:
            marks.put_all(Adopted.PENALTY, dict(zip(plan.penalties, new, strict=True)), set(new), mark)
        now, _refs = configuration_of(AccredibleGroup.objects.get(pk=group.pk))
        mark.before["configuration"] = now.model_dump(mode="json")
        mark.save(update_fields=["before"])
        return mark

    def _objection(self, there: builtin.Group, config: AccredibleAPIConfig) -> str:
        others = AccredibleGroup.objects.filter(api_config__environment=config.environment, accredible_id=there.pk)
        holder = others.exclude(api_config=config).values_list("api_config__name", flat=True).first()
        if holder is None:
            return ""
        return _("“%s” holds this group here. Two copies would issue two badges: remove it there first.") % holder

    def _make_group(self, there: builtin.Group, config: AccredibleAPIConfig) -> AccredibleGroup:
        group = AccredibleGroup(
            api_config=config,
            accredible_id=there.pk,
            name=storable(there.name),
            description=storable(there.description),
            icon_url=storable(there.icon_url),
            site_id=there.site,
            remote_created_at=there.created,
        )
        group.save(force_insert=True)
        return group

    def _take_orphans(self, mark: AdoptedRow, config: AccredibleAPIConfig) -> list[AdoptedGroup]:
        """Badges of groups that were deleted there; only where nobody but this account can have issued them."""
        if builtin.config_keys() != {self._there.pk}:
            return []
        gone: dict[int, list[builtin.Badge]] = defaultdict(list)
        for page in builtin.orphans(builtin.group_keys()):
            for badge in page:
                gone[badge.group].append(badge)
        items = []
        for number, badges in sorted(gone.items()):
            item = AdoptedGroup(number, _("Group %s") % number, way=Takeover.BADGES)
            item.group = config.groups.filter(accredible_id=number).first()
            item.name = item.group.name if item.group else item.name
            learners.take_badges(item, batches(badges), above=mark, config=config, group=item.group, user=self._user)
            if not item.counts["badges"]:
                item.way = Takeover.NOTHING
                item.reason = "" if item.left else _("Its badges were taken over before.")
            items.append(item)
        return items
