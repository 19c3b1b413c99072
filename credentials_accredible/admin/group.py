"""The admin pages of groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin import deletion
from credentials_accredible.admin.attributes import CustomAttributeInline, attribute_keys_view, note_change, tell_doubts
from credentials_accredible.admin.backfill import backfill_view, offer_backfill, reevaluate_view
from credentials_accredible.admin.base import OBJECT, Page, Tool, address, may, may_see
from credentials_accredible.admin.earnable import EarnableGroupAdmin
from credentials_accredible.admin.filters import YesNoFilter
from credentials_accredible.admin.group_form import AccredibleGroupForm, courses_view, group_form
from credentials_accredible.admin.group_head import group_head, picture_url
from credentials_accredible.admin.history import HistoryAdmin
from credentials_accredible.admin.rule_cards import BadgePenaltyInline, BadgeRequirementInline
from credentials_accredible.admin.try_out import learners_view, try_out_view
from credentials_accredible.exceptions import ActivationRefused
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    SyncChange,
)

_AT_ACCREDIBLE = (
    "api_config",
    "accredible_id",
    "dashboard_link",
    "internal_name",
    "description",
    "design_id",
    "remote_created_at",
    "remote_updated_at",
    "synced_at",
    "uuid",
)

# The button "Save and activate".
ACTIVATE = "_activate"
# Marks a request that has activated its group.
_ACTIVATED = "accredible_activated"


class ConfiguredFilter(YesNoFilter):
    title = _("requirements")
    parameter_name = "configured"
    answers = (("yes", _("with requirements")), ("no", _("without requirements")))
    condition = Q(Exists(BadgeRequirement.objects.filter(group=OuterRef("pk"))))


@admin.register(AccredibleGroup)
class AccredibleGroupAdmin(HistoryAdmin, EarnableGroupAdmin):
    """Imported groups: what Accredible says is shown, what is decided here is edited."""

    extra_pages = (
        *HistoryAdmin.extra_pages,
        Page(f"{OBJECT}try-out/", "try_out", try_out_view, ["view", "try"]),
        Page(f"{OBJECT}re-evaluate/", "reevaluate", reevaluate_view, ["change"]),
        # What it awards can be sent at once.
        Page(f"{OBJECT}backfill/", "backfill", backfill_view, ["change"], in_transaction=False),
        Page("courses/", "courses", courses_view, ["pick"]),
        Page("learners/", "learners", learners_view, ["look"]),
        Page(
            f"{OBJECT}attribute-keys/",
            "attribute_keys",
            attribute_keys_view,
            ["view", "attribute"],
            in_transaction=False,
        ),
    )
    form = AccredibleGroupForm

    class Media:
        css = {
            "all": [
                "admin/css/vendor/select2/select2.min.css",
                "admin/css/autocomplete.css",
                "credentials_accredible/group.css",
            ]
        }
        # As the admin's own fields that complete what one types.
        js = [
            "admin/js/vendor/jquery/jquery.min.js",
            "admin/js/vendor/select2/select2.full.min.js",
            "admin/js/jquery.init.js",
        ]

    list_display = ["name", "icon_small", "api_config", "accredible_id", "is_active", "requirement_count"]
    list_display_links = ["name"]
    list_filter = ["is_active", ConfiguredFilter, "api_config"]
    list_select_related = ["api_config"]
    search_fields = ["name", "internal_name", "accredible_id"]
    # Annotated querysets lose the model's own order, and completions need one.
    ordering = ["api_config", "accredible_id"]
    actions = ["activate", "deactivate"]
    inlines = [BadgeRequirementInline, BadgePenaltyInline, CustomAttributeInline]
    # The page folds the second one away, below all that is decided here.
    fieldsets = [(None, {"fields": ["is_active", "site"]}), (None, {"fields": _AT_ACCREDIBLE})]
    readonly_fields = [*_AT_ACCREDIBLE]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccredibleGroup]:
        return super().get_queryset(request).annotate(requirement_total=Count("requirements"))

    def affected_groups(self, objs: Iterable[AccredibleGroup]) -> set[int]:
        return {group.pk for group in objs}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Groups are made at Accredible and imported by a sync."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccredibleGroup | None = None) -> bool:
        """An active group is deactivated first."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_active)

    def has_try_permission(self, request: HttpRequest) -> bool:
        """The answer alone, asked often enough, tells what the requirements and penalties are."""
        return may_see(request, BadgeRequirement) and may_see(request, BadgePenalty)

    def has_look_permission(self, request: HttpRequest) -> bool:
        """To try a group with a real learner tells what they have."""
        return may_see(request, BadgeProgress) and may_see(request, AccredibleBadge)

    def has_pick_permission(self, request: HttpRequest) -> bool:
        """The titles of courses are for who writes rules about them."""
        return any(
            may(request, f"{right}_{what}")
            for right in ("add", "change")
            for what in ("badgerequirement", "badgepenalty")
        )

    def has_attribute_permission(self, request: HttpRequest) -> bool:
        return may(request, "add_customattribute") or may(request, "change_customattribute")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a deletion would take along, in figures; active groups are protected from it."""
        groups = list(objs)
        to_delete, counts, missing, protected = deletion.of_groups(request, self.admin_site, groups)
        # For an active one, not a permission is missing, but a reason stands against it.
        protected += [gettext("%s is active: deactivate it first") % group for group in groups if group.is_active]
        return to_delete, counts, missing, protected

    def delete_model(self, request: HttpRequest, obj: AccredibleGroup) -> None:
        deletion.tell_of_snapshots(request, api.remove_groups([obj], user=request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AccredibleGroup]) -> None:
        deletion.tell_of_snapshots(request, api.remove_groups(queryset, user=request.user))

    @admin.action(permissions=["change"], description=_("Activate selected groups"))
    def activate(self, request: HttpRequest, queryset: QuerySet[AccredibleGroup]) -> None:
        done = 0
        for group in queryset:
            try:
                api.activate_group(group)
                self.log_change(request, group, gettext("Activated."))
                tell_doubts(request, group)
                offer_backfill(request, group)
                done += 1
            except ActivationRefused as error:
                text = gettext("%(group)s was not activated: %(reason)s")
                messages.error(request, text % {"group": group, "reason": error})
        if done:
            messages.success(request, ngettext("%d group activated.", "%d groups activated.", done) % done)

    @admin.action(permissions=["change"], description=_("Deactivate selected groups"))
    def deactivate(self, request: HttpRequest, queryset: QuerySet[AccredibleGroup]) -> None:
        active = list(queryset.filter(is_active=True))
        for group in active:
            api.deactivate_group(group)
            self.log_change(request, group, gettext("Deactivated."))
        done = len(active)
        messages.success(request, ngettext("%d group deactivated.", "%d groups deactivated.", done) % done)

    @admin.display(description=_("requirements"), ordering="requirement_total")
    def requirement_count(self, group: Any) -> int:
        return int(group.requirement_total)

    @admin.display(description=_("icon"))
    def icon_small(self, group: AccredibleGroup) -> str:
        # Pictures come from Accredible, and are nobody else's business.
        picture = '<img class="accredible-icon" src="{}" alt="" loading="lazy" referrerpolicy="no-referrer">'
        return format_html(picture, url) if (url := picture_url(group)) else "-"

    @admin.display(description=_("dashboard"))
    def dashboard_link(self, group: AccredibleGroup) -> str:
        url = group.management_url
        if not url:
            return "-"
        return format_html(
            '<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', url, _("Open in Accredible")
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page begins with what the group is, as it is stored: a form that was refused has changed nothing."""
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        context["accredible_head"] = group_head(request, context["original"], context["adminform"].form, formsets)
        return super().render_change_form(request, context, *args, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "site":
            # It is chosen here. Whoever wants to delete a site does not look for the button beside a badge.
            for right in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{right}_related", False)
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if self.has_change_permission(request, obj):
            kwargs["form"] = group_form(request)
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: AccredibleGroup, form: Any, change: bool) -> None:
        if obj.is_active and "is_active" in form.changed_data:
            setattr(request, _ACTIVATED, True)
        super().save_model(request, obj, form, change)
        if planned := getattr(obj, "planned", None):
            api.configure(obj, planned)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        note_change(request, formset)
        super().save_formset(request, form, formset, change)

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        """A penalty can take back what is added on the same page."""
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]
        by_model = {formset.model: formset for formset in formsets}
        if BadgePenalty in by_model:
            by_model[BadgePenalty].requirement_cards = by_model.get(BadgeRequirement)
        return formsets, inlines

    @method_decorator(transaction.non_atomic_requests)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Where attributes were changed, Accredible is asked about them once they are saved; hence no transaction."""
        if ACTIVATE in request.POST:
            # As if the box had been ticked; then one wants to see the active group.
            sent = request.POST.copy()
            sent.update({"is_active": "on", "_continue": "1"})
            request.POST = sent  # type: ignore[assignment]
        response = super().change_view(request, object_id, form_url, extra_context)
        saved = request.method == "POST" and isinstance(response, HttpResponseRedirectBase)
        group = self.get_object(request, unquote(object_id)) if saved else None
        if group:
            tell_doubts(request, group)
            if getattr(request, _ACTIVATED, False):
                offer_backfill(request, group)
        return response

    def object_tools(self, request: HttpRequest, obj: AccredibleGroup) -> list[Tool]:
        tools = []
        # Who may change the group adds both on its page.
        adds_elsewhere = not self.has_change_permission(request)
        if adds_elsewhere and may(request, "add_badgerequirement"):
            tools.append(Tool(address(BadgeRequirement, "add", group=obj.pk), _("Add a requirement"), "addlink"))
        if adds_elsewhere and may(request, "add_badgepenalty"):
            tools.append(Tool(address(BadgePenalty, "add", group=obj.pk), _("Add a penalty"), "addlink"))
        if self.has_try_permission(request):
            tools.append(Tool(address(AccredibleGroup, "try_out", obj.pk), _("Try out")))
        if self.has_change_permission(request):
            tools.append(Tool(address(AccredibleGroup, "reevaluate", obj.pk), _("Re-evaluate progress")))
            if api.can_backfill():
                tools.append(Tool(address(AccredibleGroup, "backfill", obj.pk), _("Backfill")))
        if may(request, "award_accrediblebadge"):
            tools.append(Tool(address(AccredibleBadge, "award", group=obj.pk), _("Award by hand")))
        if may(request, "view_syncrun"):
            tools.append(Tool(address(SyncChange, "changelist", group__id__exact=obj.pk), _("Changes by syncs")))
        return tools
