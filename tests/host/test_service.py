"""The plugin in the real Credentials service, whatever its release: run these with the service's own Python."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.storage import StaticFilesStorage, staticfiles_storage
from django.core.checks import run_checks
from django.core.management import call_command, get_commands
from django.test import Client
from django.urls import reverse
from openedx_events.event_bus.avro.serializer import AvroSignalSerializer
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from credentials_accredible import api, host
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, BadgeRequirement
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, badges_of, course_status, learner, minutes
from tests.factories import PASSING, make_config, make_group

if not apps.is_installed("credentials.apps.core"):
    pytest.skip("the Credentials service is not here; see “make test-host”", allow_module_level=True)

pytestmark = [
    pytest.mark.django_db,
    # What the service and its libraries warn of is not ours to mend.
    pytest.mark.filterwarnings("default"),
]

OURS = "/admin/credentials_accredible/"
LABEL = "credentials_accredible"
OF_ACCREDIBLE = ["accredibleapiconfig", "accrediblegroup", "accrediblebadge"]
OF_ALL_PROVIDERS = ["badgerequirement", "badgepenalty", "badgeprogress"]

SERVED = {model._meta.model_name for model in site._registry if model._meta.app_label == "badges"}
HAS_BUILTIN = any(model.__name__ == "AccredibleGroup" for model in apps.get_app_config("badges").get_models())


def builtin(name: str) -> Any:
    """A model of the service's own badges."""
    return apps.get_model("badges", name)


