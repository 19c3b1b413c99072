"""The badge of a group is issued by one side: the other one is refused."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from credentials_accredible import api
from credentials_accredible.exceptions import ActivationRefused
from credentials_accredible.models import AccredibleGroup
from demo.builtin import models as there
from tests.admin.forms import GROUPS, group_form
from tests.adoption import builtin
from tests.adoption.running import adopt
from tests.factories import make_config, make_group, make_requirement

pytestmark = pytest.mark.django_db

WAYS_OUT = ["accredible_adopt_builtin", "deactivate the group there"]


@pytest.fixture
def group(academy: Any) -> AccredibleGroup:
    """The group here that is active there."""
    group = make_group(make_config("Mine"), accredible_id=501)
    make_requirement(group)
    return group


def test_activation_here_is_refused_with_both_ways_out(group: AccredibleGroup) -> None:
    with pytest.raises(ActivationRefused) as refused:
        api.activate_group(group)

    assert [words for words in WAYS_OUT if words not in str(refused.value)] == []
    group.refresh_from_db()
    assert not group.is_active


def test_so_it_is_on_its_page_and_in_the_list(admin_client: Client, group: AccredibleGroup) -> None:
    page = admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, is_active="on")).content.decode()
    listed = admin_client.post(GROUPS, {"action": "activate", "_selected_action": [group.pk]}, follow=True)

    for text in (page, listed.content.decode()):
        assert [words for words in WAYS_OUT if words not in text] == []
    group.refresh_from_db()
    assert not group.is_active


def test_so_it_is_in_a_file(group: AccredibleGroup, tmp_path: Any) -> None:
    path = tmp_path / "groups.yaml"
    there.AccredibleGroup.objects.update(is_active=False)
    api.activate_group(group)
    call_command("accredible_export", str(path), stdout=StringIO())
    api.deactivate_group(group)
    there.AccredibleGroup.objects.update(is_active=True)

    for options in (["--dry-run"], []):
        said = StringIO()
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("accredible_import", str(path), *options, stdout=said, stderr=said)
        assert [words for words in WAYS_OUT if words not in said.getvalue()] == []


@pytest.mark.parametrize("apart", ["not active there", "badges off", "another environment"])
def test_activation_is_free_where_the_other_side_issues_nothing_there(
    group: AccredibleGroup, settings: Any, apart: str
) -> None:
    if apart == "not active there":
        there.AccredibleGroup.objects.update(is_active=False)
    elif apart == "badges off":
        settings.BADGES_ENABLED = False
    else:
        settings.BADGES_CONFIG = {"accredible": {"ACCREDIBLE_API_BASE_URL": "https://api.accredible.com/v1/"}}

    api.activate_group(group)

    assert group.is_active


def test_activation_there_is_refused_while_it_is_active_here(academy: Any, caplog: Any) -> None:
    adopt()
    second = there.AccredibleGroup.objects.get()

    second.is_active = True
    second.save()

    assert not there.AccredibleGroup.objects.get().is_active
    assert "builtin_group_refused group=501" in caplog.text


def test_what_only_the_other_side_has_is_activated_there(academy: Any) -> None:
    second = builtin.group(academy, is_active=False)

    second.is_active = True
    second.save()

    assert there.AccredibleGroup.objects.get(pk=second.pk).is_active
