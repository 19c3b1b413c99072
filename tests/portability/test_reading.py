"""Whatever is wrong with a file is said with its place, and nothing in it can do harm."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible.portability.reading import LARGEST_FILE, Unreadable, read, read_json, read_yaml
from tests.portability.files import FILE

BOMB = "a: &a [x, x]\nb: [*a, *a]\n"


def problems(text: str) -> list[tuple[int, int, str]]:
    """What is wrong with the form of a file."""
    source, found = read(text.encode())
    assert (source is None) == bool(found)
    return [(problem.line, problem.column, problem.message) for problem in found]


def test_a_good_file_has_no_problem() -> None:
    assert problems(FILE) == []
    assert problems("\ufeff" + FILE.replace("\n", "\r\n")) == []


def test_values_are_the_texts_that_were_written() -> None:
    for written in ("true", "0.80", "yes", "1e3", "2030-01-31", "0x1F", "'true'", '"true"'):
        source, found = read(FILE.replace("value: true", f"value: {written}").encode())
        assert source, found
        rule = source.document.configurations[0].groups[0].requirements[0].rules[0]
        assert rule.value == written.strip("'\"")


@pytest.mark.parametrize(
    ("before", "after", "place", "words"),
    [
        ("version: 1", "version: 2", (2, 1), "This is version 2 of the format; this release reads version 1."),
        ("blend: A", "blend: a", (10, 13), "“blend” must be one of the letters A to Z, or empty."),
        ("blend: A", "colour: red", (10, 13), "“colour” is not known here."),
        ("accredible_id: 7", "accredible_id: seven", (6, 9), "“accredible_id” must be a whole number."),
        ("accredible_id: 7", "accredible_id: -7", (6, 9), "“accredible_id” must be more than 0."),
        ("operator: eq, value: true", "operator: like, value: true", (14, 41), "“operator” must be 'eq', 'ne'"),
        ("        custom_attributes: []\n", "", (6, 9), "“custom_attributes” is missing."),
        ("requirements: [1]", "requirements: 1", (17, 13), "“requirements” must be a list."),
        ("        custom_attributes: []\n", "        custom_attributes:\n", (20, 9), "“custom_attributes” is missing."),
        ("value: true", "value: {a: b}", (14, 55), "“value” must be a text."),
        ("name: Main", "name: [Main]", (4, 5), "“name” must be a text."),
        ("description: Pass the course", "description: a\n            description: b", (13, 13), "there twice"),
        ("version: 1", "version: &one 1", (2, 10), "Anchors and aliases"),
        ("version: 1", "version: !!python/object/apply:os.system [ls]", (2, 10), "Tags"),
        ("version: 1", "version: !!int 1", (2, 10), "Tags"),
        ("version: 1", "version: *one", (2, 10), "Anchors and aliases"),
        ("version: 1", "? [a]\n: b", (2, 3), "A key is a text."),
        ("name: Main", "name: 'Main", (21, 1), "No valid YAML"),
        ("name: Main", "name: Main: Other", (4, 15), "No valid YAML"),
        ("custom_attributes: []\n", "custom_attributes: []\n---\na: b\n", (21, 1), "A second document begins"),
        ("version: 1", "version: " + "[" * 20 + "]" * 20, (2, 21), "Nested too deeply."),
    ],
)
def test_problems_have_places(before: str, after: str, place: tuple[int, int], words: str) -> None:
    assert before in FILE
    [(line, column, message)] = problems(FILE.replace(before, after, 1))

    assert words in message
    assert (line, column) == place


def test_all_problems_of_the_form_are_told_at_once() -> None:
    text = FILE.replace("blend: A", "blend: AB").replace("accredible_id: 7", "accredible_id: x").replace("source", "")

    assert [line for line, _column, _message in problems(text)] == [6, 10]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty."),
        ("just text", "must be a mapping"),
        ("[]", "must be a mapping"),
        ("{}", "“configurations” is missing."),
        ('{"a": 1, "a": 2}', "“a” is there twice"),
        ('{"a": 01}', "“,” was expected"),
        ('{"a": NaN}', "A value was expected"),
        ('{"a" 1}', "“:” was expected"),
        ("{a: 1}", "A key in double quotes was expected"),
        ('{"a": "x\ny"}', "Invalid control character at"),
        ('{"a": 1} x', "Something follows"),
        ('{"a": ' + "[" * 20, "Nested too deeply"),
        ('{"a": !x 1}', "A value was expected"),
        ('{"a": &x [1], "b": *x}', "A value was expected"),
        ('{"a": "x', "Unterminated string"),
        ("a: \x01", "No valid YAML"),
        (BOMB, "Anchors and aliases"),
        ('{"a": "x\\ud800"}', "cannot be stored"),
        ('{"a\\u0000": 1}', "cannot be stored"),
        ('a: "x\\0"', "cannot be stored"),
        ('"a\\0": x', "cannot be stored"),
    ],
)
def test_what_is_no_such_file_is_said_so(text: str, words: str) -> None:
    assert words in problems(text)[0][2]


def test_bytes_that_are_no_text_have_a_place() -> None:
    _source, [problem] = read(b"a: b\nc: \xff\n")

    assert (problem.line, problem.column) == (2, 4)


def test_a_file_that_is_too_large_is_not_read() -> None:
    _source, [problem] = read(b" " * (LARGEST_FILE + 1))

    assert "more than" in problem.message


def test_places_in_json() -> None:
    text = '{\n "format": "x",\n\t"version": 1,\n "configurations": [\n  {"groups": []}\n ]\n}'

    assert problems(text) == [
        (2, 2, "“format” must be 'credentials-accredible groups'."),
        (5, 3, "“name” is missing."),
    ]


def test_json_is_read_however_it_is_laid_out() -> None:
    text = '{"a"\r\n:\n\t[-1.50E+3,true,{}],"\\u00e9\\/\\ud83d\\ude00":"#: \u2028\x7f\\n",\n"n":null\n,"last":[1\n,2]}'

    tree = read_json(text)

    assert tree.plain() == {
        "a": ["-1.50E+3", "true", {}],
        "é/😀": "#: \u2028\x7f\n",
        "last": ["1", "2"],
    }
    paths = (["a"], ["a", 2], ["é/😀"], ["last", 1])
    assert [tree.at(path) for path in paths] == [(1, 2), (3, 17), (3, 21), (6, 2)]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(value=st.dictionaries(KEYS, JSON, max_size=3), indent=st.sampled_from([None, 0, 2, "\t"]), escaped=st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(
    value: dict[str, object], indent: int | str | None, escaped: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    expected = json.loads(text, parse_int=str, parse_float=str)

    assert read_json(text).plain() == as_texts(expected)


def test_a_json_key_that_is_too_long_is_named_as_such() -> None:
    with pytest.raises(Unreadable) as caught:
        read_json(json.dumps({"groups": [{"x" * 2000: 1}]}, indent=1))

    assert (caught.value.problem.line, caught.value.problem.message) == (4, "A key has more than 1,000 characters.")


def as_texts(value: object) -> object:
    """``value`` with scalars as they are written, and without keys that have no value."""
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    return json.dumps(value) if isinstance(value, bool) else value


@given(text=st.text() | st.text("{}[]:,&*!?|>-\"'# \n\tab%@`"))
def test_whatever_it_is_it_is_read_or_refused(text: str) -> None:
    for reader in (read_yaml, read_json):
        try:
            reader(text).plain()
        except Unreadable as error:
            refused = error
        else:
            continue
        assert refused.problem.line >= 1
