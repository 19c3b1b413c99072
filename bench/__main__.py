"""Sets Django up, on the embedded host, and runs the measurements; the exit status says whether they passed."""

from __future__ import annotations

import os
import sys
import tempfile

import django

with tempfile.TemporaryDirectory() as directory:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.settings")
    os.environ.setdefault("DEMO_DATA_DIR", directory)
    django.setup()

    from bench import delivery, events, outage  # they import models

    failed = [measurement.__name__ for measurement in (events, outage, delivery) if measurement.run()]
    sys.exit(1 if failed else 0)
