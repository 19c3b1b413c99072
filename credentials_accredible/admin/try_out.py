"""The page "Try out": events one after the other, and what each of them would mean for a learner. It writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, may_see, open_address
from credentials_accredible.admin.try_out_forms import (
    MOST_FIELDS,
    AddForm,
    JsonForm,
    LearnerForm,
    SaidForm,
    as_json,
    number_of_fields,
    sent_events,
)
from credentials_accredible.admin.try_out_rules import GroupRules
from credentials_accredible.models import AccredibleGroup, BadgeProgress, CustomAttribute
from credentials_accredible.text import whole_number

# Events that are filled in when the page is opened, and requirements and penalties that are explained of each event.
_MOST_FILLED = 50
_MOST_EXPLAINED = 10
# Learners that are offered, and letters of a name from which on they are.
_MOST_OFFERED = 20
_SHORTEST = 2
_LONGEST = 255


class _Said(NamedTuple):
    """An event as fields, and what is tried of it: JSON can say more than there are fields for."""

    event: api.TriedEvent
    payload: Mapping[str, Any]


class _Row(NamedTuple):
    """An event of the page, as fields and in words, and what it would do: names of what it fulfils and takes back."""

    number: int
    form: SaidForm
    words: str
    step: api.Simulation
    gained: list[str]
    renewed: list[str]
    taken: list[str]
    explained: list[tuple[str, Any]]
    unexplained: int
    reached: int


def try_out_view(request: HttpRequest, modeladmin: Any, group: AccredibleGroup) -> HttpResponse:
    """Fields for events, filled from the group's rules; after each of them, how far the learner has come."""
    rules = GroupRules(request, group)
    learner = _learner_form(request) if modeladmin.has_look_permission(request) else None
    user = learner.cleaned_data.get("learner") if learner and learner.is_valid() else None
    standing = api.standing_of(user, group) if user else api.NOWHERE
    before = frozenset(item.letter for item in standing.fulfilled.values())
    if learner and standing.has_left:
        learner.add_error("learner", gettext("This learner has left: no event of theirs counts any more."))
    json_form = JsonForm(request.POST if request.method == "POST" else None)
    add_form = AddForm(rules.offers(), request.POST if "add" in request.POST else None)
    is_changed = json_form.is_bound and json_form.has_changed()
    left_out = 0
    if is_changed and json_form.is_valid():
        said = _said_as_json(json_form, rules, group)
    elif request.method == "POST":
        said = [_Said(event, event.payload) for event in sent_events(request.POST, rules.configuration)]
    else:
        filled = rules.events(before)
        said = [_Said(event, event.payload) for event in filled[:_MOST_FILLED]]
        left_out = len(filled[_MOST_FILLED:])
    rearranged = _rearranged(request, said, add_form)
    events = [item.event for item in rearranged]
    steps = api.simulate_in_order(group, [(item.event.event_type, item.payload) for item in rearranged], standing)
    if not (is_changed and json_form.errors):
        # What was typed stays unless a button has changed it, and counts as unchanged from now on.
        typed = request.POST["json"] if is_changed and rearranged == said else as_json(events)
        json_form = JsonForm(initial={"json": typed})
    after = steps[-1].fulfilled if steps else before
    return modeladmin.render(
        request,
        "try_out.html",
        gettext("Try out"),
        original=group,
        rules=rules,
        learner=learner,
        chosen=user,
        standing=standing,
        has=[rules.names[pk] for pk in standing.fulfilled if pk in rules.names],
        lacks=rules.missing(before),
        reached=rules.reached(before),
        progress_address=_progress_address(user, group),
        rows=list(_rows(events, steps, rules, may_pick=modeladmin.has_pick_permission(request))),
        badge=steps[-1].badge if steps else standing.badge,
        earned=any(step.awards for step in steps),
        missing=rules.missing(after),
        attributes=_attributes(request, steps, standing),
        left_out=left_out,
        add_form=add_form,
        json_form=json_form,
        media=modeladmin.media + forms.Media(js=["credentials_accredible/recipes.js"]),
    )


