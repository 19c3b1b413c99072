"""The history of bulk statements, and who is named in it."""

from __future__ import annotations

from typing import Any

import crum
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.authentication import BaseAuthentication
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    history,
)
from credentials_accredible.rules import rows
from tests import factories
from tests.admin.forms import REQUIREMENTS, requirement_form
from tests.history_rows import TRACKED, kinds

pytestmark = pytest.mark.django_db


class TestBulkStatements:
    def test_a_configuration_that_is_copied_is_new(self) -> None:
        group = factories.configure(factories.make_group())
        CustomAttribute.objects.create(group=group, name="grade", value="grade")
        configuration, _refs = rows.configuration_of(group)
        other = factories.make_group()
        before = {model: model.history.count() for model in TRACKED}

        with history.because("restored"):
            refs = rows.configure(other, configuration)

        grown = {model.__name__: model.history.count() - before[model] for model in TRACKED}
        assert grown == {
            "AccredibleAPIConfig": 0,
            "AccredibleGroup": 0,
            "BadgePenalty": 1,
            "BadgeRequirement": 2,
            "CustomAttribute": 1,
            "DataRule": 2,
            "PenaltyDataRule": 1,
        }
        (penalty,) = BadgePenalty.history.filter(group_id=other.pk)
        assert (penalty.history_type, penalty.history_change_reason) == ("+", "restored")
        assert list(penalty.requirements.values_list("badgerequirement", flat=True)) == [refs[1]]

    def test_what_a_sync_removes_is_kept_with_who_ran_it(self, account: Any) -> None:
        account.add_group(name="g", course_name="Stays")
        config = factories.make_config()
        gone = factories.configure(factories.make_group(config))
        staff = factories.make_user()

        api.sync(config, user=staff, consent=api.Consent(force=True))

        for model in (AccredibleGroup, BadgePenalty, BadgeRequirement, DataRule, PenaltyDataRule):
            rows = model.history.filter(history_type="-")
            assert {row.history_user for row in rows} == {staff}, model
            assert {row.history_change_reason for row in rows} == {"gone at Accredible"}, model
        assert kinds(AccredibleGroup, id=gone.pk)[-1] == "-"
        assert kinds(BadgeRequirement, group_id=gone.pk, history_type="-") == ["-", "-"]

    def test_removing_costs_the_same_number_of_statements_for_one_group_and_for_forty(self, account: Any) -> None:
        account.add_group(name="g", course_name="Stays")
        config = factories.make_config()

        def statements(groups: int) -> int:
            for _number in range(groups):
                group = factories.make_group(config)
                factories.make_penalty(group, factories.make_requirement(group))
            with CaptureQueriesContext(connection) as queries:
                assert api.sync(config, consent=api.Consent(force=True)).succeeded
            return sum("historical" in query["sql"] for query in queries)

        assert statements(1) == statements(40)


class TestWho:
    def test_nobody_outside_of_a_request(self) -> None:
        factories.make_config()

        assert AccredibleAPIConfig.history.get().history_user is None

    def test_who_is_named_for_a_task(self) -> None:
        staff = factories.make_user()

        with history.because("a task", user=staff):
            factories.make_config()

        assert AccredibleAPIConfig.history.get().history_user == staff

    def test_who_rest_framework_has_found_to_be_calling(self) -> None:
        staff = factories.make_user()
        requirement = factories.make_requirement(factories.make_group())

        class Token(BaseAuthentication):
            def authenticate(self, request: Any) -> Any:
                return staff, "token"

        class View(APIView):
            authentication_classes = [Token]
            permission_classes: list[Any] = []

            def post(self, request: Any) -> Any:
                from rest_framework.response import Response

                requirement.description = "By token"
                requirement.save()
                return Response()

        middleware = crum.CurrentRequestUserMiddleware(View.as_view())
        assert middleware(APIRequestFactory().post("/")).status_code == 200
        assert BadgeRequirement.history.latest().history_user == staff

    def test_a_caller_who_is_nobody(self) -> None:
        class View(APIView):
            authentication_classes: list[Any] = []
            permission_classes: list[Any] = []

            def post(self, request: Any) -> Any:
                from rest_framework.response import Response

                factories.make_config()
                return Response()

        middleware = crum.CurrentRequestUserMiddleware(View.as_view())
        assert middleware(APIRequestFactory().post("/")).status_code == 200
        assert AccredibleAPIConfig.history.get().history_user is None

    def test_history_outlives_who_made_it(self, admin_client: Client, admin_user: Any) -> None:
        group = factories.make_group()
        admin_client.post(REQUIREMENTS + "add/", requirement_form(group=group.pk))

        admin_user.delete()

        assert BadgeRequirement.history.get().history_user is None
