"""The wheel, installed into hosts with the oldest and with the newest supported Django."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.packaging.conftest import PACKAGE, Host

pytestmark = pytest.mark.packaging


def test_the_plugin_is_the_installed_one(host: Host, findings: dict[str, Any]) -> None:
    assert findings["package"].startswith(f"{host.directory}/venv/")


def test_the_host_loads_it_as_a_plugin(findings: dict[str, Any]) -> None:
    assert f"{PACKAGE}.apps.CredentialsAccredibleConfig" in findings["plugins"]


def test_system_checks_have_nothing_to_say(host: Host) -> None:
    assert "no issues" in host.manage("check", "--fail-level", "WARNING")


def test_no_migration_is_missing(host: Host) -> None:
    assert "No changes detected" in host.manage("makemigrations", "--check", "--dry-run")


def test_the_admin_lists_its_models(findings: dict[str, Any]) -> None:
    assert findings["index"]["status"] == 200
    listed = [name for name in findings["models"] if f"/admin/{PACKAGE}/{name.lower()}/" in findings["index"]["text"]]
    assert {"AccredibleAPIConfig", "AccredibleGroup", "BadgeRequirement", "BadgePenalty", "SyncRun"} <= set(listed)


def test_the_page_of_configurations_opens(findings: dict[str, Any]) -> None:
    assert findings["configurations"]["status"] == 200


def test_the_documented_address_leads_to_it(findings: dict[str, Any]) -> None:
    assert findings["documented"]["status"] == 200
    assert findings["documented"]["led_to"] == f"/admin/{PACKAGE}/accredibleapiconfig/"


def test_the_rest_api_answers_and_is_described(findings: dict[str, Any]) -> None:
    assert json.loads(findings["rest_api"]["text"])["results"] == []
    assert "/configs/{id}/sync/" in json.loads(findings["api_docs"]["text"])["paths"]


def test_its_templates_load_and_its_static_files_are_found(findings: dict[str, Any]) -> None:
    assert findings["templates"]
    assert findings["static"]
    assert findings["static_found"] == findings["static"]


def test_its_commands_run(host: Host) -> None:
    assert json.loads(host.manage("accredible_sync", "--format", "json", "--no-progress")) == []
