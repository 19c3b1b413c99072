"""Whatever is configured here arrives there: exported again, it is the same file."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, BadgePenalty, BadgeRequirement, CustomAttribute, DataRule
from credentials_accredible.portability.exporting import as_yaml
from credentials_accredible.portability.reading import read_yaml
from credentials_accredible.text import trimmed
from tests.badges.configuring import penalise, require
from tests.examples import examples
from tests.factories import CCX_PASSING, COURSE, PASSING, configuration_of, make_config, make_group
from tests.portability.files import carry, configured, target


@pytest.mark.django_db
@pytest.mark.parametrize("style", ["yaml", "json"])
def test_export_and_import_and_export_again_is_the_same_file(style: str) -> None:
    source = make_config("Main")
    configured(source)
    configured(source, accredible_id=8, name="Other")
    text = api.export_groups([source], style)
    source.name = "Elsewhere"
    source.save()
    # Other primary keys, another order of rows.
    require(make_group(), any_event=True)
    other = target(8, 7, name="Main")
    other.groups.filter(accredible_id=8).update(name="Other")

    carry(text)

    assert api.export_groups([other], style) == text
    assert {row.pk for row in BadgeRequirement.objects.filter(group__api_config=other)}.isdisjoint(
        row.pk for row in BadgeRequirement.objects.filter(group__api_config=source)
    )


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing() -> None:
    source, other = make_config("Main"), target(name="Other")
    configured(source)
    text = api.export_groups([source])
    carry(text, "Other")
    before = configuration_of(other)

    again = carry(text, "Other")

    assert not any(again.plans)
    assert configuration_of(other) == before
    assert not any(carry(text, "Main").plans)


@pytest.mark.django_db
def test_groups_in_which_nothing_is_configured_are_left_out() -> None:
    config = make_config("Main")
    make_group(config)

    assert api.export_groups([config]).endswith("environment: emulator\n    groups: []\n")


@pytest.mark.django_db
def test_a_file_holds_no_key_and_no_learner_and_no_primary_key() -> None:
    config = make_config("Main", key="very-secret-key")
    group = configured(config)

    text = api.export_groups([config])

    assert "very-secret-key" not in text
    assert str(group.uuid) not in text
    assert "pk" not in text


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
LETTER = st.sampled_from(["", "A", "B", "Z"])
EVENT_TYPE = st.sampled_from([PASSING, CCX_PASSING])
RULE = st.sampled_from(
    [
        ("is_passing", "eq", "true"),
        ("is_passing", "ne", "yes"),
        ("is_passing", "eq", "-"),
        ("course.course_key", "in", f"{COURSE},course-v1:a+b+c"),
        ("course.display_name", "contains", "1e3"),
    ]
)
OF_CCX = {"course.course_key": ("course.ccx_course_key", "contains", "ccx-v1:")}
# As the admin stores them.
VALUE = TEXT.map(trimmed).filter(bool)


@st.composite
def configurations(draw: Any) -> list[dict[str, Any]]:
    """Groups with anything configured, some of it more than once."""
    groups = []
    for _ in range(draw(st.integers(1, 2))):
        requirement = st.tuples(EVENT_TYPE, TEXT | st.just(""), LETTER, st.booleans(), st.sets(RULE, max_size=2))
        requirements = draw(st.lists(requirement, max_size=4))
        penalties = []
        if requirements:
            takes = st.sets(st.integers(0, len(requirements) - 1), max_size=3)
            penalties = draw(st.lists(st.tuples(EVENT_TYPE, TEXT, takes, st.sets(RULE, max_size=2)), max_size=3))
        attributes = draw(st.dictionaries(VALUE, VALUE, max_size=2))
        groups.append({"requirements": requirements, "penalties": penalties, "attributes": attributes})
    return groups


def make(config: AccredibleAPIConfig, groups: list[dict[str, Any]]) -> None:
    """Configure the groups 1, 2, ... of a configuration."""
    for number, content in enumerate(groups, start=1):
        group = make_group(config, accredible_id=number, name=f"Group {number}")
        made = []
        for event_type, description, blend, any_event, rules in content["requirements"]:
            kept = set() if any_event else of_type(event_type, rules)
            made.append(require(group, *kept, event_type=event_type, blend=blend, any_event=any_event))
            BadgeRequirement.objects.filter(pk=made[-1].pk).update(description=description)
        for event_type, description, takes, rules in content["penalties"]:
            penalty = penalise(
                group, *of_type(event_type, rules), takes=[made[each] for each in takes], event_type=event_type
            )
            BadgePenalty.objects.filter(pk=penalty.pk).update(description=description)
        for name, value in content["attributes"].items():
            CustomAttribute.objects.create(group=group, name=name, source="constant", value=value)


def of_type(event_type: str, rules: set[Any]) -> set[Any]:
    """The rules, about paths that the event type has."""
    return {OF_CCX.get(rule[0], rule) if event_type == CCX_PASSING else rule for rule in rules}


BREAKS = st.text("a0 \t#:'\"-\n\r\x85\u2028\u2029\u00a0|>", max_size=12)


@settings(max_examples=500, deadline=None)
@given(texts=st.lists(TEXT | BREAKS, min_size=1, max_size=4))
def test_any_text_is_read_as_it_was_written(texts: list[str]) -> None:
    written = as_yaml({"texts": texts, "rules": [{"value": text} for text in texts]})

    read = read_yaml(written)
    assert read.plain() == {"texts": texts, "rules": [{"value": text} for text in texts]}
    assert yaml.safe_load(written) == read.plain()


class AnyConfiguration(TestCase):
    """Random ones."""

    @settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
    @given(groups=configurations(), before=configurations(), style=st.sampled_from(["yaml", "json"]))
    def test_it_arrives_whatever_is_there_before(
        self, groups: list[dict[str, Any]], before: list[dict[str, Any]], style: str
    ) -> None:
        source, other = make_config("Source"), make_config("Other")
        make(source, groups)
        make(other, before)
        for number in range(len(before) + 1, len(groups) + 1):
            make_group(other, accredible_id=number, name=f"Group {number}")
        text = api.export_groups([source], style)
        named = {entry.group.accredible_id for entry in carry(text, "Other").plans}
        other.groups.exclude(accredible_id__in=named).delete()
        rows = sorted(DataRule.objects.values_list("pk", "modified"))

        source.name, other.name = "Gone", "Source"
        source.save()
        other.save()
        assert api.export_groups([other], style) == text
        assert not any(carry(text).plans)
        assert sorted(DataRule.objects.values_list("pk", "modified")) == rows
