"""Whatever groups an account has, and has later, a sync makes the configuration's groups those of the account."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient, Group
from credentials_accredible.client.groups import DesignBatch
from credentials_accredible.models import AccredibleAPIConfig
from tests import factories
from tests.examples import examples

# Any text that Accredible can send: escaped in JSON, even halves of surrogate pairs and control characters can come.
TEXTS = st.text(max_size=20) | st.just("🏅" * 300) | st.just("<script>alert(1)</script>")
GROUPS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 12)},
        optional={
            "name": TEXTS | st.none(),
            "course_name": TEXTS | st.none(),
            "course_description": TEXTS | st.none(),
            "badge_design_id": st.none() | st.integers(1, 3),
            "updated_at": st.sampled_from(["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", None, "soon"]),
        },
    ),
    unique_by=lambda group: group["id"],
    max_size=8,
)


def parsed(groups: list[dict[str, Any]]) -> list[Group]:
    """The groups as the client hands them over."""
    return [Group.model_validate(group) for group in groups]


def sync(config: AccredibleAPIConfig, groups: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> api.Outcome:
    """A sync of an account that has these groups."""
    monkeypatch.setattr(AccredibleClient, "groups", lambda self, progress=None: parsed(groups))
    monkeypatch.setattr(AccredibleClient, "find_groups", lambda self, ids, progress=None: [])
    monkeypatch.setattr(
        AccredibleClient, "designs", lambda self, ids, progress=None: DesignBatch({}, dict.fromkeys(ids, "not read"))
    )
    return api.sync(config, consent=api.Consent(force=True))


@pytest.mark.django_db
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=GROUPS, after=GROUPS, configured=st.sets(st.integers(1, 12)))
def test_after_a_sync_the_groups_are_those_of_the_account(
    monkeypatch: pytest.MonkeyPatch,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    configured: set[int],
) -> None:
    config = factories.make_config()
    neighbour = factories.make_config()
    kept = factories.configure(factories.make_group(neighbour))
    sync(config, before, monkeypatch)
    for group in config.groups.filter(accredible_id__in=configured):
        factories.configure(group)
    stays = {group["id"] for group in before} & {group["id"] for group in after}
    ids = dict(config.groups.values_list("accredible_id", "pk"))
    old = {state["pk"]: state for state in factories.configuration_of(config)}

    outcome = sync(config, after, monkeypatch)

    assert outcome.succeeded, outcome.error
    new = {state["pk"]: state for state in factories.configuration_of(config)}
    assert {ids[accredible_id]: old[ids[accredible_id]] for accredible_id in stays} == {
        ids[accredible_id]: new[ids[accredible_id]] for accredible_id in stays
    }
    assert {
        (group.accredible_id, group.name, group.internal_name, group.description, group.design_id)
        for group in config.groups.all()
    } == {
        (group.accredible_id, group.name, group.internal_name, group.description, group.design_id)
        for group in parsed(after)
    }
    assert not config.groups.exclude(accredible_id__in=configured).filter(is_active=True).exists()
    assert factories.configuration_of(neighbour)[0]["pk"] == kept.pk
    kept.api_config.delete()
    config.delete()
