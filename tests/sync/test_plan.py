"""What a plan is, whatever the groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible.sync.plan import (
    LocalGroup,
    Plan,
    RemoteGroup,
    make_plan,
    removal_objection,
    unchanged_plan,
    values_of,
)

IDS = st.integers(1, 30)
TEXTS = st.sampled_from(["", "a", "b", "🏅"])


def remote_groups() -> st.SearchStrategy[list[RemoteGroup]]:
    """An account's groups."""
    group = st.builds(
        RemoteGroup,
        accredible_id=IDS,
        name=TEXTS,
        description=TEXTS,
        icon_url=st.none() | TEXTS,
        design_id=st.none() | IDS,
        remote_updated_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
    return st.lists(group, unique_by=lambda group: group.accredible_id)


def local_groups() -> st.SearchStrategy[list[LocalGroup]]:
    """A configuration's groups."""
    group = st.builds(
        LocalGroup,
        pk=st.just(0),
        accredible_id=IDS,
        name=TEXTS,
        icon_url=TEXTS,
        design_id=st.none() | IDS,
        is_active=st.booleans(),
    )
    return st.lists(group, unique_by=lambda group: group.accredible_id).map(
        lambda groups: [replace(group, pk=1000 + number) for number, group in enumerate(groups)]
    )


def remote(accredible_id: int = 1, **values: object) -> RemoteGroup:
    """A group at Accredible."""
    return RemoteGroup(accredible_id=accredible_id, **{"name": "Group", **values})


def local(accredible_id: int = 1, **values: object) -> LocalGroup:
    """A group here."""
    return LocalGroup(pk=accredible_id + 100, accredible_id=accredible_id, **{"name": "Group", **values})


@given(remote_groups(), local_groups(), st.dictionaries(IDS, st.just("Other")))
def test_every_group_is_in_exactly_one_part_of_the_plan(
    there: list[RemoteGroup], here: list[LocalGroup], elsewhere: dict[int, str]
) -> None:
    plan = make_plan(there, here, elsewhere)

    remote_ids = sorted(
        [group.accredible_id for group in plan.create]
        + [update.remote.accredible_id for update in plan.update]
        + [group.accredible_id for group in plan.unchanged]
        + [conflict.remote.accredible_id for conflict in plan.conflicting]
    )
    local_ids = sorted(
        [update.local.pk for update in plan.update]
        + [group.pk for group in plan.unchanged]
        + [group.pk for group in plan.remove]
    )
    assert remote_ids == sorted(group.accredible_id for group in there)
    assert local_ids == sorted(group.pk for group in here)


@given(remote_groups(), local_groups())
def test_what_a_plan_makes_needs_no_second_plan(there: list[RemoteGroup], here: list[LocalGroup]) -> None:
    by_id = {group.accredible_id: group for group in here}
    after = [
        LocalGroup(
            pk=number,
            accredible_id=group.accredible_id,
            **values_of(group, by_id.get(group.accredible_id)),
        )
        for number, group in enumerate(there)
    ]

    assert make_plan(there, after, {}).changes_nothing
    assert unchanged_plan(there, after) == make_plan(there, after, {})


@given(remote_groups(), local_groups())
def test_where_something_would_change_no_plan_is_unchanged(there: list[RemoteGroup], here: list[LocalGroup]) -> None:
    plan = make_plan(there, here, {})

    assert unchanged_plan(there, here) == (plan if plan.changes_nothing else None)


@given(remote_groups(), local_groups())
def test_only_groups_without_a_counterpart_are_removed(there: list[RemoteGroup], here: list[LocalGroup]) -> None:
    plan = make_plan(there, here, {})

    assert {group.accredible_id for group in plan.remove} == {group.accredible_id for group in here} - {
        group.accredible_id for group in there
    }


def test_a_group_that_another_configuration_holds_is_conflicting() -> None:
    plan = make_plan([remote(1), remote(2)], [], {2: "Other"})

    assert [group.accredible_id for group in plan.create] == [1]
    assert [(conflict.remote.accredible_id, conflict.holder) for conflict in plan.conflicting] == [(2, "Other")]


def test_a_group_held_here_is_never_conflicting() -> None:
    plan = make_plan([remote(1, name="New")], [local(1)], {1: "Other"})

    assert [update.remote.name for update in plan.update] == ["New"]
    assert not plan.conflicting


def test_a_design_that_could_not_be_read_leaves_the_icon_of_the_same_design() -> None:
    mine = local(design_id=7, icon_url="https://example.com/7.png")

    assert make_plan([remote(design_id=7, icon_url=None)], [mine], {}).changes_nothing


def test_a_new_design_that_could_not_be_read_takes_the_old_icon_away() -> None:
    mine = local(design_id=7, icon_url="https://example.com/7.png")

    (update,) = make_plan([remote(design_id=8, icon_url=None)], [mine], {}).update

    assert {(change.field, change.new) for change in update.changes} == {("design_id", 8), ("icon_url", "")}


@pytest.mark.parametrize(
    ("known", "removed", "objects"),
    [
        (1, 1, True),
        (3, 2, False),
        (3, 3, True),
        (4, 2, False),
        (4, 3, True),
        (100, 50, False),
        (100, 51, True),
        (100, 0, False),
    ],
)
def test_removing_more_than_the_ratio_or_everything_meets_an_objection(known: int, removed: int, objects: bool) -> None:
    here = [local(number) for number in range(1, known + 1)]
    there = [remote(number) for number in range(removed + 1, known + 1)]

    objection = removal_objection(make_plan(there, here, {}), 0.5)

    assert (objection is not None) is objects


def test_an_empty_configuration_has_nothing_to_object_to() -> None:
    assert removal_objection(Plan(), 0.5) is None


def test_plans_that_look_the_same_have_the_same_digest() -> None:
    here = [local(1), local(2)]

    assert make_plan([remote(1)], here, {}).digest == make_plan([remote(1)], here, {}).digest


def test_an_icon_signed_again_is_no_other_plan() -> None:
    here = [local(1, design_id=7, icon_url="https://example.com/7?signature=1"), local(2)]
    there = [remote(1, design_id=7, icon_url="https://example.com/7?signature=2")]
    signed_again = [replace(there[0], icon_url="https://example.com/7?signature=3")]

    assert make_plan(there, here, {}).digest == make_plan(signed_again, here, {}).digest


@pytest.mark.parametrize(
    "there",
    [
        [],
        [remote(2)],
        [remote(1), remote(3)],
        [remote(1, name="Other")],
        [remote(1, remote_updated_at=datetime(2026, 1, 1, tzinfo=UTC))],
    ],
)
def test_plans_that_do_something_else_have_other_digests(there: list[RemoteGroup]) -> None:
    here = [local(1), local(2)]

    assert make_plan(there, here, {}).digest != make_plan([remote(1)], here, {}).digest


def test_activating_a_group_that_is_to_be_removed_changes_the_digest() -> None:
    active = make_plan([], [local(1, is_active=True)], {})

    assert active.digest != make_plan([], [local(1)], {}).digest
