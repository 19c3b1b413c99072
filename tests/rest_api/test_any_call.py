"""Whatever the description of the API allows, and much that it does not: no 500, and no answer that it does not name.

The calls are made up from ``docs/openapi.yaml``, and go in as they would from a server of WSGI.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.examples import examples

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"

# Beside those that a pytest test may not take, which have their own reasons.
LENIENT = {"deadline": None, "suppress_health_check": list(HealthCheck)}

PATHS = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
OPERATIONS = [(path, method) for path, item in PATHS.items() for method in item if method != "parameters"]

schema = schemathesis.openapi.from_dict(
    yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8")),
    config=SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}}),
)
schema.app = WSGIHandler()

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """What calls are about. ``keys`` finds something of each resource."""

    emulator: Emulator
    config: AccredibleAPIConfig
    keys: dict[str, str]

    def __post_init__(self) -> None:
        self._there = cycle([False, True])
        self._events = cycle([self._calm, self._gone, self._refused, self._down, self._nonsense])

    def key(self, resource: str) -> str | None:
        """Every other time, something that is there."""
        return self.keys[resource] if next(self._there) else None

    def goes_on(self) -> None:
        """Let something else happen at Accredible."""
        self.emulator.clear_faults()
        next(self._events)()

    def _calm(self) -> None:
        self.config.groups.exclude(uuid=self.keys["groups"]).delete()

    def _gone(self) -> None:
        factories.configure(factories.make_group(self.config))

    def _refused(self) -> None:
        self.emulator.fault("status", status=401, times=None)

    def _down(self) -> None:
        self.emulator.fault("status", status=429, retry_after=3, times=None)

    def _nonsense(self) -> None:
        self.emulator.fault("html", times=None)


@dataclass
class Caller:
    """Somebody, and what they were answered."""

    name: str
    sent_along: dict[str, Any] = field(default_factory=dict)
    answers: set[int] = field(default_factory=set)

    def log_in(self) -> None:
        """Get a session, and a token against forged requests."""
        user = factories.make_user(self.name, is_staff=True, is_superuser=self.name == "superuser")
        client = Client()
        client.force_login(user)
        token = "a" * 32
        cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": token}
        self.sent_along = {"cookies": cookies, "headers": {"X-CSRFToken": token}}

    def call(self, case: Any, world: World) -> None:
        """Make the call."""
        if case.path_parameters and (key := world.key(case.path.split("/")[1])):
            case.path_parameters = dict.fromkeys(case.path_parameters, key)
        if case.method == "POST":
            world.goes_on()
        answer = case.call_and_validate(**self.sent_along, checks=CHECKS)
        # It is described, for what nobody foresaw.
        assert answer.status_code != 500, answer.content
        self.answers.add(answer.status_code)


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """A request leaves the connection open, which is in the test's transaction."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def world(_one_connection: None, emulator: Emulator, account: Any, plugin_settings: PluginSettings) -> World:
    """An account that was synced, with a group and a badge that could not be delivered."""
    plugin_settings(REST_THROTTLE=None)
    config = factories.make_config()
    remote = account.add_group(name="badge", course_name="Badge 🎓")
    account.add_group(name="new", course_name="New")
    group = factories.configure(factories.make_group(config, accredible_id=remote["id"], icon_url="javascript:1"))
    badge = factories.make_badge(group)
    AccredibleBadge.objects.update(state="error", problem="refused", last_error="No", next_attempt_at=None)
    api.retry_badges(AccredibleBadge.objects.all(), user=badge.user)
    run = api.sync(config, user=badge.user).run
    assert run
    retired = api.retire("somebody", lms_user_id=7).learner.pk
    keys = {"configs": config.pk, "runs": run.pk, "groups": group.uuid, "badges": badge.uuid, "retirements": retired}
    return World(emulator, config, {name: str(key) for name, key in keys.items()})


@pytest.fixture
def callers(world: World, request: pytest.FixtureRequest) -> Iterator[list[Caller]]:
    """All who could call; afterwards, a look at whether they got what they should."""
    superuser, staff, anonymous = Caller("superuser"), Caller("staff"), Caller("anonymous")
    superuser.log_in()
    staff.log_in()
    yield [superuser, staff, anonymous]
    # Of calls that are wrong by chance, none need be right.
    assert 200 in superuser.answers or "wrong" in request.node.name
    assert anonymous.answers == {403}


@schema.parametrize()
@settings(max_examples=examples(8), **LENIENT)
def test_any_call_gets_an_answer_that_is_described(case: Any, callers: list[Caller], world: World) -> None:
    for caller in callers:
        caller.call(case, world)


@pytest.mark.endurance
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_so_do_many(path: str, method: str, mode: GenerationMode, callers: list[Caller], world: World) -> None:
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=60, **LENIENT)
    def calls(case: Any) -> None:
        for caller in callers:
            caller.call(case, world)

    calls()
