"""What becomes of the objects that Accredible sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from credentials_accredible.client import Design, Group, Issuer

WHOLE = {
    "id": 12472,
    "name": "ai-101",
    "course_name": "Introduction to AI",
    "course_description": "<p>Neurons &amp; more</p>",
    "course_link": "https://example.org/ai",
    "language": "en",
    "created_at": "2024-03-01T08:00:00.123Z",
    "updated_at": "2024-04-01T10:00:00.000+02:00",
    "department_id": None,
    "meta_data": None,
    "primary_design_id": 2,
    "badge_design_id": 1,
    "certificate_design_id": None,
    "design_id": 3,
    "learning_outcomes": ["a"],
    "something_new": {"deep": [1]},
}


def group(**changes: Any) -> Group:
    return Group.model_validate({"id": 7, "name": "internal", "course_name": "Public", **changes})


def design(**changes: Any) -> Design:
    return Design.model_validate({"id": 1, **changes})


def test_a_whole_group_is_read() -> None:
    read = Group.model_validate(WHOLE)

    assert read.accredible_id == 12472
    assert read.name == "Introduction to AI"
    assert read.internal_name == "ai-101"
    assert read.description == "<p>Neurons &amp; more</p>"
    assert read.design_id == 1
    assert read.created_at == datetime(2024, 3, 1, 8, 0, 0, 123000, UTC)
    assert read.updated_at == datetime(2024, 4, 1, 8, 0, 0, 0, UTC)


def test_a_group_of_an_id_alone_is_enough() -> None:
    read = Group.model_validate({"id": 7})

    assert (read.name, read.internal_name, read.description) == ("Group 7", "", "")
    assert (read.design_id, read.created_at, read.updated_at) == (None, None, None)


def test_a_group_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        group().name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("title", "internal", "name"),
    [
        ("Public", "internal", "Public"),
        (None, "internal", "internal"),
        ("", "internal", "internal"),
        (" \t", "internal", "internal"),
        ("\x00", "internal", "internal"),
        (None, None, "Group 7"),
        ("", "  ", "Group 7"),
    ],
)
def test_the_name_is_the_first_that_is_not_blank(title: str | None, internal: str | None, name: str) -> None:
    assert group(course_name=title, name=internal).name == name


@pytest.mark.parametrize("id_", [1, "12472", 2**63 - 1])
def test_ids_can_be_numbers_or_digits(id_: Any) -> None:
    assert group(id=id_).accredible_id == int(id_)


@pytest.mark.parametrize(
    "id_", [None, 0, -1, "-1", 2**63, "9" * 19, True, 1.0, "1.0", "", " 1", "١", "a", [1], {"id": 1}]
)
def test_other_ids_are_refused(id_: Any) -> None:
    with pytest.raises(ValidationError, match="not a positive whole number"):
        group(id=id_)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"badge_design_id": 1, "primary_design_id": 2, "design_id": 3, "certificate_design_id": 4}, 1),
        ({"badge_design_id": None, "primary_design_id": 2, "design_id": 3}, 2),
        ({"badge_design_id": "garbage", "primary_design_id": 0, "design_id": "3", "certificate_design_id": 4}, 3),
        ({"badge_design_id": True, "design_id": -3, "certificate_design_id": 4}, 4),
        ({"badge_design_id": None, "primary_design_id": None, "design_id": None, "certificate_design_id": None}, None),
        ({"badge_design_id": 2**63, "primary_design_id": 1.5, "design_id": [1], "certificate_design_id": {}}, None),
        ({}, None),
    ],
)
def test_the_design_is_the_first_that_is_one(ids: dict[str, Any], expected: int | None) -> None:
    assert group(**ids).design_id == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-03-01T08:00:00Z", datetime(2024, 3, 1, 8, tzinfo=UTC)),
        ("2024-03-01T08:00:00", datetime(2024, 3, 1, 8, tzinfo=UTC)),
        ("2024-03-01T08:00:00-05:00", datetime(2024, 3, 1, 13, tzinfo=UTC)),
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1709280000, None),
        (["2024-03-01"], None),
        ("0001-01-01T00:00:00+01:00", None),
        ("0999-01-01T00:00:00Z", None),
        ("9999-12-31T23:00:00Z", None),
    ],
)
def test_dates_are_in_utc_or_not_there(written: Any, expected: datetime | None) -> None:
    assert group(created_at=written, updated_at=written).created_at == expected
    assert design(updated_at=written).updated_at == expected


def test_texts_that_are_none_are_refused() -> None:
    with pytest.raises(ValidationError, match="not a text"):
        group(course_description=["a"])
    with pytest.raises(ValidationError, match="not a text"):
        group(course_name={"en": "a"})


def test_long_html_and_emoji_survive() -> None:
    text = "<p onclick='x'>🏅 مرحبا 漢字\n\t</p>" * 10_000

    assert group(course_description=text).description == text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\x1b[31mb\x9b", "a[31mb"),
        ("a\r\n\tb", "a\r\n\tb"),
        ("a\ud83db", "a\ufffdb"),
        ("\ude00b", "\ufffdb"),
        ("end\ud83d", "end\ufffd"),
        ("\ud83c\udfc5", "🏅"),
    ],
)
def test_what_no_database_takes_is_cleaned(sent: str, kept: str) -> None:
    assert group(course_name="x" + sent).name == "x" + kept
    assert group(course_description=sent).description == kept


@given(text=st.text(st.characters(codec=None)))
def test_any_text_is_fit_for_a_database(text: str) -> None:
    read = group(course_name=text, name=text, course_description=text)

    for kept in (read.name, read.internal_name, read.description):
        assert "\x00" not in kept
        kept.encode("utf-8")
    assert read.name.strip()


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_text_with_nothing_wrong_is_kept_as_it_is(text: str) -> None:
    assert group(course_description=text).description == text


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.com/badge.png",
        "http://127.0.0.1:8901/designs/1.png",
        "https://cdn.example.com/b.png?X-Signature=" + "a" * 6000,
        "https://cdn.example.com/b.png?a=%20b&c=d#e",
        "https://CDN.example.com/b.png",
        "https://[2001:db8::1]/b.png",
    ],
)
def test_addresses_of_pictures_are_kept(url: str) -> None:
    assert design(rasterized_content_url=url).image_url == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        5,
        ["https://example.com"],
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert('https://example.com')",
        "\n\u200bjavascript:alert(1)",
        "https://exa mple.com/b.png",
        "https://example.com\\@evil.example/b.png",
        "https://example.com<b>/b.png",
        "https://exam\u200bple.com/b.png",
        "https://user@/b.png",
        "https:\\\\example.com\\b.png",
        "data:image/png;base64,AAAA",
        "ftp://example.com/b.png",
        "file:///etc/passwd",
        "//example.com/b.png",
        "/b.png",
        "https:example.com",
        "https:///b.png",
        "https://:443/b.png",
        "https://example.com:port/b.png",
        "https://[example.com/b.png",
        "https://example.com/" + "a" * 8192,
    ],
)
def test_hostile_addresses_are_dropped(url: Any) -> None:
    assert design(rasterized_content_url=url).image_url == ""


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.com/My Badge/1", "https://example.com/My%20Badge/1"),
        (" https://example.com/b.png\n", "https://example.com/b.png"),
        ("\ufeffhttps://example.com/b.png\u200b", "https://example.com/b.png"),
        ("HTTPS://Example.com/B", "https://Example.com/B"),
        ("https://example.com/a%20b?c=d e&f=%C3%BC#g h", "https://example.com/a%20b?c=d%20e&f=%C3%BC#g%20h"),
        ("https://example.com/\x00\x1f\x7f\x85\t\n.png", "https://example.com/%00%1F%7F%C2%85%09%0A.png"),
        ('https://example.com/"><script>', "https://example.com/%22%3E%3Cscript%3E"),
        ("https://example.com/it's", "https://example.com/it's"),
        ("https://example.com/a\\b", "https://example.com/a%5Cb"),
        ("https://example.com/\ud83d.png", "https://example.com/%3F.png"),
        ("https://example.com/\u202egnp", "https://example.com/%E2%80%AEgnp"),
        ("https://bücher.example/Übung", "https://bücher.example/Übung"),
        ("https://xn--bcher-kva.example:8443/1", "https://xn--bcher-kva.example:8443/1"),
        ("https://user:secret@example.com/b.png", "https://example.com/b.png"),
        ("https://example.com@evil.example/b.png", "https://evil.example/b.png"),
        ("https://example.com/@ada", "https://example.com/@ada"),
    ],
)
def test_an_address_is_quoted_where_it_has_to_be(url: str, kept: str) -> None:
    assert design(rasterized_content_url=url).image_url == kept
    assert design(rasterized_content_url=kept).image_url == kept


def test_a_design_without_a_picture_is_one() -> None:
    assert design().image_url == ""


@pytest.mark.parametrize(
    ("written", "left"),
    [(12, 12), ("12", 12), (0, 0), (-3, -3), (None, None), (True, None), (1.5, None), ("many", None), (2**31, None)],
)
def test_credits_are_a_number_that_fits_or_not_known(written: Any, left: int | None) -> None:
    issuer = Issuer.model_validate({"id": 1, "name": "Org\x00", "email": "a@b.c", "certificate_left": written})

    assert (issuer.id, issuer.name, issuer.credits_left) == (1, "Org", left)


def test_an_issuer_can_be_an_id_alone() -> None:
    issuer = Issuer.model_validate({"id": 1, "name": None})

    assert (issuer.name, issuer.credits_left) == ("", None)
