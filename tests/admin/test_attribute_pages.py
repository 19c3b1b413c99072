"""Custom attributes on a group's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleGroup, CustomAttribute
from demo.emulator.server import Emulator
from tests.admin.forms import GROUPS, formset, group_form, text
from tests.factories import CCX_PASSING, PASSING, make_config, make_group, make_requirement, make_staff

pytestmark = pytest.mark.django_db

PASS = {"event_type": PASSING, "description": "", "blend": "", "any_event": "on"}


@pytest.fixture
def group(account: Any) -> AccredibleGroup:
    """A group of an account that knows two attribute keys."""
    account.add_attribute_key("Course")
    account.add_attribute_key("Place <b>")
    return make_group(make_config("Main"))


def attribute(name: str, value: str, source: str = "path", **more: Any) -> dict[str, Any]:
    """A row of the custom attributes."""
    return {"name": name, "source": source, "value": value, **more}


def save(client: Client, group: AccredibleGroup, *rows: dict[str, Any], **values: Any) -> Any:
    """Send the page of the group with these rows of attributes."""
    stored = len([row for row in rows if row.get("id")])
    data = group_form(
        group, *values.pop("requirements", ()), **formset("custom_attributes", *rows, stored=stored), **values
    )
    return client.post(f"{GROUPS}{group.pk}/change/", data, follow=True)


def messages(response: Any) -> list[str]:
    """What the page says at its top, beside that it was saved."""
    found = [str(message) for message in response.context["messages"]]
    return [message for message in found if "was changed successfully" not in message]


def stored() -> list[tuple[str, str, str]]:
    """All attributes."""
    return list(CustomAttribute.objects.values_list("name", "source", "value"))


class TestSaving:
    def test_they_are_mapped_and_checked_at_accredible(self, admin_client: Client, group: AccredibleGroup) -> None:
        make_requirement(group)
        rows = [attribute("Course", "course.course_key"), attribute("Mentor", "Dr. <i>", "constant")]

        response = save(admin_client, group, *rows)

        assert stored() == [("Course", "path", "course.course_key"), ("Mentor", "constant", "Dr. <i>")]
        assert messages(response) == [
            "The account at Accredible has no such attribute keys, so no credential shows them: “Mentor”"
        ]

    def test_accredible_is_not_asked_where_nothing_was_changed(
        self, admin_client: Client, emulator: Emulator, group: AccredibleGroup
    ) -> None:
        found = CustomAttribute.objects.create(group=group, name="Course", source="constant", value="x")
        admin_client.get(f"{GROUPS}{group.pk}/change/")
        save(admin_client, group, attribute("Course", "x", "constant", id=found.pk, group=group.pk))
        assert emulator.requests == []

    def test_accredible_being_away_is_no_obstacle(
        self, admin_client: Client, emulator: Emulator, group: AccredibleGroup
    ) -> None:
        emulator.fault("status", status=503, times=None)
        response = save(admin_client, group, attribute("Course", "x", "constant"))
        assert stored() == [("Course", "constant", "x")]
        assert "could not be found out: Accredible is not available" in messages(response)[0]
        assert len(emulator.requests) == 1

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("course.master_course_key", "No event that the requirements of this group ask for has"),
            ("nonsense", "No event that the requirements of this group ask for has"),
            ("user.pii.email", "must not be used"),
        ],
    )
    def test_paths_that_can_have_no_value_are_refused(
        self, admin_client: Client, group: AccredibleGroup, path: str, said: str
    ) -> None:
        make_requirement(group)
        assert said in text(save(admin_client, group, attribute("Course", path)))
        assert stored() == []

    def test_requirements_of_the_same_page_count(self, admin_client: Client, group: AccredibleGroup) -> None:
        ccx = {**PASS, "event_type": CCX_PASSING}
        make_requirement(group, event_type=PASSING)
        row = attribute("Course", "course.master_course_key")
        current = group.requirements.get()
        kept = {"id": current.pk, "group": group.pk, "event_type": PASSING, "description": "", "blend": ""}
        save(admin_client, group, row, requirements=[kept, ccx])
        assert stored() == [("Course", "path", "course.master_course_key")]

    @pytest.mark.parametrize(
        "rows",
        [
            [attribute("Course", "x", "constant"), attribute("Course", "y", "constant")],
            [attribute(" ", "x", "constant")],
            [attribute("Course", " ", "constant")],
            [attribute("Course", "x" * 256, "constant")],
            [attribute("x" * 256, "x", "constant")],
            [attribute("Course", "x", "guess")],
        ],
        ids=["twice", "no name", "no value", "long value", "long name", "no source"],
    )
    def test_what_cannot_be_kept_is_refused(
        self, admin_client: Client, group: AccredibleGroup, rows: list[dict[str, Any]]
    ) -> None:
        assert "Please correct the error" in text(save(admin_client, group, *rows))
        assert stored() == []

    def test_it_asks_outside_of_a_transaction(
        self, admin_client: Client, group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch, transactional_db: None
    ) -> None:
        seen: list[bool] = []
        read = AccredibleClient.attribute_keys

        def spy(client: AccredibleClient) -> Any:
            seen.append(connection.in_atomic_block)
            return read(client)

        monkeypatch.setattr(AccredibleClient, "attribute_keys", spy)
        monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
        save(admin_client, group, attribute("Course", "x", "constant"))
        admin_client.get(f"{GROUPS}{group.pk}/attribute-keys/")
        assert seen == [False, False]

    def test_it_takes_permissions_of_its_own(self, client: Client, group: AccredibleGroup) -> None:
        mine = ("view_accrediblegroup", "change_accrediblegroup")
        client.force_login(make_staff(*mine))
        save(client, group, attribute("Course", "x", "constant"))
        assert stored() == []
        client.force_login(make_staff(*mine, "add_customattribute", "view_customattribute"))
        save(client, group, attribute("Course", "x", "constant"))
        assert stored() == [("Course", "constant", "x")]


class TestDoubts:
    def test_a_mapping_that_stays_empty_is_told_when_the_group_is_saved_or_activated(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        make_requirement(group)
        CustomAttribute.objects.create(group=group, name="Master", source="path", value="course.master_course_key")
        doubt = (
            "The custom attribute “Master” stays empty: No event that the requirements of this group ask for has a "
            "“course.master_course_key”."
        )
        chosen = {"action": "activate", "_selected_action": [group.pk]}

        assert doubt in messages(admin_client.post(GROUPS, chosen, follow=True))
        assert AccredibleGroup.objects.get().is_active
        assert api.attribute_doubts(group) == [doubt]

    def test_it_is_not_told_to_who_may_not_see_attributes(self, client: Client, group: AccredibleGroup) -> None:
        make_requirement(group)
        CustomAttribute.objects.create(group=group, name="Master", source="path", value="course.master_course_key")
        client.force_login(make_staff("view_accrediblegroup", "change_accrediblegroup", "view_badgerequirement"))

        response = client.post(GROUPS, {"action": "activate", "_selected_action": [group.pk]}, follow=True)

        assert AccredibleGroup.objects.get().is_active
        assert not [message for message in messages(response) if "Master" in message]


class TestLookup:
    def test_the_keys_of_the_account_are_given_as_data(self, admin_client: Client, group: AccredibleGroup) -> None:
        response = admin_client.get(f"{GROUPS}{group.pk}/attribute-keys/")
        assert response.json() == {"keys": [{"name": "Course", "kind": "text"}, {"name": "Place <b>", "kind": "text"}]}

    def test_the_page_offers_paths_of_the_groups_events_and_asks_nobody(
        self, admin_client: Client, emulator: Emulator, group: AccredibleGroup
    ) -> None:
        def offered() -> str:
            return text(admin_client.get(f"{GROUPS}{group.pk}/change/")).partition('<datalist id="accredible-')[2]

        before = offered()
        make_requirement(group)
        after = offered()
        assert '<option value="course.master_course_key">' in before
        assert '<option value="course.master_course_key">' not in after
        assert '<option value="course.course_key">' in after
        assert "pii.email" not in after
        assert f"{GROUPS}{group.pk}/attribute-keys/" in after
        assert emulator.requests == []

    @pytest.mark.parametrize("why", ["away", "no key", "refused"])
    def test_a_reason_is_given_where_they_cannot_be_read(
        self, admin_client: Client, emulator: Emulator, group: AccredibleGroup, why: str
    ) -> None:
        if why == "no key":
            type(group.api_config).objects.update(api_key="")
        else:
            emulator.fault("status", status=503 if why == "away" else 401, times=None)
        response = admin_client.get(f"{GROUPS}{group.pk}/attribute-keys/")
        assert response.status_code == 502
        assert response.json()["error"]
        assert "main-key-0001" not in text(response)

    def test_who_may_not_change_attributes_looks_nothing_up(
        self, client: Client, emulator: Emulator, group: AccredibleGroup
    ) -> None:
        client.force_login(make_staff("view_accrediblegroup", "view_customattribute"))
        assert client.get(f"{GROUPS}{group.pk}/attribute-keys/").status_code == 403
        assert emulator.requests == []
        assert client.get(f"{GROUPS}{group.pk + 1}/attribute-keys/").status_code == 403
