"""The form of an API configuration, and the trial of the key that goes with saving it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.debug import SafeExceptionReporterFilter

from credentials_accredible import api, conf
from credentials_accredible.exceptions import (
    AccredibleError,
    AuthenticationFailed,
    ConfigurationError,
    PermissionRefused,
)
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.text import identifier

KEY_FIELD = "new_api_key"

# Minutes. Accredible counts requests; and who wants a sync once in a year can press the button.
_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 5, 366 * 24 * 60


class KeyTrial(NamedTuple):
    """What came of trying a key: an issuer, or why it was refused, or why it could not be tried."""

    issuer: api.Issuer | None = None
    refusal: str = ""
    doubt: str = ""


def try_key(environment: str, entered: str, stored: api.Secret | None) -> KeyTrial:
    """Try the key that was entered or, where none was, the stored one; an empty trial where there is neither."""
    try:
        key = api.Secret.of(entered) if entered else stored
        place = conf.environment(environment).name
        if not key:
            return KeyTrial()
        hint = key.hint
    except ConfigurationError as error:
        return KeyTrial(refusal=str(error))
    which = gettext("entered") if entered else gettext("stored")
    about = {"which": which, "hint": hint, "environment": place}
    try:
        return KeyTrial(issuer=api.check_key(environment, key))
    except (AuthenticationFailed, PermissionRefused) as error:
        text = gettext("Accredible refused the %(which)s key %(hint)s in the environment “%(environment)s”: %(error)s")
        return KeyTrial(refusal=text % {**about, "error": error.detail or error})
    except ConfigurationError as error:
        return KeyTrial(refusal=str(error))
    except AccredibleError as error:
        text = gettext(
            "The %(which)s key %(hint)s was saved, but could not be tried in the environment “%(environment)s”: "
            "%(error)s"
        )
        return KeyTrial(doubt=text % {**about, "error": error})


def is_bound(config: AccredibleAPIConfig) -> bool:
    """Whether ``config`` has to stay with its environment: ids of groups would mean other groups elsewhere."""
    return config.pk is not None and config.groups.exists()


class IdentifierField(forms.CharField):
    """A name or key, without the invisible characters that copying brings along."""

    def to_python(self, value: Any) -> str:
        return identifier(super().to_python(value) or "")


class AccredibleAPIConfigForm(forms.ModelForm):
    """Name, environment and a key that goes in and never comes out."""

    trial: KeyTrial | None = None

    new_api_key = IdentifierField(
        label=_("API key"),
        required=False,
        max_length=1024,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "size": 60}),
    )

    class Meta:
        model = AccredibleAPIConfig
        fields = ["name", "environment", "sync_interval"]
        field_classes = {"name": IdentifierField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial_issuer = self.instance.issuer_name
        if "environment" in self.fields:
            self._prepare_environment()
        if KEY_FIELD in self.fields:
            self._prepare_key()
        if "sync_interval" in self.fields:
            limits = {"min": _SHORTEST_INTERVAL, "max": _LONGEST_INTERVAL}
            self.fields["sync_interval"].widget.attrs.update(limits)
            self.fields["sync_interval"].validators += [
                MinValueValidator(_SHORTEST_INTERVAL),
                MaxValueValidator(_LONGEST_INTERVAL),
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.trial and self.trial.refusal and KEY_FIELD not in self.errors:
            self.add_error(KEY_FIELD if KEY_FIELD in self.fields else None, self.trial.refusal)
        return cleaned

    def save(self, commit: bool = True) -> AccredibleAPIConfig:
        if self.cleaned_data.get(KEY_FIELD):
            self.instance.api_key = self.cleaned_data[KEY_FIELD]
        if self.trial and self.trial.issuer:
            api.note_issuer(self.instance, self.trial.issuer)
        saved: AccredibleAPIConfig = super().save(commit=commit)
        return saved

    @property
    def written(self) -> set[str]:
        """The fields of a stored configuration that saving the form writes.

        What it did not change is left as others may have changed it meanwhile: a sweep of the schedules, a sender.
        """
        names = set(self.changed_data) & set(self._meta.fields or ())
        if self.cleaned_data.get(KEY_FIELD):
            names.add("api_key")
        if self.trial and self.trial.issuer:
            names |= {"issuer_name", "credits_left", "checked_at"}
        if "sync_interval" in names:
            names.add("next_sync_at")
        return names

    def _prepare_environment(self) -> None:
        environments = conf.environments()
        choices = [(key, environment.name) for key, environment in environments.items()]
        stored = self.instance.environment
        if stored not in environments:
            choices.append((stored, gettext("%(key)s (not in the settings)") % {"key": stored}))
        bound = is_bound(self.instance)
        help_text = (
            gettext("Fixed, because groups were imported from it. For another environment, add a configuration.")
            if bound
            else self.fields["environment"].help_text
        )
        self.fields["environment"] = forms.ChoiceField(
            label=self.fields["environment"].label, choices=choices, disabled=bound, help_text=help_text
        )

    def _prepare_key(self) -> None:
        field = self.fields[KEY_FIELD]
        if not self.instance.api_key:
            field.required = True
            return
        try:
            stored = gettext("Stored: %(hint)s. Leave empty to keep it.") % {"hint": self.instance.api_key.hint}
        except ConfigurationError as error:
            stored = str(error)
        field.help_text = stored


class KeyHidingReporterFilter(SafeExceptionReporterFilter):
    """Masks the key among the POST parameters, set on the request that carries it.

    Django masks what is marked as sensitive only while DEBUG is off.
    """

    def get_post_parameters(self, request: HttpRequest | None) -> QueryDict | dict[str, Any]:
        shown = super().get_post_parameters(request)
        if KEY_FIELD not in shown:
            return shown
        masked = shown.copy()
        masked[KEY_FIELD] = self.cleansed_substitute
        return masked
