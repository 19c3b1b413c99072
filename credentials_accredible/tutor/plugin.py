"""What the plugin adds to Tutor's configuration and files.

The files are patches: templates that Tutor renders into its own, each named after the place it goes to. A worker with a
beat delivers badges and runs scheduled syncs; on Kubernetes, two cron jobs stand in for the beat.
"""

from __future__ import annotations

from importlib import resources

from tutor import hooks

from credentials_accredible import __version__

_EVENT = "org.openedx.learning.{}course.passing.status.updated.v1"

# As ``tutor config save --set ACCREDIBLE_...`` changes them.
DEFAULTS = {
    # What pip installs into the image: a version from the index, an address of git, or several in one text.
    "PIP_REQUIREMENT": f"credentials-accredible=={__version__}",
    # CREDENTIALS_ACCREDIBLE, merged over what this plugin writes there.
    "SETTINGS": {},
    # Event types that the LMS sends, each with the field that keeps its events in order.
    "EVENTS": {
        _EVENT.format(""): "course_passing_status.course.course_key",
        _EVENT.format("ccx."): "course_passing_status.course.ccx_course_key",
    },
    "TOPIC": "learning-badges-lifecycle",
    # Whether BADGE_AWARDED and BADGE_REVOKED go to the bus as well.
    "SEND_SIGNALS": False,
    # Databases of Tutor's Redis that nobody else uses: tasks of the worker, and the rate limit that workers share.
    "BROKER_REDIS_DB": 8,
    "RATE_LIMIT_REDIS_DB": 9,
    # When the cron jobs of Kubernetes run.
    "DELIVERY_SCHEDULE": "* * * * *",
    "SYNC_SCHEDULE": "*/10 * * * *",
}

hooks.Filters.CONFIG_DEFAULTS.add_items([(f"ACCREDIBLE_{name}", value) for name, value in DEFAULTS.items()])
hooks.Filters.ENV_PATCHES.add_items(
    [
        (patch.name, patch.read_text(encoding="utf-8"))
        for patch in (resources.files("credentials_accredible") / "tutor" / "patches").iterdir()
        if patch.is_file()
    ]
)
