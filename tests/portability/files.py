"""Files, and groups to carry."""

from __future__ import annotations

from typing import Any

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, CustomAttribute
from tests.badges.configuring import FAILS, PASSES, in_course, penalise, require
from tests.factories import COURSE, make_config, make_group

FILE = """\
format: credentials-accredible groups
version: 1
configurations:
  - name: Main
    groups:
      - accredible_id: 7
        name: Badge
        requirements:
          - ref: 1
            blend: A
            event_type: org.openedx.learning.course.passing.status.updated.v1
            description: Pass the course
            rules:
              - {data_path: is_passing, operator: eq, value: true}
        penalties:
          - event_type: org.openedx.learning.course.passing.status.updated.v1
            requirements: [1]
            rules:
              - {data_path: is_passing, operator: eq, value: false}
        custom_attributes: []
"""


def configured(config: AccredibleAPIConfig, **values: Any) -> AccredibleGroup:
    """An active group with everything that can be configured."""
    group = make_group(config, **{"is_active": True, "accredible_id": 7, "name": "Badge", **values})
    passed = require(group, *in_course(COURSE, PASSES), blend="A")
    other = require(group, any_event=True, blend="A")
    alone = require(group, PASSES, ("course.display_name", "contains", "Übung: 1, 2"))
    alone.description = "First line\nand a second: “quoted”\n"
    alone.save()
    penalise(group, FAILS, takes=[passed, alone])
    penalise(group, *in_course(COURSE, FAILS), takes=[other])
    CustomAttribute.objects.create(group=group, name="Course", source="path", value="course.display_name")
    CustomAttribute.objects.create(group=group, name="Campus", source="constant", value="Zürich: Süd")
    return group


def target(*ids: int, name: str = "Main", **values: Any) -> AccredibleAPIConfig:
    """A configuration with groups in which nothing is configured."""
    config = make_config(name)
    for number in ids or (7,):
        make_group(config, accredible_id=number, **{"name": "Badge", **values})
    return config


def carry(text: str, *chosen: str, **options: Any) -> api.Imported:
    """Import a file."""
    return api.import_groups(text.encode(), chosen=chosen, **options)
