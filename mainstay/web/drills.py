"""Drills: the calendar, one as it goes on, and what came of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import authorise
from mainstay.domain.drill import Score, score
from mainstay.incidents.queries import of_drill
from mainstay.people import queries as people
from mainstay.plans import actions, queries
from mainstay.plans.models import Drill
from mainstay.reviews import actions as reviews
from mainstay.reviews.queries import actions_of_drill
from mainstay.web import lists
from mainstay.web.access import actor, may, or_404, page, visible, where
from mainstay.web.attempt import attempt
from mainstay.web.entered import day, moment
from mainstay.web.entered import number as figure
from mainstay.web.live import live
from mainstay.web.reviews import around_actions

STATES = ("", *queries.DRILL_STATES)
ACTS = (
    "start", "cancel", "inject", "alarm", "step", "note", "recover", "end", "attend", "find",
)  # fmt: skip


@page("drill.read")
def drills(request: HttpRequest) -> HttpResponse:
    """When each system wants its next one, all that were planned, and the form that plans one."""
    now, sight = datetime.now(UTC), visible(request)
    wanted = {"state": lists.chosen(request, "state", STATES), "system": request.GET.get("system", "")}
    found = queries.drills(states=[wanted["state"]] if wanted["state"] else [], system=wanted["system"], sight=sight)
    systems = list(catalogue.systems(sight))
    mine = where(request, "drill.plan", [one.name for one in systems])
    context = {
        **lists.shown(request, found), "wanted": wanted, "states": STATES, "systems": systems,
        "calendar": queries.wanted(now, sight), "plans": queries.plans(state="in-force").filter(system__name__in=mine),
        "given": request.GET.get("plan", ""), "kinds": actions.KINDS, "zone": timezone.get_current_timezone_name(),
    }  # fmt: skip
    return render(request, "drills.html", context)


@page("drill.plan")
@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """Put one into the calendar; its time is read on the reader's clocks."""
    form, name = request.POST, request.POST.get("plan", "")
    found = or_404(lambda: queries.plan(name, visible(request)))
    authorise(actor(request), "drill.plan", system=found.system.name)
    made: list[Drill] = []

    def work() -> None:
        at = moment(form.get("at", ""))
        made.append(actions.plan_drill(name, form.get("kind", ""), at, goal=form.get("goal", ""), actor=actor(request)))

    if attempt(request, work, _("It is in the calendar.")):
        return redirect("drill", made[0].pk)
    return redirect("drills")


@page("drill.read")
def drill(request: HttpRequest, number: int) -> HttpResponse:
    """One with its steps, its record and what may be done now; it goes on by itself."""
    row = or_404(lambda: queries.drill(number, visible(request)))
    system, document = row.plan.system.name, queries.document(row)
    ticked = {one.place: one for one in queries.record_of(row) if one.place}
    context = {
        "drill": row, "document": document, "found": list(of_drill(row.pk)), "story": list(queries.record_of(row)),
        "steps": [
            {"place": place, "step": one, "entry": ticked.get(place)}
            for place, one in enumerate(document["steps"], 1)
        ],
        "so_far": _so_far(row), "attendances": list(row.attendances.all()), "rows": actions_of_drill(number),
        "can": {act: may(request, f"drill.{act}", system) for act in ACTS}, **around_actions(request, system),
        "names": people.people().values_list("username", flat=True),
        "next_step": next((place for place, _one in enumerate(document["steps"], 1) if place not in ticked), 0),
    }  # fmt: skip
    return live(request, "drill", context)


def _so_far(row: Drill) -> Score | dict[str, Any] | None:
    """The score of one that is over, or as it would be if it ended now."""
    if row.state == "done":
        return dict(row.score)
    return score(queries.course(row), queries.limits(row)) if row.state == "running" else None


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    or_404(lambda: queries.drill(number, visible(request)))
    attempt(request, work, done)
    return redirect("drill", number)


@page("drill.cancel")
@require_POST
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    reason, who = request.POST.get("reason", ""), actor(request)
    return _act(request, number, lambda: actions.cancel(number, reason=reason, actor=who), _("It is called off."))


@page("drill.start")
@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, number, lambda: actions.start(number, actor=actor(request)), _("The drill has begun."))


@page("drill.inject")
@require_POST
def inject(request: HttpRequest, number: int) -> HttpResponse:
    text, who = request.POST.get("text", ""), actor(request)
    done = _("The fault is brought about; the clocks run.")
    return _act(request, number, lambda: actions.inject(number, text=text, actor=who), done)


@page("drill.alarm")
@require_POST
def alarm(request: HttpRequest, number: int) -> HttpResponse:
    text, who = request.POST.get("text", ""), actor(request)
    return _act(request, number, lambda: actions.alarm(number, text=text, actor=who), _("The incident is opened."))


@page("drill.step")
@require_POST
def step(request: HttpRequest, number: int) -> HttpResponse:
    form, who = request.POST, actor(request)
    place = int(form["place"]) if form.get("place", "").isdecimal() and len(form["place"]) < 6 else 0

    def work() -> None:
        actions.step(number, place, skipped=form.get("do") == "skip", text=form.get("text", ""), actor=who)

    return _act(request, number, work, _("The step is ticked off."))


@page("drill.note")
@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    form, who = request.POST, actor(request)
    wrong = form.get("do") == "wrong"
    return _act(
        request, number, lambda: actions.note(number, form.get("text", ""), wrong=wrong, actor=who), _("Noted.")
    )


@page("drill.recover")
@require_POST
def recover(request: HttpRequest, number: int) -> HttpResponse:
    text, who = request.POST.get("text", ""), actor(request)
    return _act(request, number, lambda: actions.recover(number, text=text, actor=who), _("The system is back."))


@page("drill.end")
@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """``loss`` is in minutes here."""
    form, who = request.POST, actor(request)

    def work() -> None:
        loss = figure(form["loss"]) * 60 if form.get("loss") else None
        actions.end(number, text=form.get("text", ""), loss=loss, leave="leave" in form, actor=who)

    return _act(request, number, work, _("The drill is over; this is its score."))


@page("drill.attend")
@require_POST
def attend(request: HttpRequest, number: int) -> HttpResponse:
    form, who = request.POST, actor(request)

    def work() -> None:
        hours = figure(form["hours"]) if form.get("hours") else None
        actions.attend(number, form.get("person", ""), role=form.get("role", ""), hours=hours, actor=who)

    return _act(request, number, work, _("It is on record."))


@page("drill.find")
@require_POST
def find(request: HttpRequest, number: int) -> HttpResponse:
    form, who = request.POST, actor(request)

    def work() -> None:
        due = day(form.get("due", ""))
        reviews.act_on_drill(number, form.get("title", ""), owner=form.get("owner", ""), due=due, actor=who)

    return _act(request, number, work, _("Agreed."))
