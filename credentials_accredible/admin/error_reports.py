"""Keeps an API key that is being entered out of error reports, Django's debug page included."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from django.http import HttpRequest, QueryDict
from django.views.debug import SafeExceptionReporterFilter


class KeyHidingReporterFilter(SafeExceptionReporterFilter):
    """Masks one POST parameter and every local variable that shows its value.

    Django masks what is marked as sensitive only while DEBUG is off. This filter is set on the request that carries
    the key (``request.exception_reporter_filter``) and masks always.
    """

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter

    def get_post_parameters(self, request: HttpRequest | None) -> QueryDict | dict[str, Any]:
        """The POST parameters, with the key masked."""
        shown = super().get_post_parameters(request)
        if self.parameter not in shown:
            return shown
        masked = shown.copy()
        masked[self.parameter] = self.cleansed_substitute
        return masked

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: TracebackType | Any) -> Any:
        """The local variables of a frame, as pairs; those that show the key are masked."""
        entered = request.POST.getlist(self.parameter) if request is not None else []
        # As it was entered, and as the form takes it.
        keys = {form for value in entered for form in (value, value.strip()) if form}
        variables = list(super().get_traceback_frame_variables(request, tb_frame))
        return [
            (name, self.cleansed_substitute if any(_shows(value, key) for key in keys) else value)
            for name, value in variables
        ]


def _shows(value: Any, key: str) -> bool:
    try:
        return key in str(value) or key in repr(value)
    except Exception:
        # What cannot be shown at all cannot be judged either.
        return True