def learners_view(request: HttpRequest, _modeladmin: AccredibleAdmin) -> JsonResponse:
    """Learners with progress or a badge whose user names begin with ``term``, as the scripts of the pages take them."""
    term = request.GET.get("term", "")[:_LONGEST].replace("\x00", "").strip()
    found = api.find_some(term, _MOST_OFFERED) if len(term) >= _SHORTEST else []
    return JsonResponse({"results": [{"id": user.get_username(), "text": _offered(user, term)} for user in found]})


def _offered(user: Any, term: str) -> str:
    """The address of whom it was typed for, which browsers compare with what was typed; of others the name alone."""
    return str(user.email if user.email.lower() == term.lower() else user.get_username())


def _learner_form(request: HttpRequest) -> LearnerForm:
    if request.method == "POST":
        return LearnerForm(request.POST)
    return LearnerForm(request.GET if "learner" in request.GET else None)


def _said_as_json(json_form: JsonForm, rules: GroupRules, group: AccredibleGroup) -> list[_Said]:
    """The events that the JSON says; none, and an error of the form, where they are more than a page can have."""
    payloads = json_form.cleaned_data["json"]
    events = [rules.as_fields(step) for step in api.simulate_in_order(group, payloads)]
    if number_of_fields(events) > MOST_FIELDS:
        json_form.add_error("json", gettext("These are more events than there can be on one page."))
        return []
    return [_Said(event, payload) for event, (_type, payload) in zip(events, payloads, strict=True)]


def _rearranged(request: HttpRequest, before: Sequence[_Said], add_form: AddForm) -> list[_Said]:
    """The events after what a button does to them."""
    events = list(before)
    if add_form.is_bound and add_form.is_valid():
        added = add_form.cleaned_data["add_event"]
        if number_of_fields([*(item.event for item in events), added]) <= MOST_FIELDS:
            return [*events, _Said(added, added.payload)]
        add_form.add_error("add_event", gettext("There is no room: these are as many events as a page can have."))
    for name, step in (("earlier", -1), ("later", 1)):
        position = _position(request, name, events)
        if position is not None and 0 <= position + step < len(events):
            events[position], events[position + step] = events[position + step], events[position]
    removed = _position(request, "remove", events)
    return [event for position, event in enumerate(events) if position != removed]


def _position(request: HttpRequest, button: str, events: Sequence[_Said]) -> int | None:
    number = whole_number(request.POST.get(button), most=len(events))
    return number - 1 if number else None


def _rows(
    events: Sequence[api.TriedEvent], steps: Sequence[api.Simulation], rules: GroupRules, *, may_pick: bool
) -> Iterator[_Row]:
    words = api.events_in_words(events)
    for number, (event, step, said) in enumerate(zip(events, steps, words, strict=True), start=1):
        gained, renewed, taken = (
            [rules.names[pk] for pk in sorted(keys)] for keys in (step.gained, step.renewed, step.taken)
        )
        explained = rules.explained(step)
        yield _Row(
            number=number,
            form=SaidForm(event, number, may_pick=may_pick),
            words=said,
            step=step,
            gained=gained,
            renewed=renewed,
            taken=taken,
            explained=explained[:_MOST_EXPLAINED],
            unexplained=len(explained[_MOST_EXPLAINED:]),
            reached=rules.reached(step.fulfilled),
        )


def _attributes(request: HttpRequest, steps: Sequence[api.Simulation], standing: api.Standing) -> dict[str, str]:
    """What the credential would tell: decided with the badge, and without one, what it would be in the end."""
    if standing.badge or not steps or not may_see(request, CustomAttribute):
        return {}
    return next((step for step in steps if step.awards), steps[-1]).attributes


def _progress_address(user: Any, group: AccredibleGroup) -> str:
    progress = BadgeProgress.objects.filter(user=user, group=group).values_list("pk", flat=True).first() if user else 0
    return open_address(BadgeProgress, "change", progress) if progress else ""
