"""Measures in a process of its own: ``python -m bench.child MODULE NEEDS`` prints a line of JSON for each row."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from dataclasses import asdict

import django

if __name__ == "__main__":
    django.setup()

    from django.core.management import call_command

    from bench.places import NOTHING

    # What it says of single badges and events would take longer than these.
    logging.getLogger("credentials_accredible").setLevel(logging.CRITICAL)
    name, needs = sys.argv[1:]
    if needs != NOTHING:
        call_command("migrate", verbosity=0)
    for row in importlib.import_module(f"bench.{name}").rows():
        print(json.dumps(asdict(row)), flush=True)
