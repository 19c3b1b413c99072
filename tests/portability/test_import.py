"""An import makes groups what a file says, keeps what learners have, and refuses what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.exceptions import ImportRefused
from credentials_accredible.models import AccredibleGroup, BadgeRequirement, CustomAttribute, Fulfillment, RulesVersion
from tests.badges.configuring import FAILS, PASSES, in_course, penalise, require
from tests.factories import COURSE, configuration_of, make_config, make_group, make_progress
from tests.portability.files import FILE, carry, configured, target

pytestmark = pytest.mark.django_db

RULE = "              - {data_path: is_passing, operator: eq, value: true}\n"


def problems(text: str, *chosen: str, **options: Any) -> list[tuple[int, str]]:
    """Why a file is refused, with the lines; that nothing was written is looked at, too."""
    before = [configuration_of(config) for config in api.find_configs()]
    version = RulesVersion.objects.values_list("token").first()
    for dry_run in (True, False):
        with pytest.raises(ImportRefused) as caught:
            carry(text, *chosen, dry_run=dry_run, **options)
    assert [configuration_of(config) for config in api.find_configs()] == before
    assert RulesVersion.objects.values_list("token").first() == version
    return [(problem.line, problem.message) for problem in caught.value.problems]


def requirements(group: AccredibleGroup) -> list[tuple[str, str, bool, list[str]]]:
    """The requirements of a group."""
    return [
        (item.blend, item.description, item.any_event, sorted(item.rules.values_list("value", flat=True)))
        for item in group.requirements.order_by("blend", "description")
    ]


def test_a_group_becomes_what_the_file_says() -> None:
    group = target().groups.get()
    require(group, any_event=True)

    [plan] = carry(FILE).plans

    assert plan.counts == {"created": 2, "updated": 0, "removed": 1, "unchanged": 0}
    assert requirements(group) == [("A", "Pass the course", False, ["true"])]
    penalty = group.penalties.get()
    assert penalty.requirements.get() == group.requirements.get()
    assert [str(rule) for rule in penalty.rules.all()] == ["passing is false"]


def test_a_preview_writes_nothing() -> None:
    config = target()
    require(config.groups.get(), any_event=True)
    before, version = configuration_of(config), RulesVersion.objects.values_list("token").first()

    preview = carry(FILE, dry_run=True)

    assert [plan.counts for plan in preview.plans] == [{"created": 2, "updated": 0, "removed": 1, "unchanged": 0}]
    assert configuration_of(config) == before
    assert RulesVersion.objects.values_list("token").first() == version


def test_processes_learn_that_rules_have_changed() -> None:
    target()
    version = RulesVersion.objects.values_list("token").first()

    carry(FILE)

    assert RulesVersion.objects.values_list("token").first() != version


def test_groups_that_are_not_in_the_file_stay_as_they_are() -> None:
    config = target(7, 8)
    other = make_config("Other")
    configured(config, accredible_id=9)
    configured(other)
    before = configuration_of(config)[1:], configuration_of(other)

    carry(FILE)

    assert (configuration_of(config)[1:], configuration_of(other)) == before


def test_requirements_that_stay_keep_their_rows_and_what_learners_have_fulfilled() -> None:
    group = target().groups.get()
    stays = require(group, PASSES, blend="A")
    changes = require(group, *in_course(COURSE, PASSES), blend="B")
    renamed = require(group, *in_course("course-v1:a+b+c", PASSES), blend="C")
    make_progress(group, stays, changes, renamed)
    text = api.export_groups([group.api_config])
    text = text.replace(COURSE, "course-v1:x+y+z").replace("blend: C", "blend: D")

    [plan] = carry(text).plans

    assert plan.counts == {"created": 0, "updated": 2, "removed": 0, "unchanged": 1}
    assert [each.changes for each in plan.requirements] == [[], ["rules"], ["blend"]]
    assert set(group.requirements.values_list("pk", flat=True)) == {stays.pk, changes.pk, renamed.pk}
    assert Fulfillment.objects.count() == 3
    assert changes.rules.filter(value="course-v1:x+y+z").exists()
    renamed.refresh_from_db()
    assert renamed.blend == "D"


def test_rules_that_stay_keep_their_rows() -> None:
    group = target().groups.get()
    row = require(group, *in_course(COURSE, PASSES), blend="A").rules.get(data_path="is_passing")
    text = api.export_groups([group.api_config]).replace(COURSE, "course-v1:x+y+z")

    carry(text)

    assert group.requirements.get().rules.get(data_path="is_passing").pk == row.pk


def test_it_takes_force_to_remove_what_learners_have_fulfilled() -> None:
    group = target().groups.get()
    fulfilled = require(group, any_event=True)
    for _ in range(3):
        make_progress(group, fulfilled)
    assert carry(FILE, dry_run=True).costs == 3
    before = configuration_of(group.api_config)

    with pytest.raises(ImportRefused, match="lose 3 fulfilments"):
        carry(FILE)
    assert configuration_of(group.api_config) == before

    assert carry(FILE, force=True).costs == 3
    assert not Fulfillment.objects.exists()
    assert requirements(group) == [("A", "Pass the course", False, ["true"])]


def test_a_penalty_keeps_its_row_and_takes_what_the_file_says() -> None:
    group = target().groups.get()
    first, second = require(group, PASSES, blend="A"), require(group, any_event=True, blend="B")
    penalty = penalise(group, FAILS, takes=[first])
    text = api.export_groups([group.api_config]).replace("requirements:\n          - 1", "requirements:\n          - 2")
    text = text.replace("            requirements:\n              - 1", "            requirements:\n              - 2")

    carry(text)

    assert group.penalties.get().pk == penalty.pk
    assert list(group.penalties.get().requirements.all()) == [second]


def test_a_ref_is_never_taken_for_a_row_of_the_database() -> None:
    group = target().groups.get()
    goes = require(group, *in_course(COURSE, PASSES), blend="A")
    penalise(group, FAILS, takes=[goes])
    text = FILE.replace("ref: 1", f"ref: -{goes.pk}").replace("[1]", f"[-{goes.pk}]")

    carry(text)

    assert group.penalties.get().requirements.get() == group.requirements.get()


def test_the_case_of_an_attributes_name_can_be_changed() -> None:
    group = target().groups.get()
    CustomAttribute.objects.create(group=group, name="Campus", source="constant", value="Z")
    attributes = "custom_attributes: [{name: campus, source: constant, value: Z}]"

    carry(FILE.replace("custom_attributes: []", attributes))

    assert list(group.custom_attributes.values_list("name", flat=True)) == ["campus"]


def test_custom_attributes_are_created_changed_and_removed() -> None:
    group = target().groups.get()
    for name in ("Kept", "Changed", "Removed"):
        CustomAttribute.objects.create(group=group, name=name, source="constant", value="old")
    pks = dict(group.custom_attributes.values_list("name", "pk"))
    text = FILE.replace(
        "custom_attributes: []",
        "custom_attributes:\n"
        "          - {name: Kept, source: constant, value: old}\n"
        "          - {name: Changed, value: grade.percent}\n"
        "          - {name: New, source: constant, value: 1.0}",
    ).replace("grade.percent", "course.display_name")

    carry(text)

    found = {row.name: (row.pk, row.source, row.value) for row in group.custom_attributes.all()}
    assert found["Kept"] == (pks["Kept"], "constant", "old")
    assert found["Changed"] == (pks["Changed"], "path", "course.display_name")
    assert found["New"][1:] == ("constant", "1.0")
    assert "Removed" not in found


@pytest.mark.parametrize(
    ("written", "keep", "before", "after"),
    [
        ("true", False, False, True),
        ("false", False, True, False),
        ("true", True, False, False),
        (None, False, True, True),
    ],
)
def test_activation_is_carried_unless_it_is_to_be_kept(
    written: str | None, keep: bool, before: bool, after: bool
) -> None:
    group = target(is_active=before).groups.get()
    text = FILE.replace("name: Badge\n", f"name: Badge\n        is_active: {written}\n") if written else FILE

    carry(text, keep_activation=keep)

    group.refresh_from_db()
    assert group.is_active == after


def test_a_group_that_nobody_could_earn_is_not_activated() -> None:
    target()
    text = FILE.replace("name: Badge\n", "name: Badge\n        is_active: true\n").replace(
        "            rules:\n" + RULE, "", 1
    )

    [(line, message)] = problems(text)

    assert line == 8
    assert "Nobody could earn this group" in message
    assert "no data rule" in message
    carry(text.replace("is_active: true", "is_active: false"))


def test_an_active_group_cannot_become_unearnable() -> None:
    target(is_active=True)

    assert "no data rule" in problems(FILE.replace("            rules:\n" + RULE, "", 1))[0][1]


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("is_passing, operator: eq, value: true", "is_pasing, operator: eq, value: true", 14, "have no “is_pasing”"),
        ("value: true", "value: maybe", 14, "neither true nor false"),
        ("operator: eq, value: true", "operator: gt, value: true", 14, "does not work for a true or false"),
        ("data_path: is_passing, operator: eq, value: true", "data_path: user.id, value: 7", 14, "must not be used"),
        ("updated.v1\n            description", "nothing.v1\n            description", 11, "There is no event type"),
        ("requirements: [1]", "requirements: [1, 2]", 17, "No requirement of this group has the ref 2"),
        (RULE, RULE + RULE.replace("true", "' true '"), 15, "The same rule is there twice"),
        ("blend: A", "any_event: true", 10, "data rules have no say"),
        ("custom_attributes: []", "custom_attributes: [{name: Grade, value: nowhere}]", 20, "has a “nowhere”"),
        ("accredible_id: 7", "accredible_id: 8", 6, "“Main” has no group with the id 8: sync it first"),
        ("accredible_id: 7\n        name", "name", 6, "no “accredible_id”"),
        ("name: Main", "name: Other", 4, "There is no API configuration “Other” here"),
        ("name: Main", "name: Main\n    environment: eu", 5, "Ids of the environment “eu” stand for other groups"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(before: str, after: str, line: int, words: str) -> None:
    target()
    assert before in FILE

    found = problems(FILE.replace(before, after, 1))

    assert any(words in message and at == line for at, message in found), found


def test_all_problems_are_told_at_once() -> None:
    target()
    text = FILE.replace("value: true", "value: maybe").replace("value: false", "value: 7") + (
        "      - {accredible_id: 9, name: No, requirements: [], penalties: [], custom_attributes: []}\n"
    )

    assert [line for line, _message in problems(text)] == [14, 19, 21]


def test_what_is_as_it_was_is_not_checked_again(settings: Any) -> None:
    group = target().groups.get()
    require(group, ("user.id", "eq", "7"))

    assert not any(carry(api.export_groups([group.api_config])).plans)


def test_groups_are_matched_by_name_where_ids_differ() -> None:
    group = target(70, name="Production").groups.get()

    carry(FILE.replace("name: Main", "name: Main\n    environment: sandbox"), "Production", match=api.Match.NAME)

    assert group.requirements.count() == 1


def test_ambiguous_names_are_problems() -> None:
    target(70, 71)

    assert problems(FILE, match=api.Match.NAME) == [
        (7, "“Main” has 2 groups called “Badge”: match by id, or give them different names at Accredible.")
    ]


def test_two_entries_about_one_group_are_problems() -> None:
    target()
    entry = FILE[FILE.index("      - accredible_id") :]

    found = problems(FILE + entry)

    assert [line for line, _message in found] == [6, 21]
    assert "Another entry is about the same group, 7." in found[0][1]


def test_configurations_are_mapped() -> None:
    first, second = target(name="First = 1"), target(name="Second")
    make_group(first, accredible_id=8)
    two = FILE + FILE[FILE.index("  - name: Main") :].replace("Main", "More")

    carry(two, "Main=First = 1", f"More={second.pk}")
    assert [config.groups.get(accredible_id=7).requirements.count() for config in (first, second)] == [1, 1]
    carry(two.replace("Main", "Second"), "Second")
    carry(FILE, "First = 1")
    for chosen, words in (
        ("Second", "say which one of the file"),
        ("Nobody", "no such API configuration"),
        ("Main=x", "no such"),
    ):
        assert words in problems(two, chosen)[0][1]
    assert "say --config with one of “First = 1”, “Second”" in problems(FILE)[0][1]


def test_the_history_has_each_change_and_where_it_came_from() -> None:
    group = target().groups.get()
    removed = require(group, any_event=True)

    carry(FILE)

    [row] = BadgeRequirement.history.filter(id=group.requirements.get().pk)
    assert (row.history_type, row.history_change_reason) == ("+", "Imported from a file.")
    assert BadgeRequirement.history.filter(id=removed.pk).latest("history_id").history_type == "-"
    [chosen] = group.penalties.get().history.latest("history_id").requirements.all()
    assert chosen.badgerequirement_id == group.requirements.get().pk


def test_an_error_in_the_middle_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    config = target(7, 8)
    before = configuration_of(config)
    two = FILE + FILE[FILE.index("      - accredible_id") :].replace("accredible_id: 7", "accredible_id: 8")

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("cut")

    monkeypatch.setattr(CustomAttribute, "save", fail)
    with pytest.raises(RuntimeError):
        carry(two.replace("attributes: []", "attributes: [{name: a, source: constant, value: b}]"))

    assert configuration_of(config) == before
    assert not BadgeRequirement.objects.exists()
