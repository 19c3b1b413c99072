"""The Tutor plugin adds to Tutor's files what the Credentials service and the LMS need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from credentials_accredible import __version__, conf
from credentials_accredible.checks import check_settings
from credentials_accredible.defaults import DEFAULT_EVENTS
from tests.tutor.conftest import CHANGED, Rendered

CREDENTIALS = "plugins/credentials/apps/credentials/settings/production.py"
DEVELOPMENT = "plugins/credentials/apps/credentials/settings/development.py"
LMS = "apps/openedx/settings/lms/production.py"
DOCKERFILE = "plugins/credentials/build/credentials/Dockerfile"
SPOOL = "/openedx/data/accredible"

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
AWARDED = "org.openedx.learning.badge.awarded.v1"


def consumes(command: list[str]) -> dict[str, Any]:
    """The options that the event bus's consumer is started with."""
    assert command[:2] == ["./manage.py", "consume_events"]
    options = dict(option.removeprefix("--").split("=", 1) for option in command[2:])
    return {**options, "extra": json.loads(options["extra"])}


def pod_of(item: dict[str, Any]) -> dict[str, Any]:
    spec = item["spec"]["jobTemplate"]["spec"] if item["kind"] == "CronJob" else item["spec"]
    template: dict[str, Any] = spec["template"]
    return template


def test_the_image_gets_this_release_and_keeps_the_versions_of_the_service(rendered: Rendered) -> None:
    installed = f"pip install --constraint /tmp/versions.txt credentials-accredible=={__version__}\n"

    assert installed in rendered.text(DOCKERFILE)


def test_the_image_can_get_the_package_from_elsewhere(changed: Rendered) -> None:
    assert f"/tmp/versions.txt {CHANGED['ACCREDIBLE_PIP_REQUIREMENT']}\n" in changed.text(DOCKERFILE)


@pytest.mark.parametrize("path", [CREDENTIALS, DEVELOPMENT])
def test_the_settings_of_the_service_are_ones_that_its_checks_accept(rendered: Rendered, path: str) -> None:
    found = rendered.settings(path, CREDENTIALS_ACCREDIBLE={"SNAPSHOT_DAYS": 30})
    written = found["CREDENTIALS_ACCREDIBLE"]

    with override_settings(CREDENTIALS_ACCREDIBLE=written):
        assert check_settings() == []
        assert conf.broker_url() == "redis://redis:6379/8"
    assert written["SNAPSHOT_DAYS"] == 30
    assert found["EVENT_BUS_REDIS_CONNECTION_URL"] == "redis://redis:6379/"


def test_settings_of_the_operator_win(changed: Rendered) -> None:
    written = changed.settings(CREDENTIALS, EVENT_BUS_PRODUCER_CONFIG={})["CREDENTIALS_ACCREDIBLE"]

    assert (written["DELIVERY"], written["RUN_DAYS"], written["REDIS_URL"]) == ("manual", None, "")
    assert written["EVENT_SPOOL"] == SPOOL


@pytest.mark.parametrize("kind", ["rendered", "changed"])
def test_the_lms_sends_what_the_service_listens_for(kind: str, request: pytest.FixtureRequest) -> None:
    files = request.getfixturevalue(kind)
    derived = {PASSING: {"learning-badges-lifecycle": {"event_key_field": "", "enabled": False}}}
    lms = files.settings(LMS, FEATURES={}, EVENT_BUS_PRODUCER_CONFIG=derived)
    service = files.settings(CREDENTIALS, EVENT_BUS_PRODUCER_CONFIG={})
    topic = consumes(files.compose()["accredible-consumer"]["command"])["topic"]

    assert lms["FEATURES"] == {"BADGES_ENABLED": True}
    topics = {event: topics.get(topic, {}) for event, topics in lms["EVENT_BUS_PRODUCER_CONFIG"].items()}
    sent = {event for event, how in topics.items() if how.get("enabled") and how["event_key_field"]}
    assert sent == set(service["CREDENTIALS_ACCREDIBLE"]["EVENTS"])
    for name in ("EVENT_BUS_REDIS_CONNECTION_URL", "EVENT_BUS_TOPIC_PREFIX"):
        assert lms[name] == service[name]


def test_the_lms_sends_what_the_plugin_listens_for_by_default(rendered: Rendered) -> None:
    assert rendered.settings(CREDENTIALS)["CREDENTIALS_ACCREDIBLE"]["EVENTS"] == list(DEFAULT_EVENTS)


