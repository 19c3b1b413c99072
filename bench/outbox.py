"""What senders and monitoring take with 500,000 badges in the table: a claim, a sweep, and the status.

One in a hundred is due, and one waits; one in two hundred was refused because of the learner's record, which each sweep
looks at again. The others were delivered in the course of a year.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from django.db import connection

from bench.measuring import median_ms, queries
from bench.rows import Row
from credentials_accredible import api
from credentials_accredible.delivery.claims import claim
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from credentials_accredible.models.badge_facts import recipient_fingerprint
from demo.core.models import User

LEARNERS, GROUPS, CONFIGS = 1_000, 500, 5
BADGES = LEARNERS * GROUPS
CLAIM_MS, SWEEP_MS, STATUS_MS = 6, 100, 200

# One row for each learner and group, or one of so many. ``n`` says what became of the badge, and differs in (nearly)
# each row.
_FILL = """
INSERT INTO credentials_accredible_accrediblebadge
    (created, modified, uuid, user_id, group_id, api_config_id, environment, accredible_group_id, group_name, status,
     state, external_id, url, attempts, failures, due_since, next_attempt_at, claim, delivered_at, problem, last_error,
     custom_attributes, refused_recipient, at_accredible, issued_on)
SELECT made, made, REPLACE(UUID(), '-', ''), user, grp, config, 'us', number, name, 'awarded',
       CASE WHEN n % 100 = 0 THEN 'created' WHEN n % 100 = 1 THEN 'unpublished' WHEN n % 200 = 2 THEN 'error'
            ELSE 'accepted' END,
       CASE WHEN n % 100 IN (0, 2) THEN '' ELSE n END,
       CASE WHEN n % 100 IN (0, 2) THEN '' ELSE CONCAT('https://www.credential.net/', n) END,
       1, 0,
       CASE WHEN n % 100 IN (0, 1) THEN made END,
       CASE WHEN n % 100 = 0 THEN made WHEN n % 100 = 1 THEN UTC_TIMESTAMP(6) + INTERVAL n % 86400 + 60 SECOND END,
       '',
       CASE WHEN n % 100 NOT IN (0, 2) THEN made END,
       CASE WHEN n % 200 = 2 THEN 'recipient' ELSE '' END,
       '', '{{}}', '', '', made
FROM (SELECT u.id AS user, g.id AS grp, g.api_config_id AS config, g.accredible_id AS number, g.name AS name,
             (u.id * 7919 + g.id * 104729) % 1000003 AS n,
             UTC_TIMESTAMP(6) - INTERVAL (u.id * 7919 + g.id * 104729) % 31536000 SECOND AS made
      FROM {users} u JOIN credentials_accredible_accrediblegroup g WHERE (u.id + g.id) % {share} = 0) AS numbered
"""


def rows() -> Iterator[Row]:
    """Measure with a filled table."""
    fill(LEARNERS, GROUPS)
    configs = list(AccredibleAPIConfig.objects.all())
    turn = count()

    def claim_some() -> None:
        claim(configs[next(turn) % CONFIGS].pk, 30)

    def sweep() -> None:
        for config in configs:
            api.deliver(config, go_on=lambda: False)

    work = f"{BADGES:,} badges: "
    yield Row.at_most(work + "claim of 30", CLAIM_MS, median_ms(claim_some, 50), "ms", queries=queries(claim_some))
    yield Row.at_most(work + "sweep", SWEEP_MS, median_ms(sweep, 9), "ms", queries=queries(sweep))
    yield Row.at_most(
        work + "status", STATUS_MS, median_ms(api.delivery_status, 9), "ms", queries=queries(api.delivery_status)
    )


def fill(learners: int, groups: int, *, share: int = 1) -> None:
    """So many of each, in a few configurations, and a badge for one in ``share`` of their pairs."""
    User.objects.bulk_create([User(username=f"learner-{n}", email=f"{n}@example.com") for n in range(learners)])
    configs = [
        AccredibleAPIConfig.objects.create(name=f"Account {n}", environment="us", api_key=f"key-{n}")
        for n in range(CONFIGS)
    ]
    AccredibleGroup.objects.bulk_create(
        AccredibleGroup(api_config=configs[n % CONFIGS], accredible_id=n + 1, name=f"Group {n}") for n in range(groups)
    )
    with connection.cursor() as cursor:
        cursor.execute(_FILL.format(users=User._meta.db_table, share=share))
        cursor.execute(f"ANALYZE TABLE {AccredibleBadge._meta.db_table}")
    # Refused as their records are now: nothing was corrected.
    refused = list(AccredibleBadge.objects.filter(problem="recipient").select_related("user"))
    for badge in refused:
        badge.refused_recipient = recipient_fingerprint(badge.user)
    AccredibleBadge.objects.bulk_update(refused, ["refused_recipient"], batch_size=500)
