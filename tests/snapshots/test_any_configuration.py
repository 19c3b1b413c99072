"""Whatever is configured and whoever is on the way: once removed and restored, it is as before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sites.models import Site
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials_accredible import api
from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    Fulfillment,
    GroupSnapshot,
    PenaltyDataRule,
)
from tests import factories
from tests.examples import examples
from tests.snapshots.picture import badge_values, picture_of

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

# What a database takes as text: no half of a surrogate pair, no NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
moments = st.integers(0, 10**9).map(lambda seconds: BEGINNING + timedelta(milliseconds=seconds))
event_types = st.sampled_from([factories.PASSING, factories.CCX_PASSING, "org.openedx.gone.v1"])
rules = st.lists(
    st.tuples(st.sampled_from(["is_passing", "course.course_key", "gone"]), st.sampled_from(Operator.values), texts),
    max_size=3,
    # The databases compare texts each in its own way.
    unique_by=lambda rule: (rule[0], rule[1]),
)
requirements = st.lists(
    st.fixed_dictionaries(
        {
            "values": st.fixed_dictionaries(
                {
                    "event_type": event_types,
                    "description": texts,
                    "blend": st.sampled_from(["", "A", "B", "Z"]),
                    "any_event": st.booleans(),
                }
            ),
            "rules": rules,
        }
    ),
    max_size=4,
)
contexts = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "event_id": st.uuids().map(str),
            "time": moments.map(lambda moment: moment.isoformat()),
            "facts": st.dictionaries(st.sampled_from(["is_passing", "grade"]), st.none() | st.booleans() | texts),
        }
    ),
)
learners = st.lists(
    st.fixed_dictionaries(
        {
            "lms_user_id": st.none() | st.just("own"),
            "in_progress": st.booleans(),
            "last_event_at": st.none() | moments,
            "fulfilled": st.lists(st.none() | contexts, min_size=4, max_size=4),
            "resets": st.lists(st.none() | moments, min_size=4, max_size=4),
            "badge": st.sampled_from([None, "created", "accepted", "expired"]),
        }
    ),
    max_size=4,
)
groups = st.fixed_dictionaries(
    {
        "values": st.fixed_dictionaries(
            {
                "name": texts,
                "description": texts,
                "icon_url": texts,
                "design_id": st.none() | st.integers(1, 2**40),
                "remote_updated_at": st.none() | moments,
                "synced_at": st.none() | moments,
                "is_active": st.booleans(),
            }
        ),
        "site": st.booleans(),
        "requirements": requirements,
        "penalties": st.lists(st.tuples(event_types, texts, st.sets(st.integers(0, 3)), rules), max_size=3),
        "attributes": st.dictionaries(
            st.sampled_from("abc"), st.tuples(st.sampled_from(AttributeSource.values), texts)
        ),
        "learners": learners,
    }
)


def build(config: AccredibleAPIConfig, plan: dict[str, Any]) -> AccredibleGroup:
    """Make a group of it."""
    site = Site.objects.get_or_create(domain="badges.example.org")[0] if plan["site"] else None
    group = factories.make_group(config, site=site, **plan["values"])
    made = []
    for item in plan["requirements"]:
        requirement = BadgeRequirement.objects.create(group=group, **item["values"])
        made.append(requirement)
        for path, operator, value in item["rules"]:
            DataRule.objects.create(requirement=requirement, data_path=path, operator=operator, value=value)
    for event_type, description, chosen, penalty_rules in plan["penalties"]:
        penalty = BadgePenalty.objects.create(group=group, event_type=event_type, description=description)
        penalty.requirements.set([made[number] for number in chosen if number < len(made)])
        for path, operator, value in penalty_rules:
            PenaltyDataRule.objects.create(penalty=penalty, data_path=path, operator=operator, value=value)
    for name, (source, value) in plan["attributes"].items():
        CustomAttribute.objects.create(group=group, name=name, source=source, value=value)
    for learner in plan["learners"]:
        add_learner(group, made, learner)
    return group


def add_learner(group: AccredibleGroup, made: list[BadgeRequirement], plan: dict[str, Any]) -> None:
    """Add a learner with their progress and their badge."""
    user = factories.make_user()
    if plan["lms_user_id"]:
        user.lms_user_id = user.pk + 1000
        user.save()
    if plan["in_progress"]:
        resets = {
            str(item.pk): at.isoformat() for item, at in zip(made, plan["resets"], strict=False) if at is not None
        }
        progress = BadgeProgress.objects.create(
            user=user, group=group, last_event_at=plan["last_event_at"], resets=resets, created=BEGINNING
        )
        for requirement, context in zip(made, plan["fulfilled"], strict=False):
            if context is not None:
                Fulfillment.objects.create(
                    progress=progress, requirement=requirement, context=context, created=BEGINNING
                )
    if plan["badge"]:
        AccredibleBadge.objects.create(
            user=user,
            group=group,
            api_config=group.api_config,
            accredible_group_id=group.accredible_id,
            group_name=group.name,
            state=plan["badge"],
            external_id="" if plan["badge"] == "created" else "1",
        )


@pytest.mark.django_db
@settings(deadline=None, max_examples=examples(12))
@given(plans=st.lists(groups, min_size=1, max_size=3), by_hand=st.booleans())
def test_what_is_removed_and_restored_is_as_before(plans: list[dict[str, Any]], by_hand: bool) -> None:
    round_trip(plans, by_hand)


@pytest.mark.endurance
@pytest.mark.django_db
@settings(deadline=None, max_examples=300)
@given(plans=st.lists(groups, min_size=1, max_size=3), by_hand=st.booleans())
def test_very_many_are_as_before(plans: list[dict[str, Any]], by_hand: bool) -> None:
    round_trip(plans, by_hand)


def round_trip(plans: list[dict[str, Any]], by_hand: bool) -> None:
    """Remove what was planned, restore it twice, and compare."""
    config = factories.make_config()
    made = [build(config, plan) for plan in plans]
    before = [picture_of(group) for group in made]
    badges = sorted(badge_values(badge) for badge in AccredibleBadge.objects.all())

    if by_hand:
        api.remove_groups(made)
    else:
        AccredibleGroup.objects.filter(api_config=config).delete()
    assert not config.groups.exists()
    snapshots = list(GroupSnapshot.objects.filter(api_config=config).order_by("pk"))
    foreseen = api.preview_restore(snapshots, api.RestoreChoices())
    restored = api.restore(snapshots, api.RestoreChoices())

    after = list(config.groups.order_by("accredible_id"))
    assert [picture_of(group) for group in after] == before
    assert sorted(badge_values(badge) for badge in AccredibleBadge.objects.all()) == badges
    assert not any(group.is_active for group in after)
    assert [item.counts() for item in foreseen] == [item.counts() for item in restored]

    again = api.restore(list(GroupSnapshot.objects.filter(api_config=config)), api.RestoreChoices())

    assert {item.way for item in again} == {"nothing"}
    assert [picture_of(group) for group in after] == before


@pytest.mark.django_db
@settings(deadline=None, max_examples=examples(8))
@given(plans=st.lists(groups, min_size=1, max_size=2))
def test_with_its_configuration_too_into_another_one(plans: list[dict[str, Any]]) -> None:
    config = factories.make_config()
    made = [build(config, plan) for plan in plans]
    before = [picture_of(group) for group in made]
    waiting = set(AccredibleBadge.objects.filter(state="created").values_list("pk", flat=True))

    api.remove_configs([config])
    new = factories.make_config()
    snapshots = list(GroupSnapshot.objects.filter(config_name=config.name).order_by("pk"))
    api.restore(snapshots, api.RestoreChoices(config=new))

    after = [picture_of(group) for group in new.groups.order_by("accredible_id")]
    for old, now in zip(before, after, strict=True):
        assert {**now, "badges": None} == {**old, "badges": None}
        assert [values[:2] for values in now["badges"]] == [values[:2] for values in old["badges"]]
    assert not AccredibleBadge.objects.filter(pk__in=waiting, next_attempt_at=None).exists()
    assert set(AccredibleBadge.objects.filter(group__api_config=new).values_list("api_config", flat=True)) <= {new.pk}
