"""API keys as values that encrypt themselves and do not show themselves."""

from __future__ import annotations

import base64
import hmac
import traceback
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable

MASK = "••••"
_SHOWN = 4
_PURPOSE = b"credentials-accredible: API keys at rest"


class MaskedText(str):
    """A text that error reports show as a mask; everywhere else it is what it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"


class hidden_locals(ContextDecorator):  # noqa: N801  # used as a function
    """An exception that leaves what this decorates brings no local variables along, and no other exception.

    An interruption (a time limit of a worker, Ctrl+C, no memory left) can come at any line: also where a function, of
    ours or of a library, holds a key. Error reports show the local variables of all functions that it came through.
    Their names and lines stay in the traceback.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.__cause__ = error.__context__ = None
            traceback.clear_frames(trace)


class Secret:
    """An API key, held in the clear or encrypted, and turned into the other only when asked.

    ``str()``, ``repr()`` and ``format()`` give a mask; pickling and copying carry the encrypted form.
    """

    __slots__ = ("_plain", "_token")

    def __init__(self, *, plain: str | None = None, token: str | None = None) -> None:
        self._plain = None if plain is None else MaskedText(plain)
        self._token = token

    @classmethod
    def of(cls, value: Secret | str | None) -> Secret:
        """``value`` as a Secret; text is taken as the key in the clear."""
        return value if isinstance(value, Secret) else cls(plain=value or "")

    @hidden_locals()
    def reveal(self) -> MaskedText:
        """The key in the clear; KeyUnreadable where none of the encryption keys opens it."""
        if self._plain is not None:
            return self._plain
        if not self._token:
            return MaskedText()
        try:
            return MaskedText(_cipher().decrypt(self._token.encode()).decode())
        except (InvalidToken, UnicodeError):
            raise KeyUnreadable(
                _(
                    "The stored API key cannot be decrypted with the keys in %(setting)s['ENCRYPTION_KEYS'] "
                    "(unset: SECRET_KEY and SECRET_KEY_FALLBACKS). Put the key it was encrypted with back at the "
                    "end of that list, or enter the API key again."
                )
                % {"setting": conf.SETTING}
            ) from None

    @hidden_locals()
    def encrypted(self) -> str:
        """The key encrypted with the first encryption key, or as it came from the database; empty stays empty."""
        if self._token is None:
            self._token = _cipher().encrypt(self._plain.encode()).decode() if self._plain else ""
        return self._token

    def reencrypted(self) -> Secret:
        """The same key, encrypted with the encryption key that is first now; KeyUnreadable as in reveal."""
        return Secret(plain=self.reveal())

    @property
    def hint(self) -> str:
        """The last four characters behind a mask, where the key is long enough to keep the rest secret."""
        plain = self.reveal()
        return MASK + plain[-_SHOWN:] if len(plain) > 3 * _SHOWN else MASK if plain else ""

    def __bool__(self) -> bool:
        return bool(self._token or self._plain)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]  # equal keys have different encrypted forms

    def __str__(self) -> str:
        return MASK if self else ""

    def __repr__(self) -> str:
        return f"<Secret {self}>"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_token, (self.encrypted(),)


def _from_token(token: str) -> Secret:
    return Secret(token=token)


def _cipher() -> MultiFernet:
    written = conf.get("ENCRYPTION_KEYS")
    if written is None:
        written = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    listed = written if isinstance(written, (list, tuple)) else []
    keys = [key.encode() if isinstance(key, str) else key for key in listed]
    if not keys or not all(isinstance(key, bytes) and key for key in keys):
        raise ConfigurationError(
            _("%(setting)s['ENCRYPTION_KEYS'] must be a list of one or more secrets.") % {"setting": conf.SETTING}
        )
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: bytes) -> bytes:
    # Any text can be a setting; Fernet wants 32 bytes in URL-safe Base64.
    return base64.urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key))
