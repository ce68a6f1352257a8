"""Runs: the list, one with its steps as they go, and what people do with it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.api.attachments import harmless, taken
from mainstay.domain.actor import person_name
from mainstay.domain.attachment import UNKNOWN
from mainstay.domain.run_plan import Node, every
from mainstay.domain.run_state import OPEN, RunState, StepState
from mainstay.runbooks import actions, queries
from mainstay.runbooks.models import Run, Step
from mainstay.web import lists
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.live import live

STATES = tuple(one.value for one in RunState)
STEER = ("pause", "resume", "cancel", "retry", "skip", "answer", "approve")


class Line(NamedTuple):
    """A step as the page shows it."""

    node: Node
    row: Step | None


@page("runbook.read")
def runs(request: HttpRequest) -> HttpResponse:
    """All runs, searched, filtered, sorted and paged by the address."""
    state, text = lists.chosen(request, "state", STATES), lists.words(request)
    sort = lists.chosen(request, "sort", queries.RUN_SORTS, "newest")
    name = request.GET.get("runbook", "")[:63]
    found = queries.runs(name=name, states=[state] if state else [], sight=visible(request), text=text, sort=sort)
    names = queries.runbooks().values_list("name", flat=True)
    context = {
        "state": state, "states": STATES, "name": name, "names": names, "text": text, "sort": sort,
        "sorts": tuple(queries.RUN_SORTS),
    }  # fmt: skip
    return render(request, "runs.html", {**context, **lists.shown(request, found)})


@page("runbook.read")
def run(request: HttpRequest, number: int) -> HttpResponse:
    """One run as a list that goes on by itself. What somebody has to do stands above it."""
    row = _run(request, number)
    rows, nodes = queries.steps(row), list(every(queries.plan(row)))
    system = row.system.name if row.system else None
    shown = [node for node in nodes if "/undo/" not in node.path or node.path in rows]
    steps = [Line(node, rows.get(node.path)) for node in shown]
    waits = [one for one in steps if one.row is not None and _needs(row, one.row.state)]
    context = {
        "run": row, "steps": steps, "waits": waits, "open": row.state in OPEN, "story": queries.story(row),
        "done": sum(1 for one in rows.values() if one.state in (StepState.DONE, StepState.SKIPPED)),
        "count": len([node for node in nodes if "/undo/" not in node.path]),
        "mine": person_name(row.asked_by) == person_name(actor(request).name),
        "can": {act: may(request, f"runbook.{act}", system) for act in STEER},
        "paused": row.wish == "pause", "ending": row.wish == "cancel",
    }  # fmt: skip
    return live(request, "run", context)


def _needs(row: Run, state: str) -> bool:
    if row.state not in OPEN:
        return False
    return state in queries.WAITS_FOR_PEOPLE or (state == StepState.FAILED and row.state == RunState.STOPPED)


@page("runbook.read")
def file(request: HttpRequest, number: int, name: int) -> HttpResponse:
    """A file that shows that something was done."""
    found = or_404(lambda: queries.proof(number, name, visible(request)))
    return harmless(bytes(found.data), found.name, UNKNOWN)


@page("runbook.pause")
@require_POST
def pause(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, number, lambda: actions.pause(number, actor=actor(request)), _("It pauses."))


@page("runbook.resume")
@require_POST
def resume(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, number, lambda: actions.resume(number, actor=actor(request)), _("It goes on."))


@page("runbook.cancel")
@require_POST
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    reason, undo = request.POST.get("reason", ""), request.POST.get("undo") == "1"
    work = lambda: actions.cancel(number, reason, undo=undo, actor=actor(request))  # noqa: E731 - named for the next line
    return _act(request, number, work, _("What was done is being undone.") if undo else _("It is cancelled."))


@page("runbook.retry")
@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    path = _path(request)
    return _act(request, number, lambda: actions.retry(number, path, actor=actor(request)), _("It is done again."))


@page("runbook.skip")
@require_POST
def skip(request: HttpRequest, number: int) -> HttpResponse:
    path, reason = _path(request), request.POST.get("reason", "")
    work = lambda: actions.skip(number, path, reason, actor=actor(request))  # noqa: E731 - named for the next line
    return _act(request, number, work, _("It goes on without this step."))


@page("runbook.approve")
@require_POST
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """By the seal of what the page showed."""
    path, form, who = _path(request), request.POST, actor(request)
    yes = form.get("do") == "yes"

    def work() -> None:
        actions.approve(
            number, path, yes=yes, seal=form.get("seal", ""), note=form.get("note", ""), actor=who
        )  # fmt: skip

    return _act(request, number, work, _("You have agreed.") if yes else _("You have said no."))


@page("runbook.answer")
@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """What was asked for, and files."""
    path, form = _path(request), request.POST
    given = {key.removeprefix("answer-"): value for key, value in form.items() if key.startswith("answer-")}

    def work() -> None:
        files = taken(request.FILES.getlist("files"))
        actions.answer(number, path, given, note=form.get("note", ""), files=files, actor=actor(request))

    return _act(request, number, work, _("It is written down."))


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    _run(request, number)
    attempt(request, work, done)
    return redirect("run", number)


def _path(request: HttpRequest) -> str:
    return request.POST.get("step", "")[:300]


def _run(request: HttpRequest, number: int) -> Run:
    return or_404(lambda: queries.run(number, visible(request)))
