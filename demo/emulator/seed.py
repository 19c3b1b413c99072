"""Made-up content for an account: realistic, odd where real accounts are odd, the same every time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.emulator import clock
from demo.emulator.account import Account
from demo.emulator.catalogue import DESIGN_KEYS, Picture

DEFAULT_GROUPS = 135
DESIGNS = 20
_START = datetime(2024, 1, 8, 9, 0, 0, 120_000, tzinfo=UTC)

_SUBJECTS = (
    ("Python Programming", "PY"),
    ("Data Analysis", "DA"),
    ("Project Management", "PM"),
    ("Academic Writing", "AW"),
    ("Public Health", "PH"),
    ("Renewable Energy", "RE"),
    ("Digital Marketing", "DM"),
    ("Cloud Administration", "CA"),
    ("Early Childhood Education", "EC"),
    ("Supply Chain Basics", "SC"),
    ("Research Ethics", "ET"),
    ("Graphic Design", "GD"),
    ("Financial Accounting", "FA"),
    ("Web Accessibility", "WA"),
    ("Statistics", "ST"),
)
_LEVELS = ("Foundations", "Practitioner", "Advanced", "Capstone", "Micro-credential")
_ATTRIBUTES = (("Grade", "text"), ("Completion date", "date"), ("Mentor", "email"), ("Signature", "image"))

_LONG_HTML = (
    "<p>Learners who earn this badge have <strong>planned, run and written up</strong> a study of their own.</p>"
    "<ul><li>They chose a question that can be answered &amp; defended it before a panel;</li>"
    "<li>they gathered data with care for the people behind it;</li>"
    "<li>they drew conclusions no larger than the data bear.</li></ul>"
    '<p>See the <a href="https://example.org/syllabus?term=2024&amp;lang=en">syllabus</a> for the reading list.</p>'
)

# What real accounts hold and a client has to bear, by the position among the groups.
_ODD: dict[int, dict[str, Any]] = {
    1: {"course_name": "Data Storytelling 📊🎓", "name": "data-storytelling-2024"},
    3: dict.fromkeys(DESIGN_KEYS),
    6: {"course_name": "مقدمة في البرمجة", "name": "intro-ar", "language": "ar"},
    8: {"without": DESIGN_KEYS},
    9: {"course_description": _LONG_HTML},
    11: {"course_name": "機械学習入門 — はじめの一歩", "name": "ml-ja", "language": "ja"},
    13: {"course_name": "מבוא לסטטיסטיקה", "name": "stats-he", "language": "he"},
    14: {"meta_data": None},
    17: {"course_description": _LONG_HTML * 6},
    18: {"learning_outcomes": []},
    21: {"without": ("badge_design_id", "design_id")},
    22: {"course_name": "Teamwork 👩🏽‍🚀 & Leadership <em>now</em>", "name": "teamwork & leadership"},
    24: {"course_name": "  Spaces  and\ttabs ", "name": "spaces"},
    26: {"meta_data": None, "learning_outcomes": None, "course_link": None},
    28: dict.fromkeys(DESIGN_KEYS) | {"design_name": None},
    31: {"course_name": "Écriture créative: ça ira mieux", "name": "ecriture-creative", "language": "fr"},
    33: {"course_name": "A " + "very " * 60 + "long title", "name": "long-title"},
}


def seed(account: Account, groups: int = DEFAULT_GROUPS) -> None:
    """Add ``groups`` groups, 20 designs that they share, and attribute keys, over two departments.

    Of five groups three go to the first department. A fresh account gets the same ids and times every time.
    """
    with account.lock:
        account.add_departments(2)
        first, second = account.departments[:2]
        designs = {first: _designs(account, first, 0, 12), second: _designs(account, second, 12, DESIGNS)}
        for name, kind in _ATTRIBUTES:
            account.add_attribute_key(name, kind)
        for number in range(groups):
            department_id = first if number % 5 < 3 else second
            account.add_group(**_group(number, department_id, designs[department_id]))


def _designs(account: Account, department_id: int, start: int, end: int) -> list[dict[str, Any]]:
    pictures: dict[int, Picture] = {4: "signed", 9: "redirect", 10: "absent", 15: "signed", 17: "absent"}
    return [
        account.add_design(
            name=f"{'Certificate' if number % 4 == 3 else 'Badge'} design {number + 1}",
            kind="certificate" if number % 4 == 3 else "badge",
            department_id=department_id,
            updated_at=clock.stamp(_START - timedelta(days=60 - number)),
            picture=pictures.get(number, "plain"),
        )
        for number in range(start, end)
    ]


def _group(number: int, department_id: int, designs: list[dict[str, Any]]) -> dict[str, Any]:
    subject, code = _SUBJECTS[number % len(_SUBJECTS)]
    level = _LEVELS[number // len(_SUBJECTS) % len(_LEVELS)]
    year = 2024 + number // (len(_SUBJECTS) * len(_LEVELS))
    created = _START + timedelta(hours=37 * number, milliseconds=7 * number)
    title = f"{subject}: {level}"
    names = (
        f"{code}-{level[:3].upper()}-{year}-{number + 1}",
        title if number < len(_SUBJECTS) else f"{title} ({number + 1})",
        str(uuid.uuid5(uuid.NAMESPACE_URL, f"group-{number}")),
    )
    fields = {
        "name": names[number % 3],
        "course_name": title,
        "course_description": f"{title}. Awarded for passing every unit of the course with at least 60 %.",
        "learning_outcomes": [f"Explain {subject.lower()}", f"Apply {subject.lower()}"] if number % 2 else None,
        "meta_data": {"course_id": f"course-v1:Emulated+{code}{number % 9 + 101}+{year}"},
        "department_id": department_id,
        "created_at": clock.stamp(created),
        "updated_at": clock.stamp(created + timedelta(days=number % 11)),
        "allow_duplicates": number % 10 == 7,
        **_design_ids(number, designs),
    }
    return fields | _ODD.get(number, {})


def _design_ids(number: int, designs: list[dict[str, Any]]) -> dict[str, Any]:
    """A badge, a certificate, or both, in the ways in which a group can name them."""
    badges = [design for design in designs if design["kind"] == "badge"]
    certificates = [design for design in designs if design["kind"] == "certificate"]
    badge, certificate = badges[number % len(badges)], certificates[number % len(certificates)]
    ids: dict[str, Any] = dict.fromkeys(DESIGN_KEYS)
    match number % 8:
        case 5:
            shown = certificate
            ids |= dict.fromkeys(("primary_design_id", "certificate_design_id", "design_id"), certificate["id"])
        case 2:
            shown = badge
            ids |= {"badge_design_id": badge["id"]}
        case 4:
            shown = certificate
            ids |= dict.fromkeys(("primary_design_id", "certificate_design_id", "design_id"), certificate["id"])
            ids |= {"badge_design_id": badge["id"]}
        case _:
            shown = badge
            ids |= dict.fromkeys(("primary_design_id", "badge_design_id", "design_id"), badge["id"])
    return {**ids, "design_name": shown["name"]}
