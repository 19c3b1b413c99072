"""An account of 50,000 groups on MariaDB, whose provider answers at once: four syncs, and what others wait for them."""

from __future__ import annotations

from collections.abc import Iterator

from bench.account import new_config, reaching, synced
from bench.events import COURSE
from bench.measuring import forget_peak, peak_mb, seconds
from bench.others import others
from bench.provider import Provider
from bench.rows import Row
from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, DataRule
from tests.factories import make_requirement

GROUPS, DESIGNS, MOST_MB, LONGEST_WAIT = 50_000, 20, 250, 1.0
# Each with what happens at Accredible before it, and the seconds it may take.
SYNCS = (
    ("first sync", None, 7),
    ("nothing changed", None, 2),
    ("all renamed", "rename_all", 10),
    ("all but one removed", "remove_all_but_one", 20),
)
# Anywhere else than among those of the account.
_ELSEWHERE = 10**9


def rows() -> Iterator[Row]:
    """First, again, with all groups renamed, and with all but one removed; then the same while others are busy."""
    work = f"{GROUPS:,} groups on MariaDB: "
    with Provider() as provider, reaching(provider, FETCH_CONCURRENCY=4):
        provider.ask("fill", GROUPS, DESIGNS)
        config = new_config()
        peaks = []
        for what, change, most in SYNCS:
            if change:
                provider.ask(change)
            forget_peak()
            took = seconds(lambda: synced(config, force=True))
            peaks.append(peak_mb())
            yield Row.at_most(work + what, most, took, "s", peak_mb=peaks[-1])
        yield Row.at_most(work + "most memory", MOST_MB, max(peaks), "MB")
        waits = _waits(provider)
        yield Row.at_most(work + "longest wait of others", LONGEST_WAIT, max(waits.values()), "s", **waits)


def _waits(provider: Provider) -> dict[str, float]:
    """The longest time of each thing that others do, by the sync that ran meanwhile."""
    provider.ask("fill", 1, DESIGNS)
    config = new_config()
    synced(config)
    [here] = AccredibleGroup.objects.all()
    other = AccredibleAPIConfig.objects.create(name="Other", environment="emulator", api_key="other")
    elsewhere = AccredibleGroup.objects.create(api_config=other, accredible_id=_ELSEWHERE, name="Elsewhere")
    for group in (here, elsewhere):
        requirement = make_requirement(group)
        DataRule.objects.create(requirement=requirement, data_path="course.course_key", value=COURSE.format(group.pk))
        api.activate_group(group)
    provider.ask("add_groups", GROUPS - 1)
    waits = {}
    with others(here.pk, elsewhere.pk) as longest:
        for what, change, _most in SYNCS:
            if change:
                provider.ask(change)
            longest()
            synced(config, force=True)
            waits |= {f"{what}: {kind}": waited for kind, waited in longest().items()}
    return waits
