"""Invisible characters that copying brings along change nothing, and are named where something is refused."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError, DecisionRefused, ImportRefused
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from tests.admin.config_pages import KEY, LIST, post, told
from tests.admin.forms import GROUPS, formset, group_form
from tests.factories import PASSING, make_badge, make_config, make_group, make_staff, make_user
from tests.portability.files import FILE, carry, target
from tests.rest_api.conftest import ROOT

pytestmark = pytest.mark.django_db

UNSEEN = {
    "byte order mark": "\ufeff",
    "zero width space": "\u200b",
    "word joiner": "\u2060",
    "left to right": "\u200e",
    "right to left": "\u202e",
    "isolate": "\u2068",
    "soft hyphen": "\xad",
    "joiner": "\u200d",
    "non-joiner": "\u200c",
    "several": "\ufeff\u200b\u200e",
}
unseen = pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN)
PERSIAN = "نامه\u200cها"
ASTRONAUT = "👩\u200d🚀"


def award(*learners: str) -> list[AccredibleBadge]:
    return api.award_badges(make_group(is_active=True), learners, reason="Because", user=make_staff())


@unseen
def test_a_learner_is_found(unseen: str) -> None:
    make_user("ada")
    make_user("bob")
    make_user("eve")

    badges = award(f"{unseen}ada", unseen, f"bob@exa{unseen}mple.com{unseen}", f"eve{unseen}")

    assert [badge.user.username for badge in badges] == ["ada", "bob", "eve"]


def test_a_joiner_between_letters_that_join_is_a_part_of_the_name() -> None:
    make_user(PERSIAN)
    assert [badge.user.username for badge in award(f"\ufeff{PERSIAN}")] == [PERSIAN]

    with pytest.raises(DecisionRefused, match="نامه⟨ZERO WIDTH JOINER⟩ها"):
        award(PERSIAN.replace("\u200c", "\u200d"))


@unseen
def test_a_configuration_is_found_by_name_and_id(unseen: str) -> None:
    main, second = make_config("Main"), make_config("Second")

    assert api.find_configs([f"{unseen}Ma{unseen}in{unseen}", f"{second.pk}{unseen}"]) == [main, second]


def test_one_that_was_called_so_before_is_found_both_ways() -> None:
    config = make_config("Main\u200b")

    assert api.find_configs(["Main"]) == api.find_configs(["Main\u200b"]) == [config]


def test_what_is_not_found_is_told_with_the_names_of_what_nobody_sees() -> None:
    with pytest.raises(ConfigurationError, match="“⟨ZERO WIDTH SPACE⟩Other⟨SOFT HYPHEN⟩”"):
        api.find_configs(["\u200bOther\xad"])
    with pytest.raises(CommandError, match="“x⟨ZERO WIDTH SPACE⟩=3” is not two numbers"):
        call_command("accredible_restore", "--run", "1", "--join", "x\u200b=3")


@unseen
def test_numbers_of_commands_are_read(unseen: str) -> None:
    call_command("accredible_prune", "--dry-run", "--runs-days", f"{unseen}30{unseen}", stdout=StringIO())
    for option in (["--run", f"77{unseen}"], ["--snapshot", f"{unseen}77"]):
        with pytest.raises(CommandError, match="77"):
            call_command("accredible_restore", *option, stdout=StringIO())


@unseen
def test_a_configuration_is_saved_with_its_name_and_key_alone(admin_client: Client, account: Any, unseen: str) -> None:
    page = post(
        admin_client,
        LIST + "add/",
        name=f"{unseen}Main{unseen}",
        environment="emulator",
        new_api_key=f"{unseen}{KEY[:4]}{unseen}{KEY[4:]}{unseen}",
    )

    config = AccredibleAPIConfig.objects.get()
    assert (config.name, config.api_key.reveal()) == ("Main", KEY), told(page)


def test_a_key_of_nothing_else_is_none(admin_client: Client, account: Any) -> None:
    page = post(admin_client, LIST + "add/", name="Main", environment="emulator", new_api_key="\u200b\ufeff")

    assert page.context["adminform"].form.errors == {"new_api_key": ["This field is required."]}


@unseen
@pytest.mark.parametrize(
    ("kind", "operator", "value"),
    [
        ("boolean", "eq", "true"),
        ("course_key", "eq", "course-v1:edX+DemoX+Demo_Course"),
        ("course_key", "contains", "DemoX"),
        ("number", "ge", "0.83"),
        ("datetime", "lt", "2030-01-31"),
        ("text", "eq", "Pass"),
        ("text", "contains", "Pass"),
    ],
)
def test_the_value_of_a_rule_is_kept_alone(kind: str, operator: str, value: str, unseen: str) -> None:
    assert api.clean_value(kind, operator, f"{unseen}{value}{unseen}") == value
    if operator == "eq" and kind != "boolean":
        assert api.clean_value(kind, "in", f"{unseen}{value}{unseen},{unseen}{value}") == f"{value},{value}"


@pytest.mark.parametrize("value", [PERSIAN, ASTRONAUT, "abc \u200fאבג\u200f def"])
def test_within_a_text_they_may_mean_something(value: str) -> None:
    assert api.clean_value("text", "eq", f"\ufeff{value} ") == value


def test_a_refused_value_is_told_with_their_names() -> None:
    with pytest.raises(ValueError, match="“neun⟨ZERO WIDTH SPACE⟩zig” is neither a number nor a date"):
        api.clean_value("text", "gt", "neun\u200bzig")


@unseen
def test_a_file_is_read(unseen: str) -> None:
    group = target().groups.get()
    text = (
        FILE.replace("name: Main", f'name: "{unseen}Main{unseen}"')
        .replace("is_passing,", f'"{unseen}is_passing{unseen}",')
        .replace("value: true", f'value: "{unseen}true"')
        .replace(f"event_type: {PASSING}", f'event_type: "{PASSING}{unseen}"')
        .replace(
            "custom_attributes: []",
            f'custom_attributes: [{{name: "{unseen}Course", value: "course.{unseen}display_name{unseen}"}}]',
        )
    )

    carry(text)

    rule = group.requirements.get().rules.get()
    assert (rule.data_path, rule.value) == ("is_passing", "true")
    assert list(group.custom_attributes.values_list("name", "value")) == [("Course", "course.display_name")]
    assert carry(text, f"{unseen}Main={unseen}Main").plans == carry(text, f"Main{unseen}").plans


@unseen
@pytest.mark.parametrize("attribute", ['name: "{}", value: is_passing', 'name: Course, source: constant, value: "{}"'])
def test_a_custom_attribute_of_a_file_has_a_name_and_a_value_that_can_be_seen(unseen: str, attribute: str) -> None:
    target()
    text = FILE.replace("custom_attributes: []", f"custom_attributes: [{{{attribute.format(unseen)}}}]")

    with pytest.raises(ImportRefused, match=r"“(name|value)” must not be empty"):
        carry(text)


def test_what_a_file_calls_and_is_not_there_is_told_with_their_names() -> None:
    target()
    with pytest.raises(ImportRefused, match="no group called “Ba⟨SOFT HYPHEN⟩dge”"):
        carry(FILE.replace("name: Badge", 'name: "Ba\xaddge"'), match=api.Match.NAME)
    with pytest.raises(ImportRefused, match="“nam⟨ZERO WIDTH SPACE⟩e” is not known here"):
        carry(FILE.replace("        name: Badge", '        "nam\u200be": Badge'))


@unseen
def test_a_custom_attribute_is_saved_without(admin_client: Client, account: Any, unseen: str) -> None:
    group = make_group()
    shown = f"Dr. {ASTRONAUT}\u200f"
    rows = [
        {"name": f"{unseen}Course{unseen}", "source": "path", "value": f"{unseen}course.course_key{unseen}"},
        {"name": "Mentor", "source": "constant", "value": shown},
    ]

    post(admin_client, f"{GROUPS}{group.pk}/change/", **group_form(group, **formset("custom_attributes", *rows)))

    stored = list(group.custom_attributes.values_list("name", "value").order_by("pk"))
    assert stored == [("Course", "course.course_key"), ("Mentor", shown)]


@unseen
def test_searches_find(admin_client: Client, unseen: str) -> None:
    badge = make_badge(make_group(name="Physics 101"))
    name = badge.user.username
    for address in (
        f"{ROOT}badges/?username={unseen}{name}{unseen}",
        f"{ROOT}badges/?group={badge.group.uuid}{unseen}" if badge.group else "",
        f"{ROOT}badges/?search={unseen}Physics {unseen}101{unseen}",
        f"{ROOT}badges/?accredible_group_id={badge.accredible_group_id}{unseen}",
        f"{ROOT}configs/?environment=emu{unseen}lator",
    ):
        assert admin_client.get(address).json()["count"] == 1, address
    page = admin_client.get(
        "/admin/credentials_accredible/accrediblebadge/", {"q": f"{unseen}{name} {unseen}Physics{unseen}"}
    )
    assert list(page.context["cl"].result_list) == [badge]


@pytest.mark.parametrize("title", [f"Rocket {ASTRONAUT} science", "abc\u200fאבג\u200fdef"])
def test_searches_find_titles_that_have_some(admin_client: Client, title: str) -> None:
    group = make_group(name=title)
    for word in title.split():
        assert admin_client.get(f"{ROOT}groups/", {"search": word}).json()["count"] == 1
        page = admin_client.get(GROUPS, {"q": word})
        assert list(page.context["cl"].result_list) == [group]
    assert AccredibleGroup.objects.get().name == title
