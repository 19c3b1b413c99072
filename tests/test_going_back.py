"""Migrating back: what would be lost is said before anything happens, and what is not lost is not asked about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from credentials_accredible.models import AccredibleBadge
from tests.test_upgrade import APP, drop_tables, migrate, upgraded

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["upgraded"]

# A migration, and what is said where one goes back to it: words for each of what it would lose.
LOST_BEFORE = {
    "zero": ["Accredible badges", "Accredible groups"],
    "0001_initial": ["failed events", "badge log entries", "“learners in progress” of", "historical data rule"],
    "0003_events": ["badge log entries", "parts of a snapshot", "custom attributes", "changes by syncs"],
    "0004_delivery": ["parts of a snapshot", "custom attributes", "“sync every” of", "“cause” of"],
    "0005_nothing_lost": ["historical Accredible API configuration", "historical data rule"],
    "0008_sent_at": ["“environment” of 1 Accredible badge"],
}
# What a migration writes again by itself.
MADE_AGAIN = {"sent_at", "environment", "due_since", "next_attempt_at"}
# How far a sync was.
NO_LOSS = {"stage", "stage_done", "stage_total", "kept_back_until"}


def back_to(name: str) -> None:
    call_command("migrate", APP, name, verbosity=0)


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of the plugin, by table, but what is made again and what only announces changes of rules."""
    rows = {}
    for model in apps.get_app_config(APP).get_models(include_auto_created=True):
        kept = [
            {name: value for name, value in values.items() if name not in MADE_AGAIN or model is not AccredibleBadge}
            for values in model._base_manager.order_by("pk").values()
        ]
        rows[model._meta.model_name] = kept
    del rows["rulesversion"]
    return rows


@pytest.fixture
def empty() -> Iterator[None]:
    """Tables without a row."""
    drop_tables()
    migrate()
    yield
    migrate()


def test_going_back_is_refused_and_says_what_would_be_lost(upgraded: None) -> None:
    # Of the others, the configuration knows the environment.
    orphans = AccredibleBadge.objects.filter(api_config=None)
    orphans.update(environment="")
    AccredibleBadge.objects.filter(pk=orphans.earliest("pk").pk).update(environment="eu")
    before = everything()

    for target, lost in LOST_BEFORE.items():
        with pytest.raises(CommandError, match="Nothing was migrated") as refused:
            back_to(target)
        said = str(refused.value)
        assert [words for words in lost if words not in said] == [], said
        assert "CREDENTIALS_ACCREDIBLE_LOSE_DATA=yes" in said
        assert everything() == before


def test_who_says_so_goes_back_all_the_same_and_loses_nothing_but_what_was_named(
    upgraded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError) as refused:
        back_to("0003_events")
    said = str(refused.value)
    before = everything()
    monkeypatch.setenv("CREDENTIALS_ACCREDIBLE_LOSE_DATA", "yes")

    back_to("0003_events")
    migrate()

    after = everything()
    assert before["snapshotpart"]
    assert not after["snapshotpart"]
    for name, rows in before.items():
        model = apps.get_model(APP, name)
        if model._meta.auto_created or name.endswith("_requirements"):
            continue
        if len(after[name]) < len(rows):
            assert str(model._meta.verbose_name_plural) in said, name
            continue
        for then, now in zip(rows, after[name], strict=True):
            for field in then.keys() - NO_LOSS:
                column = next(each for each in model._meta.fields if each.attname == field)
                assert then[field] == now[field] or f"“{column.verbose_name}”" in said, (name, field)


def test_what_is_made_again_is_no_loss(upgraded: None) -> None:
    AccredibleBadge.objects.filter(api_config=None).delete()
    before = everything()
    environments = dict(AccredibleBadge.objects.values_list("pk", "environment"))

    back_to("0006_history")
    migrate()

    assert everything() == before
    assert dict(AccredibleBadge.objects.values_list("pk", "environment")) == environments


def test_empty_tables_go_without_a_word(empty: None) -> None:
    back_to("0003_events")
    back_to("zero")