@pytest.fixture(autouse=True)
def _what_every_page_asks_for(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # No files have been collected for tests.
    monkeypatch.setattr(staticfiles_storage, "_wrapped", StaticFilesStorage())
    owner: Any = apps.get_model("sites", "Site").objects.get_or_create(pk=settings.SITE_ID)[0]
    apps.get_model("core", "SiteConfiguration").objects.get_or_create(site=owner)


@pytest.fixture
def staff() -> Client:
    """Somebody who may do everything."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.com", "secret"))
    return client


@pytest.fixture
def get(staff: Client) -> Callable[[str], Any]:
    """Opens a page, wherever it leads."""

    def open_page(path: str) -> Any:
        return staff.get(path, follow=True, secure=True)

    return open_page


def test_it_was_found_through_its_entry_point() -> None:
    assert settings.INSTALLED_APPS[-1].startswith(LABEL) or LABEL in "".join(settings.INSTALLED_APPS)
    assert settings.CREDENTIALS_ACCREDIBLE is not None


def test_it_needs_no_migration_and_no_correction_of_settings(settings: Any) -> None:
    call_command("makemigrations", LABEL, check=True, dry_run=True, verbosity=0)
    # Its default is a Redis of the development stack, and these events do not go out.
    settings.EVENT_BUS_REDIS_CONNECTION_URL = "redis://redis.example.com:6379/"
    enabled = {"topic": {"event_key_field": "badge.uuid", "enabled": True}}
    settings.EVENT_BUS_PRODUCER_CONFIG = {signal.event_type: enabled for signal in (BADGE_AWARDED, BADGE_REVOKED)}
    messages = run_checks(databases=["default"])
    assert [message for message in messages if str(message.id).startswith(LABEL)] == []


def test_no_command_of_the_service_hides_one_of_the_plugin() -> None:
    ours = [name for name in get_commands() if name.startswith("accredible_")]
    assert len(ours) >= 8
    assert {get_commands()[name] for name in ours} == {LABEL}


@pytest.mark.parametrize("name", OF_ACCREDIBLE)
def test_the_documented_address_is_the_plugins(get: Callable[[str], Any], name: str) -> None:
    page = get(f"/admin/badges/{name}/")
    assert page.status_code == 200
    assert page.request["PATH_INFO"] == f"{OURS}{name}/"


@pytest.mark.parametrize("name", OF_ALL_PROVIDERS)
def test_pages_for_all_providers_are_the_services_where_it_has_them(get: Callable[[str], Any], name: str) -> None:
    address = f"/admin/badges/{name}/"
    page, ours = get(address), get(f"{OURS}{name}/")
    assert page.status_code == ours.status_code == 200
    assert page.request["PATH_INFO"] == (address if name in SERVED else f"{OURS}{name}/")
    assert (f"{address}</a>" in ours.content.decode()) == (name in SERVED)


@pytest.mark.skipif(not HAS_BUILTIN, reason="this release has no built-in Accredible integration")
def test_data_of_the_built_in_keeps_its_pages(get: Callable[[str], Any]) -> None:
    config = builtin("AccredibleAPIConfig").objects.create(name="Main", api_key="builtin-key-0001")
    builtin("AccredibleGroup").objects.create(
        id=7, name="Diver", api_config=config, is_active=True, site_id=settings.SITE_ID
    )
    served = {"accredibleapiconfig", "accrediblegroup"} <= SERVED
    for address in [
        "accredibleapiconfig/",
        "accredibleapiconfig/add/",
        f"accredibleapiconfig/{config.pk}/change/",
        f"accredibleapiconfig/{config.pk}/delete/",
        f"accredibleapiconfig/{config.pk}/history/",
        "accrediblegroup/",
        "accrediblegroup/7/change/",
        "accrediblebadge/",
    ]:
        page = get(f"/admin/badges/{address}")
        if served:
            assert page.request["PATH_INFO"] == f"/admin/badges/{address}"
            assert page.status_code == 200, address
            assert "accredible_adopt_builtin" in page.content.decode(), address
    assert "accredible_adopt_builtin" in get(f"{OURS}accredibleapiconfig/").content.decode()
    found = [message.id for message in run_checks(databases=["default"])]
    assert f"{LABEL}.W007" in found


@pytest.mark.skipif(not HAS_BUILTIN, reason="this release has no built-in Accredible integration")
def test_data_of_the_built_in_is_taken_over_and_given_back(get: Callable[[str], Any]) -> None:
    get_user_model().objects.create_user("ada", "ada@example.com")
    config = builtin("AccredibleAPIConfig").objects.create(name="Main", api_key="builtin-key-0001")
    groups = builtin("AccredibleGroup").objects
    groups.create(id=7, name="Diver", api_config=config, is_active=True, site_id=settings.SITE_ID)
    group = groups.get()
    requirement = group.requirements.create(event_type=PASSING, blend="A")
    requirement.rules.create(data_path="is_passing", operator="eq", value="True")
    penalty = builtin("BadgePenalty").objects.create(template=group, event_type=PASSING)
    penalty.requirements.add(requirement)
    progress = builtin("BadgeProgress").objects.create(username="ada", template=group)
    builtin("Fulfillment").objects.create(progress=progress, requirement=requirement, blend="A")
    builtin("AccredibleBadge").objects.create(username="ada", credential=group, state="accepted", external_id=9001)

    call_command("accredible_adopt_builtin", stdout=StringIO())

    badge = AccredibleBadge.objects.get()
    assert (badge.state, badge.external_id, badge.user.username) == ("accepted", "9001", "ada")
    assert badge.group.is_active
    assert badge.group.progresses.get().completed
    assert not groups.get().is_active
    assert get("/admin/badges/accredibleapiconfig/").request["PATH_INFO"] == f"{OURS}accredibleapiconfig/"

    call_command("accredible_adopt_builtin", "--undo", stdout=StringIO())

    assert groups.get().is_active
    assert not AccredibleGroup.objects.exists()
    assert not AccredibleBadge.objects.exists()


def test_all_its_pages_open(get: Callable[[str], Any]) -> None:
    group = active_group()
    require(group, *in_course(DEMO, PASSES))
    course_status("ada", DEMO)
    opened = 0
    for model, page in site._registry.items():
        if model._meta.app_label != LABEL:
            continue
        name = f"admin:{LABEL}_{model._meta.model_name}"
        changes = [reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()]
        for address in [reverse(f"{name}_changelist"), *changes]:
            assert get(address).status_code == 200, (address, page)
            opened += 1
    assert opened > 10
    for name in ["award", "delivery"]:
        assert get(reverse(f"admin:{LABEL}_accrediblebadge_{name}")).status_code == 200
    assert get("/admin/").status_code == 200


def test_the_first_page_of_the_admin_leads_to_the_overview(get: Callable[[str], Any]) -> None:
    assert f'href="{OURS}overview/"' in get("/admin/").content.decode()
    page = get(f"{OURS}overview/")
    assert page.status_code == 200
    assert "What needs a person" in page.content.decode()


def test_a_key_is_entered_on_the_documented_page_and_groups_come(staff: Client, account: Any) -> None:
    account.add_group(name="diver", course_name="Diver")
    form = {"name": "Main", "environment": "emulator", "new_api_key": "main-key-0001", "sync_interval": ""}
    address = staff.get("/admin/badges/accredibleapiconfig/add/", secure=True)["Location"]
    response = staff.post(address, form, follow=True, secure=True)
    assert response.status_code == 200, response.content
    config = AccredibleAPIConfig.objects.get()
    assert config.issuer_name
    assert b"main-key-0001" not in response.content

    action = {"action": "sync_groups", "_selected_action": config.pk}
    response = staff.post(f"{OURS}accredibleapiconfig/", action, follow=True, secure=True)
    assert response.status_code == 200
    assert AccredibleGroup.objects.get().name == "Diver"


def test_a_learner_of_an_event_is_a_user_of_the_service() -> None:
    found = host.get_or_create_learner(learner("ada", name="Ada Lovelace"))
    assert found == get_user_model().objects.get(username="ada")
    assert found.full_name == host.full_name(found) == "Ada Lovelace"
    assert found.lms_user_id == learner("ada").id
    assert host.get_or_create_learner(learner("ada")) == found


def test_from_an_event_to_a_credential_and_back(account: Any) -> None:
    remote = account.add_group(name="diver", course_name="Diver")
    group = active_group("Diver", accredible_id=remote["id"])
    requirement = require(group, *in_course(DEMO, PASSES))
    penalise(group, *in_course(DEMO, FAILS), takes=[requirement])

    course_status("ada", DEMO)
    assert badges_of("ada") == [("Diver", "awarded")]
    api.deliver(group.api_config)
    [credential] = account.credentials()
    assert credential["recipient_name"] == "Ada"
    assert AccredibleBadge.objects.get().state == "accepted"

    course_status("ada", DEMO, is_passing=False, at=minutes(5))
    assert badges_of("ada") == [("Diver", "revoked")]
    api.deliver(group.api_config)
    assert AccredibleBadge.objects.get().state == "expired"


def test_what_is_announced_can_be_carried_by_the_event_bus(django_capture_on_commit_callbacks: Any) -> None:
    announced: list[tuple[Any, Any]] = []

    def take(signal: Any, badge: Any, **_others: Any) -> None:
        announced.append((signal, badge))

    group = active_group("Diver")
    requirement = require(group, *in_course(DEMO, PASSES))
    penalise(group, *in_course(DEMO, FAILS), takes=[requirement])
    BADGE_AWARDED.connect(take)
    BADGE_REVOKED.connect(take)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            course_status("ada", DEMO)
        with django_capture_on_commit_callbacks(execute=True):
            course_status("ada", DEMO, is_passing=False, at=minutes(5))
    finally:
        BADGE_AWARDED.disconnect(take)
        BADGE_REVOKED.disconnect(take)

    assert [signal for signal, _badge in announced] == [BADGE_AWARDED, BADGE_REVOKED]
    for signal, badge in announced:
        assert AvroSignalSerializer(signal).to_dict({"badge": badge})


def test_a_learner_who_is_renamed_keeps_the_badge() -> None:
    require(active_group("Diver"), *in_course(DEMO, PASSES))
    course_status("ada", DEMO)
    # As the service does it: with one statement, and so without signals.
    get_user_model().objects.filter(username="ada").update(username="countess")
    assert badges_of("countess") == [("Diver", "awarded")]


def test_the_rest_api_answers_with_the_services_means(staff: Client, get: Callable[[str], Any]) -> None:
    make_group(make_config("Main"))
    answer = get("/accredible/api/v1/configs/")
    assert answer.status_code == 200
    assert answer.json()["count"] == 1
    assert Client().get("/accredible/api/v1/configs/", secure=True).status_code in {401, 403}
    assert "/accredible/api/v1/configs/" in get("/api-docs/?format=openapi").content.decode()


def test_rows_of_the_plugin_have_its_own_keys_and_names() -> None:
    """The service sets another kind of key, and has models of the same names."""
    assert AccredibleGroup._meta.pk.get_internal_type() == "BigAutoField"
    assert BadgeRequirement._meta.db_table == f"{LABEL}_badgerequirement"
    assert get_user_model()._meta.label == "core.User"
