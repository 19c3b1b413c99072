"""The pages around events and badges: try-out, re-evaluation, progress, failed events."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData

from credentials_accredible.events.event import as_json
from credentials_accredible.exceptions import Overtaken
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    FailedEvent,
    RulesVersion,
)
from tests import factories
from tests.badges.sending import learner
from tests.factories import COURSE, PASSING

pytestmark = pytest.mark.django_db

GROUPS = "/admin/credentials_accredible/accrediblegroup/"
FAILED = "/admin/credentials_accredible/failedevent/"


@pytest.fixture
def group() -> AccredibleGroup:
    """An active group with one requirement."""
    group = factories.make_group(name="Group <b>", is_active=True)
    factories.make_requirement(group, description="Pass a course")
    return group


def text(response: Any) -> str:
    """The page."""
    return str(response.content.decode())


class TestReevaluation:
    def test_it_shows_how_many_badges_it_would_award_and_awards_them(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        factories.make_progress(group, group.requirements.get())
        factories.make_progress(group)

        page = text(admin_client.get(f"{GROUPS}{group.pk}/re-evaluate/"))
        assert "1 badge would be awarded. Learners with progress in this group: 2." in page
        assert not AccredibleBadge.objects.exists()
        response = admin_client.post(f"{GROUPS}{group.pk}/re-evaluate/", follow=True)

        assert "Re-evaluated: 1 badge awarded." in [str(m) for m in response.context["messages"]]
        assert AccredibleBadge.objects.count() == 1
        assert "Re-evaluated: 1 badge" in text(admin_client.get(f"{GROUPS}{group.pk}/history/"))

    def test_who_may_only_look_re_evaluates_nothing(self, client: Client, group: AccredibleGroup) -> None:
        factories.make_progress(group, group.requirements.get())
        client.force_login(factories.make_staff("view_accrediblegroup"))

        assert client.post(f"{GROUPS}{group.pk}/re-evaluate/").status_code == 403
        assert not AccredibleBadge.objects.exists()

    def test_an_inactive_group_says_that_nothing_would_be_awarded(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        AccredibleGroup.objects.update(is_active=False)

        page = text(admin_client.get(f"{GROUPS}{group.pk}/re-evaluate/"))

        assert "The group is inactive" in page
        assert "Award them" not in page


class TestEditing:
    def test_an_active_group_says_what_a_change_does(self, admin_client: Client, group: AccredibleGroup) -> None:
        active = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))
        AccredibleGroup.objects.update(is_active=False)
        inactive = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))

        assert "counts for the events to come" in active
        assert "counts for the events to come" not in inactive

    def test_so_does_a_requirement_of_it(self, admin_client: Client, group: AccredibleGroup) -> None:
        address = f"/admin/credentials_accredible/badgerequirement/{group.requirements.get().pk}/change/"

        active = text(admin_client.get(address))
        AccredibleGroup.objects.update(is_active=False)

        assert "counts for the events to come" in active
        assert "counts for the events to come" not in text(admin_client.get(address))

    def test_a_rule_that_is_deleted_in_a_form_is_made_known(self, admin_client: Client, group: AccredibleGroup) -> None:
        requirement = group.requirements.get()
        rule = requirement.rules.create(data_path="course.course_key", operator="eq", value=COURSE)
        first = requirement.rules.earliest("pk")
        before = RulesVersion.objects.get().token
        rows = {"TOTAL_FORMS": 2, "INITIAL_FORMS": 2, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 10}
        for number, item in enumerate((first, rule)):
            for name in ("data_path", "operator", "value"):
                rows[f"{number}-{name}"] = getattr(item, name)
            rows |= {f"{number}-id": item.pk, f"{number}-requirement": requirement.pk}
        data = {f"rules-{name}": value for name, value in {**rows, "1-DELETE": "on"}.items()}

        admin_client.post(
            f"/admin/credentials_accredible/badgerequirement/{requirement.pk}/change/",
            {"event_type": PASSING, "description": "Pass a course", "blend": "", **data},
        )

        assert list(requirement.rules.all()) == [first]
        assert RulesVersion.objects.get().token != before


class TestProgress:
    def test_the_list_shows_how_far_learners_are(
        self, admin_client: Client, django_assert_max_num_queries: Any, group: AccredibleGroup
    ) -> None:
        factories.make_requirement(group)
        for _number in range(10):
            factories.make_progress(group, group.requirements.earliest("pk"))

        with django_assert_max_num_queries(8):
            page = text(admin_client.get("/admin/credentials_accredible/badgeprogress/"))

        assert page.count("50%") == 10


class TestFailedEvents:
    @pytest.fixture
    def failed(self, group: AccredibleGroup) -> FailedEvent:
        """An event that could not be processed, and can be now."""
        data = CoursePassingStatusData(
            is_passing=True, course=CourseData(course_key=CourseKey.from_string(COURSE)), user=learner()
        )
        payload = {"course_passing_status": data}
        return FailedEvent.objects.create(
            event_type=PASSING, event_id="e-1", event_time=timezone.now(), payload=as_json(payload), error="Boom <i>"
        )

    def test_they_are_listed_with_what_they_said(self, admin_client: Client, failed: FailedEvent) -> None:
        listed = text(admin_client.get(FAILED))
        shown = text(admin_client.get(f"{FAILED}{failed.pk}/change/"))

        assert "Boom &lt;i&gt;" in listed
        assert "is_passing" in shown

    @pytest.mark.parametrize("words", ["ada", "ADA", "ada@example.com", "lms id"])
    def test_they_are_found_by_their_learner(self, admin_client: Client, failed: FailedEvent, words: str) -> None:
        words = words.replace("lms id", str(learner().id))
        assert "Boom" in text(admin_client.get(FAILED, {"q": words}))
        assert "Boom" not in text(admin_client.get(FAILED, {"q": "grace"}))
        assert "Boom" not in text(admin_client.get(FAILED, {"q": "ada@exa"}))

    def test_one_without_a_learner_is_listed_too(self, admin_client: Client, failed: FailedEvent) -> None:
        FailedEvent.objects.create(event_type=PASSING, event_id="e-2", event_time=timezone.now(), error="Nobody")
        assert "Nobody" in text(admin_client.get(FAILED))

    def test_they_are_processed_again(self, admin_client: Client, failed: FailedEvent) -> None:
        response = admin_client.post(FAILED, {"action": "process_again", "_selected_action": [failed.pk]}, follow=True)

        assert "1 event processed" in text(response)
        failed.refresh_from_db()
        assert failed.resolved_at is not None
        assert AccredibleBadge.objects.count() == 1

    @staticmethod
    def fail_again(client: Client, failed: FailedEvent, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
        def fail(event: Any) -> None:
            raise error

        monkeypatch.setattr("credentials_accredible.badges.processing.process", fail)
        return client.post(FAILED, {"action": "process_again", "_selected_action": [failed.pk]}, follow=True)

    def test_one_that_was_overtaken_says_so_and_blames_no_database(
        self, admin_client: Client, failed: FailedEvent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        response = self.fail_again(admin_client, failed, monkeypatch, Overtaken("The rules were changed meanwhile."))

        assert "failed again: The rules were changed meanwhile." in text(response)
        assert "database" not in FailedEvent.objects.get().error

    def test_one_that_fails_again_says_why(
        self, admin_client: Client, failed: FailedEvent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        response = self.fail_again(admin_client, failed, monkeypatch, RuntimeError("still broken"))

        failed.refresh_from_db()
        assert "failed again: Something went wrong that nobody has foreseen" in text(response)
        assert "RuntimeError" not in text(response)
        assert failed.resolved_at is None
        assert failed.attempts == 2

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            ("OperationalError: (1205, 'Lock wait timeout exceeded')", "Process it again when the database is well."),
            ("ProgrammingError: no such table: x", "Look whether all migrations are applied"),
            ("DataError: value too long", "What this event says cannot be used."),
            ("InvalidKeyError: <class 'x'>: None", "What this event says cannot be used."),
            ("KeyError: 'bug'", "probably a mistake in this plugin"),
            ("StopIteration:", "probably a mistake in this plugin"),
        ],
    )
    def test_what_an_error_means_is_said_and_its_own_words_are_folded(
        self, admin_client: Client, failed: FailedEvent, error: str, words: str
    ) -> None:
        FailedEvent.objects.filter(pk=failed.pk).update(error=error)

        listed = unescape(text(admin_client.get(FAILED)))
        shown = unescape(text(admin_client.get(f"{FAILED}{failed.pk}/change/")))

        assert error not in listed
        assert words in shown
        assert f"<summary>Technical detail</summary><pre>{error}</pre></details>" in shown

    def test_a_sentence_of_ours_stands_alone(self, admin_client: Client, failed: FailedEvent) -> None:
        FailedEvent.objects.filter(pk=failed.pk).update(error="The event does not say which learner it is about.")

        shown = text(admin_client.get(f"{FAILED}{failed.pk}/change/"))

        assert "The event does not say which learner it is about." in shown
        assert "Technical detail" not in shown

    def test_processing_needs_a_permission_of_its_own(self, client: Client, failed: FailedEvent) -> None:
        client.force_login(factories.make_staff("view_failedevent"))
        client.post(FAILED, {"action": "process_again", "_selected_action": [failed.pk]})
        failed.refresh_from_db()
        assert failed.resolved_at is None

        client.force_login(factories.make_staff("view_failedevent", "process_failedevent"))
        client.post(FAILED, {"action": "process_again", "_selected_action": [failed.pk]})
        failed.refresh_from_db()
        assert failed.resolved_at is not None
