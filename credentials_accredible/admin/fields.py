"""Fields of the admin's forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from credentials_accredible.text import whole_number

_LONGEST_REASON = 2000


class KeyField(forms.ModelChoiceField):
    """An object, by its primary key. What no column can hold is no choice, and is not shown again.

    SQLite fails at larger numbers, and Django asks it for them: to check them before 5.0, and in lists that complete
    what one types in each release.
    """

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value and whole_number(value) is None:
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": value})
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        kept = super().bound_data(data, initial)
        return None if isinstance(kept, str) and whole_number(kept) is None else kept


class ReasonField(forms.CharField):
    """Why somebody decides what they decide."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Reason"),
            max_length=_LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField"}),
            help_text=_("For staff; it is kept with the badge, and learners do not see it."),
        )
