"""The pages on which staff award badges by hand, and revoke them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api, conf
from credentials_accredible.admin.base import AccredibleAdmin, address
from credentials_accredible.admin.fields import KeyField, ReasonField
from credentials_accredible.choices import BadgeStatus, Revocation
from credentials_accredible.exceptions import ConfigurationError, DecisionRefused
from credentials_accredible.models import AccredibleBadge, AccredibleGroup
from credentials_accredible.text import whole_number

# User names and e-mail addresses of as many learners as may be named at once.
_LONGEST_LIST = 200_000
# A page names each badge to revoke in a field of its form, and Django takes so many at most.
_MOST = 500
_CONFIRMED = "confirmed"


class AwardForm(forms.Form):
    group = KeyField(queryset=AccredibleGroup.objects.none(), label=_("Group"))
    learners = forms.CharField(
        label=_("Learners"),
        max_length=_LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_("User names or e-mail addresses, one a line. All of them get the badge, or nobody does."),
    )
    reason = ReasonField()

    class Media:
        css = {"all": ["admin/css/vendor/select2/select2.css", "admin/css/autocomplete.css"]}
        js = [
            "admin/js/vendor/jquery/jquery.js",
            "admin/js/vendor/select2/select2.full.js",
            "admin/js/jquery.init.js",
            "credentials_accredible/award.js",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["group"]
        field.queryset = AccredibleGroup.objects.filter(is_active=True)
        field.error_messages["invalid_choice"] = gettext("Choose an active group.")
        # Asked for once, and without the long descriptions.
        field.choices = _active_groups()


class RevokeForm(forms.Form):
    reason = ReasonField()


def award_view(request: HttpRequest, modeladmin: AccredibleAdmin) -> HttpResponse:
    """A form; once it is sent, every learner has the badge, or the form says line by line why not."""
    # Who may award need not be able to see the list.
    may_view = modeladmin.has_view_permission(request)
    if request.method == "POST":
        form = AwardForm(request.POST)
        if form.is_valid() and (group := _award(form, request)):
            badges = address(AccredibleBadge, "changelist", group__id__exact=group.pk)
            return HttpResponseRedirect(badges if may_view else request.path)
    else:
        form = AwardForm(initial={"group": request.GET.get("group"), "learners": request.GET.get("learners")})
        _warn_of_inactive(request)
    media = modeladmin.media + form.media
    return modeladmin.render(request, "award.html", gettext("Award a badge"), form=form, media=media, may_view=may_view)


def _award(form: AwardForm, request: HttpRequest) -> AccredibleGroup | None:
    """Award; the group of the badges, None where the form now says why nothing was done."""
    group: AccredibleGroup = form.cleaned_data["group"]
    learners = form.cleaned_data["learners"].splitlines()
    try:
        badges = api.award_badges(group, learners, reason=form.cleaned_data["reason"], user=request.user)
    except DecisionRefused as error:
        form.add_error("learners", [forms.ValidationError(problem) for problem in error.problems])
        return None
    except (DatabaseError, InterfaceError) as error:
        form.add_error(None, _not_stored(error))
        return None
    text = ngettext("“%(group)s”: %(count)s badge awarded.", "“%(group)s”: %(count)s badges awarded.", len(badges))
    messages.success(request, text % {"group": group, "count": len(badges)})
    return group


def _warn_of_inactive(request: HttpRequest) -> None:
    chosen = whole_number(request.GET.get("group"))
    if chosen is not None and AccredibleGroup.objects.filter(pk=chosen, is_active=False).exists():
        messages.warning(
            request, gettext("That group is not active, so its badge cannot be awarded. Activate it first.")
        )


def _active_groups() -> list[Any]:
    active = AccredibleGroup.objects.filter(is_active=True).order_by("api_config__name", "name", "pk")
    rows = active.values_list("api_config__name", "pk", "name", "accredible_id")
    choices: list[Any] = [("", "---------")]
    for config, groups in groupby(rows.iterator(), key=lambda row: row[0]):
        choices.append((config, [(pk, f"{name} ({number})") for _config, pk, name, number in groups]))
    return choices


@admin.action(permissions=["revoke"], description=_("Revoke"))
def revoke_badges(
    modeladmin: AccredibleAdmin, request: HttpRequest, queryset: QuerySet[AccredibleBadge]
) -> HttpResponse | None:
    """Ask why the chosen badges are to be revoked; once that is said, revoke them."""
    chosen = AccredibleBadge.objects.filter(pk__in=queryset.order_by().values("pk"))
    if chosen.filter(status=BadgeStatus.AWARDED).count() > _MOST:
        messages.error(request, gettext("Choose %d badges at most; nothing was revoked.") % _MOST)
        return None
    return _ask_or_revoke(modeladmin, request, chosen, then=request.get_full_path())


def revoke_view(request: HttpRequest, modeladmin: AccredibleAdmin, badge: AccredibleBadge) -> HttpResponse:
    then = address(AccredibleBadge, "change", badge.pk)
    chosen = AccredibleBadge.objects.filter(pk=badge.pk)
    return _ask_or_revoke(modeladmin, request, chosen, then=then) or HttpResponseRedirect(then)


def _ask_or_revoke(
    modeladmin: AccredibleAdmin, request: HttpRequest, chosen: QuerySet[AccredibleBadge], *, then: str
) -> HttpResponse | None:
    form = RevokeForm(request.POST if _CONFIRMED in request.POST else None)
    if form.is_valid():
        try:
            count = api.revoke_badges(chosen, reason=form.cleaned_data["reason"], user=request.user)
        except DecisionRefused as error:
            form.add_error("reason", str(error))
        except (DatabaseError, InterfaceError) as error:
            form.add_error("reason", _not_stored(error))
        else:
            if count:
                messages.success(request, ngettext("%d badge revoked.", "%d badges revoked.", count) % count)
            else:
                messages.warning(request, gettext("There was nothing left to revoke."))
            return HttpResponseRedirect(then)
    awarded = list(chosen.filter(status=BadgeStatus.AWARDED).select_related("user"))
    if not awarded:
        messages.warning(request, gettext("There is nothing to revoke: what you chose is revoked already."))
        return None
    return modeladmin.render(
        request,
        "revoke.html",
        gettext("Revoke badges?"),
        badges=awarded,
        form=form,
        back=then,
        revocation=_revocation(),
        action=request.POST.get("action", ""),
        checkbox_name=helpers.ACTION_CHECKBOX_NAME,
        confirmed_name=_CONFIRMED,
        media=modeladmin.media + form.media,
    )


def _not_stored(error: Exception) -> str:
    return f"{gettext('Nothing was changed.')} {api.why_not_stored(error)}"


def _revocation() -> str:
    try:
        return conf.choice("REVOCATION", Revocation.values)
    except ConfigurationError:
        return ""