def test_signals_of_badges_reach_the_bus_where_that_is_wanted(rendered: Rendered, changed: Rendered) -> None:
    found = changed.settings(CREDENTIALS, EVENT_BUS_PRODUCER_CONFIG={})

    assert found["EVENT_BUS_PRODUCER_CONFIG"][AWARDED] == {"badges": {"event_key_field": "badge.uuid", "enabled": True}}
    assert "EVENT_BUS_PRODUCER" in found
    assert "EVENT_BUS_PRODUCER" not in rendered.settings(CREDENTIALS)


def test_a_redis_elsewhere_is_used_for_everything(changed: Rendered) -> None:
    service = changed.settings(CREDENTIALS, EVENT_BUS_PRODUCER_CONFIG={})

    address = "redis://edx:a%2Fb%40c@redis.example.com:6379"
    assert service["EVENT_BUS_REDIS_CONNECTION_URL"] == f"{address}/"
    assert service["CREDENTIALS_ACCREDIBLE"]["BROKER_URL"] == f"{address}/4"


class TestOnOneMachine:
    def test_a_consumer_reads_what_was_sent_while_it_was_away(self, rendered: Rendered) -> None:
        consumer = rendered.compose()["accredible-consumer"]

        assert consumes(consumer["command"])["extra"] == {"consumer_name": "accredible", "check_backlog": True}
        assert consumer["restart"] == "unless-stopped"

    def test_events_that_wait_on_disk_outlive_the_container(self, rendered: Rendered) -> None:
        services = rendered.compose()

        assert f"../../data/accredible:{SPOOL}" in services["accredible-consumer"]["volumes"]
        assert "../../data/accredible:/mounts/accredible:z" in services["permissions"]["volumes"]
        assert "setowner 1000 /mounts/accredible" in rendered.text("apps/permissions/setowners.sh")

    def test_one_worker_has_the_beat(self, rendered: Rendered) -> None:
        beats = [name for name, each in rendered.compose().items() if "--beat" in str(each.get("command"))]

        assert beats == ["accredible-worker"]

    @pytest.mark.parametrize("kind", ["rendered", "changed"])
    def test_services_depend_on_services_that_exist(self, kind: str, request: pytest.FixtureRequest) -> None:
        services = request.getfixturevalue(kind).compose()

        for name in ("accredible-consumer", "accredible-worker"):
            assert set(services[name]["depends_on"]) <= services.keys()
            assert services[name]["image"] == services["credentials"]["image"]
            assert set(services["credentials"]["volumes"]) <= set(services[name]["volumes"])


class TestOnKubernetes:
    @staticmethod
    def ours(rendered: Rendered) -> Iterator[dict[str, Any]]:
        for (kind, name), item in rendered.kubernetes().items():
            if name.startswith("accredible") and kind != "PersistentVolumeClaim":
                yield item

    def test_there_are_a_consumer_a_worker_and_two_cron_jobs(self, rendered: Rendered) -> None:
        found = {item["metadata"]["name"]: pod_of(item)["spec"]["containers"][0] for item in self.ours(rendered)}

        assert consumes(found["accredible-consumer"]["args"])["extra"]["check_backlog"] is True
        assert "--beat" not in found["accredible-worker"]["args"]
        assert found["accredible-deliver"]["args"] == ["./manage.py", "accredible_deliver"]
        assert found["accredible-sync"]["args"] == ["./manage.py", "accredible_sync", "--due"]
        assert len(found) == 4

    def test_each_runs_with_the_image_and_the_settings_of_the_service(self, rendered: Rendered) -> None:
        service = pod_of(rendered.kubernetes()["Deployment", "credentials"])["spec"]

        for item in self.ours(rendered):
            pod = pod_of(item)["spec"]
            (container,) = pod["containers"]
            assert container["image"] == service["containers"][0]["image"]
            assert container["env"] == service["containers"][0]["env"]
            assert service["containers"][0]["volumeMounts"][0] in container["volumeMounts"]
            assert service["volumes"][0] in pod["volumes"]
            assert {mount["name"] for mount in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}

    def test_deployments_find_their_pods(self, rendered: Rendered) -> None:
        for item in self.ours(rendered):
            if item["kind"] == "Deployment":
                assert item["spec"]["selector"]["matchLabels"] == pod_of(item)["metadata"]["labels"]

    def test_events_that_wait_on_disk_outlive_the_pod(self, rendered: Rendered) -> None:
        objects = rendered.kubernetes()
        pod = pod_of(objects["Deployment", "accredible-consumer"])["spec"]
        claims = [each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"] if each["name"] == "spool"]

        assert [("PersistentVolumeClaim", name) in objects for name in claims] == [True]
        assert {"mountPath": SPOOL, "name": "spool"} in pod["containers"][0]["volumeMounts"]
