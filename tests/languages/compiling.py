"""Compiles the catalogues: ``python -m tests.languages.compiling``, or ``make compile_translations``."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[2] / "credentials_accredible" / "locale"
SOURCE = LOCALE / "en/LC_MESSAGES/django.po"
# English is in the code.
CATALOGUES = sorted(path for path in LOCALE.glob("*/LC_MESSAGES/django.po") if path != SOURCE)

# What gettext needs to know. Babel adds the time and its own release.
_HEADERS = {"Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


class _Timeless(Catalog):
    """A catalogue that begins in the same way whenever it is written, and with every Babel."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The lines at its beginning."""
        return self.headers

    headers: list[tuple[str, str]] = []


def compiled(path: Path) -> bytes:
    """What gettext reads, made of the catalogue at ``path``; the same for the same texts.

    What is not translated is left out, and comes in English: Babel itself would make empty texts of plurals.
    """
    with path.open("rb") as file:
        source = read_po(file)
    catalogue = _Timeless()
    catalogue.headers = [(name, value) for name, value in source.mime_headers if name in _HEADERS]
    for message in source:
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        if message.id and all(texts):
            catalogue.add(message.id, message.string, flags=message.flags, context=message.context)
    made = BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


if __name__ == "__main__":
    for path in CATALOGUES:
        path.with_suffix(".mo").write_bytes(compiled(path))
