"""What a sync keeps of what it did to each group."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible import api
from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import AccredibleGroup, SyncChange
from credentials_accredible.sync import changes, runs
from credentials_accredible.sync.plan import Change
from tests import factories

pytestmark = pytest.mark.django_db


def add_groups(account: Any, count: int) -> list[int]:
    """New groups at Accredible; their ids."""
    return sorted(account.add_group(name=f"g-{number}", course_name=f"Group {number}")["id"] for number in range(count))


def test_each_new_group_is_kept_with_its_run(account: Any) -> None:
    ids = add_groups(account, 3)
    config = factories.make_config()

    run = api.sync(config).run

    kept = SyncChange.objects.all()
    assert sorted(kept.values_list("action", "accredible_id")) == [(ChangeAction.CREATED, each) for each in ids]
    assert {change.group for change in kept} == set(config.groups.all())
    assert {change.sync_run for change in kept} == {run}
    assert {change.name for change in kept} == {"Group 0", "Group 1", "Group 2"}


def test_each_field_that_differed_is_kept_with_what_it_was(account: Any) -> None:
    (accredible_id,) = add_groups(account, 1)
    config = factories.make_config()
    api.sync(config)
    account.update_group(accredible_id, course_name="New title", course_description="New text")

    run = api.sync(config).run

    (change,) = SyncChange.objects.filter(sync_run=run)
    fields = {field["field"]: (field["old"], field["new"]) for field in change.fields}
    assert (change.action, change.group, change.name) == (ChangeAction.UPDATED, config.groups.get(), "New title")
    assert fields.pop("name") == ("Group 0", "New title")
    assert fields.pop("description")[1] == "New text"
    assert set(fields) == {"remote_updated_at"}


def test_a_removed_group_is_kept_by_name_and_earlier_changes_stay(account: Any) -> None:
    gone, _stays = add_groups(account, 2)
    config = factories.make_config()
    first = api.sync(config).run
    name = config.groups.get(accredible_id=gone).name
    account.remove_group(gone)

    second = api.sync(config, consent=api.Consent(force=True)).run

    of_it = SyncChange.objects.filter(accredible_id=gone)
    assert list(of_it.values_list("sync_run", "action", "group", "name")) == [
        (first and first.pk, ChangeAction.CREATED, None, name),
        (second and second.pk, ChangeAction.REMOVED, None, name),
    ]


def test_a_sync_that_changes_nothing_keeps_nothing(account: Any) -> None:
    add_groups(account, 2)
    config = factories.make_config()
    api.sync(config)
    SyncChange.objects.all().delete()

    api.sync(config)

    assert not SyncChange.objects.exists()


def test_a_sync_that_is_undone_leaves_no_change(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add_groups(account, 2)
    config = factories.make_config()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the disk is full")

    monkeypatch.setattr(runs, "finish", broken)
    assert not api.sync(config).succeeded

    assert not AccredibleGroup.objects.exists()
    assert not SyncChange.objects.exists()


def test_the_changes_of_many_groups_cost_few_statements(account: Any) -> None:
    _stays, *others = ids = add_groups(account, 250)
    config = factories.make_config()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api.sync(config, consent=api.Consent(force=True)).succeeded
        return sum(query["sql"].startswith("INSERT INTO") and "syncchange" in query["sql"] for query in queries)

    made = statements()
    for accredible_id in ids:
        account.update_group(accredible_id, course_name="Renamed")
    renamed = statements()
    for accredible_id in others:
        account.remove_group(accredible_id)
    removed = statements()

    # What is new or gone takes one, and what differed one for each hundred groups.
    assert (made, renamed, removed) == (1, 3, 1)
    kept = SyncChange.objects.values_list("action", "accredible_id").order_by("pk")
    assert list(kept) == [
        *((ChangeAction.CREATED, each) for each in ids),
        *((ChangeAction.UPDATED, each) for each in ids),
        *((ChangeAction.REMOVED, each) for each in others),
    ]


class TestLongTexts:
    """Long texts are kept as far as people have to see them."""

    def test_a_long_text_is_cut_where_it_begins_to_differ(self) -> None:
        same = "the same words again and again, " * 40

        kept = changes.change_entry(Change("description", same + "one end", same + "another end"))

        assert kept["old"] == "…" + (same + "one end")[-37:]
        assert kept["new"] == "…" + (same + "another end")[-41:]

    @given(st.text(max_size=900), st.text(max_size=900), st.text(max_size=900))
    def test_no_text_is_long_and_what_differs_looks_different(self, start: str, old: str, new: str) -> None:
        kept = changes.change_entry(Change("description", start + old, start + new))

        assert len(str(kept["old"])) <= 202
        assert len(str(kept["new"])) <= 202
        if old != new:
            assert kept["old"] != kept["new"]
