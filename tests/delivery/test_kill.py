"""Senders that are killed, and senders at the same moment, neither lose nor double a badge."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.host import Host, sqlite_host

NUMBER = 100
KILLS = 12

_AWARD = (
    "from credentials_accredible.models import *; from django.contrib.auth import get_user_model as users;"
    "config = AccredibleAPIConfig.objects.get();"
    "group = AccredibleGroup.objects.create(api_config=config, accredible_id={group}, name='Badge');"
    "[AccredibleBadge.objects.create(user=users().objects.create(username=f'u{{n}}', email=f'u{{n}}@example.com'),"
    " group=group, api_config=config, accredible_group_id={group}, group_name='Badge') for n in range({number})]"
)
_BADGES = "credentials_accredible_accrediblebadge"
_CONFIGS = "credentials_accredible_accredibleapiconfig"


@pytest.fixture
def host(emulator: Emulator, account: Any, tmp_path: Path) -> Host:
    """A host with badges that are due."""
    group = account.add_group(name="badge", course_name="Badge")["id"]
    host = sqlite_host(tmp_path, emulator.url)
    host.set_up()
    host.manage("shell", "-c", _AWARD.format(group=group, number=NUMBER))
    return host


def test_senders_killed_at_random_moments_leave_every_badge_with_one_credential(
    emulator: Emulator, account: Any, host: Host
) -> None:
    emulator.fault("slow", seconds=0.3, path="/v2/credentials/bulk_create", times=None)
    chance = random.Random(20)
    for _ in range(KILLS):
        sender = host.start("manage.py", "accredible_deliver", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Starting takes most of the first second.
        time.sleep(chance.uniform(0.8, 1.6))
        sender.kill()
        sender.communicate(timeout=10)
        _let_leases_end(host)
    for _ in range(10):
        host.run("manage.py", "accredible_deliver")
        _let_leases_end(host)

    _assert_each_once(account, host)


@pytest.mark.parametrize("senders", [2, 4])
def test_senders_at_the_same_moment_share_the_work(emulator: Emulator, account: Any, host: Host, senders: int) -> None:
    emulator.fault("slow", seconds=0.2, path="/v2/credentials/bulk_create", times=None)

    running = [host.start("manage.py", "accredible_deliver") for _ in range(senders)]
    printed = [sender.communicate(timeout=60) for sender in running]

    assert [sender.returncode for sender in running] == [0] * senders, printed
    _assert_each_once(account, host)
    assert len([request for request in emulator.requests if request.path.endswith("bulk_create")]) <= NUMBER / 30 + 1


def _let_leases_end(host: Host) -> None:
    with host.connect() as database:
        database.execute(f"UPDATE {_CONFIGS} SET held_until = NULL")
        database.execute(
            f"UPDATE {_BADGES} SET next_attempt_at = '2020-01-01 00:00:00' WHERE next_attempt_at IS NOT NULL"
        )
    database.close()


def _assert_each_once(account: Any, host: Host) -> None:
    assert host.rows(f"SELECT state, claim, COUNT(*) FROM {_BADGES} GROUP BY state, claim") == [
        ("accepted", "", NUMBER)
    ]
    uuids = sorted(str(uuid).replace("-", "") for (uuid,) in host.rows(f"SELECT uuid FROM {_BADGES}"))
    made = sorted(str(item.license_id).replace("-", "") for item in account.credential_by_id.values())
    assert made == uuids
