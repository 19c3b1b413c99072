"""What the catalogues of the languages hold, and what Django makes of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.utils import translation

from credentials_accredible.choices import BadgeState
from tests.languages.compiling import CATALOGUES, SOURCE, compiled

LANGUAGES = {path.parts[-3]: path for path in CATALOGUES}
# %(name)s in Python and templates, {name} or {} where str.format puts something in.
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

catalogues = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])


def messages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def texts(value: Any) -> list[str]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text.replace("%%", "")))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?\w+", text))


def test_there_are_spanish_and_ukrainian() -> None:
    assert {"es_419", "uk"} <= set(LANGUAGES)


@catalogues
def test_what_is_compiled_is_what_is_translated(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == compiled(path), "make compile_translations"


@catalogues
def test_it_has_the_messages_of_the_source(path: Path) -> None:
    assert [(each.id, each.context) for each in messages(path)] == [
        (each.id, each.context) for each in messages(SOURCE)
    ]


@catalogues
def test_it_has_no_numbers_of_lines_and_no_times(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not re.findall(r"^#: .*:\d+", source, re.MULTILINE)
    assert "-Date: " not in source


@catalogues
def test_everything_is_translated_and_nothing_is_fuzzy(path: Path) -> None:
    assert [each.id for each in messages(path) if each.fuzzy or not all(texts(each.string))] == []


@catalogues
def test_a_translation_puts_in_what_its_message_does(path: Path) -> None:
    wrong = []
    for message in messages(path):
        singular, *plural = texts(message.id)
        wanted = placeholders(plural[0] if plural else singular)
        for form in filter(None, texts(message.string)):
            # A singular may say "one" in words, in a language where it stands for the number 1 alone.
            missing = wanted - placeholders(form) - (wanted - placeholders(singular) if plural else set())
            if missing or placeholders(form) - wanted:
                wrong.append(f"{singular!r}: {form!r}")
    assert not wrong, "\n".join(wrong)


@catalogues
def test_a_translation_has_the_markup_of_its_message(path: Path) -> None:
    wrong = [
        f"{message.id!r}: {form!r}"
        for message in messages(path)
        for form in filter(None, texts(message.string))
        if tags(form) != tags(texts(message.id)[-1])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["es_419", "uk"])
def test_each_number_has_the_form_that_it_takes(language: str) -> None:
    with LANGUAGES[language].open("rb") as file:
        catalogue = read_po(file)
    [message] = [each for each in catalogue if texts(each.id)[0] == "%(count)s badge"]
    with translation.override(language.replace("_", "-").lower()):
        for number in (1, 2, 5, 21):
            form = translation.ngettext("%(count)s badge", "%(count)s badges", number)
            expected = {"es_419": int(number != 1), "uk": {1: 0, 2: 1, 5: 2, 21: 0}[number]}[language]
            assert form == texts(message.string)[expected]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_state_begins_with_a_word_that_a_colon_ends(language: str) -> None:
    with translation.override(language.replace("_", "-").lower()):
        labels = [str(label) for label in BadgeState.labels]
    # A list shows the word alone.
    assert [label for label in labels if not re.match(r"[^:]{3,25}: \w", label)] == []


def test_a_language_that_has_no_text_says_it_in_english() -> None:
    with translation.override("fi"):
        assert translation.gettext("Sync groups") == "Sync groups"
