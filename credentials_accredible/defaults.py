"""Every setting of the plugin: its name, its default, what it means; ``conf`` reads them."""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, Any] = {
    # .. setting_name: CREDENTIALS_ACCREDIBLE['ENVIRONMENTS']
    # .. setting_default: {}
    # .. setting_description: Accredible environments beside the built-in ``us``, ``eu`` and ``sandbox``, or instead
    #    of one of these: key -> {"name", "api_url", "dashboard_url"}. https only, http for loopback addresses.
    "ENVIRONMENTS": {},
    # .. setting_name: CREDENTIALS_ACCREDIBLE['ENCRYPTION_KEYS']
    # .. setting_default: None
    # .. setting_description: Secrets that encrypt the stored API keys: the first one encrypts, all of them decrypt.
    #    None: ``SECRET_KEY``, then ``SECRET_KEY_FALLBACKS``.
    "ENCRYPTION_KEYS": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['EVENTS']
    # .. setting_default: None
    # .. setting_description: The Open edX event types that requirements and penalties can be made for. None: the
    #    host's ``BADGES_CONFIG["events"]``, else the passing status of courses and of CCX courses.
    "EVENTS": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['IGNORED_KEYPATHS']
    # .. setting_default: ["user.id", "user.is_active", "pii.username", "pii.email", "pii.name"]
    # .. setting_description: Paths of event payloads that are not offered for data rules; a path ends where
    #    one of these ends, so that these match wherever in a payload the learner stands.
    "IGNORED_KEYPATHS": ["user.id", "user.is_active", "pii.username", "pii.email", "pii.name"],
    # .. setting_name: CREDENTIALS_ACCREDIBLE['REQUEST_TIMEOUT']
    # .. setting_default: [5, 30]
    # .. setting_description: Seconds to wait for a connection, and for a reply to arrive whole.
    "REQUEST_TIMEOUT": (5, 30),
    # .. setting_name: CREDENTIALS_ACCREDIBLE['REQUEST_ATTEMPTS']
    # .. setting_default: 4
    # .. setting_description: How often a request that only reads is tried before it counts as failed.
    "REQUEST_ATTEMPTS": 4,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['RETRY_MAX_WAIT']
    # .. setting_default: 30
    # .. setting_description: The longest wait between two tries, in seconds, whatever ``Retry-After`` asks for.
    "RETRY_MAX_WAIT": 30,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['MAX_REPLY_BYTES']
    # .. setting_default: 20971520
    # .. setting_description: The largest reply that is read, decompressed, in bytes. All groups together may take ten
    #    times as much.
    "MAX_REPLY_BYTES": 20 * 1024 * 1024,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['PAGE_SIZE']
    # .. setting_default: 100
    # .. setting_description: Groups asked for per page.
    "PAGE_SIZE": 100,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['FETCH_CONCURRENCY']
    # .. setting_default: 4
    # .. setting_description: How many requests of one synchronisation are under way at once.
    "FETCH_CONCURRENCY": 4,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['RATE_LIMIT']
    # .. setting_default: [200, 30]
    # .. setting_description: Requests, and the seconds they may be sent in, for each API address. See ``REDIS_URL``.
    "RATE_LIMIT": (200, 30),
    # .. setting_name: CREDENTIALS_ACCREDIBLE['REDIS_URL']
    # .. setting_default: None
    # .. setting_description: A Redis that lets all processes and machines keep ``RATE_LIMIT`` together. None: each
    #    process keeps its share of it, see ``RATE_LIMIT_SHARES``.
    "REDIS_URL": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['RATE_LIMIT_SHARES']
    # .. setting_default: 1
    # .. setting_description: Among how many processes ``RATE_LIMIT`` is divided where there is no ``REDIS_URL``, and
    #    while that Redis is out of reach. At most as many as requests.
    "RATE_LIMIT_SHARES": 1,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['MAX_REMOVAL_RATIO']
    # .. setting_default: 0.5
    # .. setting_description: A synchronisation that would remove a larger share of a configuration's groups is
    #    refused until somebody confirms it. Holds for configurations of more than three groups.
    "MAX_REMOVAL_RATIO": 0.5,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['SYNC_LEASE']
    # .. setting_default: 300
    # .. setting_description: Seconds without a sign of life after which a running synchronisation counts as dead and
    #    another may take over. One whose process has ended on the same machine is taken over at once.
    "SYNC_LEASE": 300,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['RULES_RECHECK']
    # .. setting_default: 2
    # .. setting_description: Seconds after which a process looks again whether a group is active that needs events
    #    of a type that no active group needed so far. Event types that are needed are looked at for each event.
    "RULES_RECHECK": 2,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['REVOCATION']
    # .. setting_default: "expire"
    # .. setting_description: What becomes of a revoked badge at Accredible: ``expire``, its page stays and is marked as
    #    expired; ``unpublish``, its page is hidden; ``delete``, it is gone for good.
    "REVOCATION": "expire",
    # .. setting_name: CREDENTIALS_ACCREDIBLE['ADOPT_FOREIGN']
    # .. setting_default: False
    # .. setting_description: True: a badge may adopt, and so revoke, a credential that carries another system's own id.
    "ADOPT_FOREIGN": False,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['SEND_GROUP_NAME']
    # .. setting_default: False
    # .. setting_description: Whether credentials are issued under the title that their group had here when the badge
    #    was decided. False: Accredible gives them the title that the group has there now.
    "SEND_GROUP_NAME": False,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['DELIVERY']
    # .. setting_default: "auto"
    # .. setting_description: Who brings badges to Accredible: ``celery``, a worker; ``inline``, the process that
    #    decided them, with one quick try; ``manual``, the command ``accredible_deliver`` alone. ``auto``: ``celery``
    #    where a broker is configured, else ``inline``. What is left over is always sent by ``accredible_deliver``.
    "DELIVERY": "auto",
    # .. setting_name: CREDENTIALS_ACCREDIBLE['BROKER_URL']
    # .. setting_default: None
    # .. setting_description: The message broker of the Celery worker, as ``amqp://...`` or ``redis://...``. None:
    #    Django's setting ``CELERY_BROKER_URL``, and no worker where that is not set either.
    "BROKER_URL": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['INLINE_TIMEOUT']
    # .. setting_default: [2, 5]
    # .. setting_description: Seconds to wait for a connection, and for a reply to arrive whole, where the process that
    #    decided a badge sends it itself.
    "INLINE_TIMEOUT": (2, 5),
    # .. setting_name: CREDENTIALS_ACCREDIBLE['DELIVERY_LEASE']
    # .. setting_default: 300
    # .. setting_description: Seconds for which a sender has the badges it has taken on to itself; after that it counts
    #    as dead, and another one takes them over. More than a request can take with all its waiting.
    "DELIVERY_LEASE": 300,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['LATE_ANSWER_MINUTES']
    # .. setting_default: 10
    # .. setting_description: Minutes for which Accredible, or a proxy on the way, can still be working on a request
    #    that brought no answer. A badge that was sent with it is only looked for, and sent again when they are over. A
    #    revocation or reinstatement whose opposite was sent with it is done at once, and once more when they are over.
    "LATE_ANSWER_MINUTES": 10,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['DELIVERY_DELAYS']
    # .. setting_default: [15, 14400]
    # .. setting_description: Seconds until a failed delivery is tried again, at first and at most: the delay doubles
    #    from try to try and varies at random.
    "DELIVERY_DELAYS": (15, 4 * 60 * 60),
    # .. setting_name: CREDENTIALS_ACCREDIBLE['DELIVERY_DAYS']
    # .. setting_default: 7
    # .. setting_description: Days after which a delivery that keeps failing is given up until a person retries it.
    "DELIVERY_DAYS": 7,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['UNPUBLISHED_RECHECK']
    # .. setting_default: 21600
    # .. setting_description: Seconds after which a badge that Accredible made but did not publish is looked at again.
    "UNPUBLISHED_RECHECK": 6 * 60 * 60,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['DATABASE_PATIENCE']
    # .. setting_default: 240
    # .. setting_description: Seconds for which the consumer of events waits for a database that is away, with each
    #    event; what has not been processed then waits in ``EVENT_SPOOL``. The event bus keeps the rest meanwhile.
    "DATABASE_PATIENCE": 240,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['EVENT_SPOOL']
    # .. setting_default: None
    # .. setting_description: A directory on local disk for events that can neither be processed nor be kept in the
    #    database, for this service alone. They hold personal data; only the user of the process can read them. None:
    #    ``.local/state/credentials-accredible`` in that user's home directory.
    "EVENT_SPOOL": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['LATE_EVENT_DAYS']
    # .. setting_default: 7
    # .. setting_description: Days for which a penalty of a learner without progress keeps out older events.
    "LATE_EVENT_DAYS": 7,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['SNAPSHOT_DAYS']
    # .. setting_default: 365
    # .. setting_description: Days after which ``accredible_prune`` deletes snapshots of removed groups. None: never.
    "SNAPSHOT_DAYS": 365,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['RUN_DAYS']
    # .. setting_default: 365
    # .. setting_description: Days after which ``accredible_prune`` deletes sync runs and their changes. None: never.
    "RUN_DAYS": 365,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['BADGE_LOG_DAYS']
    # .. setting_default: None
    # .. setting_description: Days after which ``accredible_prune`` deletes log entries of badges. None: never.
    "BADGE_LOG_DAYS": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['HISTORY_DAYS']
    # .. setting_default: None
    # .. setting_description: Days after which ``accredible_prune`` deletes the history of what is configured. None:
    #    never.
    "HISTORY_DAYS": None,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['FAILED_EVENT_DAYS']
    # .. setting_default: 90
    # .. setting_description: Days after which ``accredible_prune`` deletes failed events, which hold what they said of
    #    a learner until they are processed. None: never.
    "FAILED_EVENT_DAYS": 90,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['MAIL_FAILED_SYNCS']
    # .. setting_default: True
    # .. setting_description: Whether a scheduled synchronisation that fails is mailed to ``ADMINS``.
    "MAIL_FAILED_SYNCS": True,
    # .. setting_name: CREDENTIALS_ACCREDIBLE['REPLACE_BUILTIN']
    # .. setting_default: "auto"
    # .. setting_description: Whether ``/admin/badges/accredibleapiconfig/``, ``accrediblegroup`` and
    #    ``accrediblebadge`` lead to the plugin's pages where the host has pages of its own there. ``auto``: unless its
    #    tables hold data that ``accredible_adopt_builtin`` has not taken over. True: always. False: never.
    "REPLACE_BUILTIN": "auto",
    # .. setting_name: CREDENTIALS_ACCREDIBLE['REST_THROTTLE']
    # .. setting_default: "120/min"
    # .. setting_description: How many requests to the REST API a user may send, as ``120/min``. None: any number.
    "REST_THROTTLE": "120/min",
}

DEFAULT_EVENTS = (
    "org.openedx.learning.course.passing.status.updated.v1",
    "org.openedx.learning.ccx.course.passing.status.updated.v1",
)
