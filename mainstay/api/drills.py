"""Drills: the calendar, one as it goes on, and what came of it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import plan_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.plan_rows import attendance_row, drill_row, drill_rows, entry_row, wanted_row
from mainstay.api.review_answers import ReviewAction
from mainstay.api.review_rows import action_row
from mainstay.api.reviews import ActionAgreed
from mainstay.api.shapes import Body, Moment, Number, Page, Paging, Text, page
from mainstay.plans import actions, queries
from mainstay.plans.models import Plan
from mainstay.reviews import actions as reviews

router = Router(tags=["drills"])

Words = Annotated[Text, Field(max_length=5000)]


class DrillsWanted(Schema):
    """Which drills."""

    state: Literal["", "planned", "running", "done", "cancelled"] = ""
    system: Text = ""
    plan: Text = ""


class DrillPlanned(Body):
    """Which plan is drilled, how and when."""

    plan: Text
    kind: Literal["table", "live"] = "table"
    at: Moment
    goal: Annotated[Text, Field(max_length=500)] = ""


class DrillReason(Body):
    """Why it is called off."""

    reason: Words


class DrillSaid(Body):
    """A word on it, which may be left out."""

    text: Words = ""


class DrillTicked(Body):
    """A step of the plan, by its number."""

    place: int = Field(ge=1, le=10_000)
    skipped: bool = False
    text: Words = ""


class DrillNoted(Body):
    """Something worth knowing; ``wrong``: somebody took a wrong turn."""

    text: Words
    wrong: bool = False


class DrillEnded(Body):
    """``loss``: seconds of data that were lost. ``leave``: although its fault goes on, which makes it real."""

    text: Words = ""
    loss: float | None = Field(None, ge=0)
    leave: bool = False


class DrillAttended(Body):
    """Who took part, in which role, for how many hours; as long as it lasted by default."""

    person: Text
    role: Annotated[Text, Field(max_length=100)] = ""
    hours: float | None = None


@router.get("/drills", response=Page[answers.Drill], **needs("drill.read"))
def list_drills(request: HttpRequest, paging: Query[Paging], wanted: Query[DrillsWanted]) -> Any:
    """The newest first."""
    states = [wanted.state] if wanted.state else []
    found = queries.drills(states=states, system=wanted.system, plan=wanted.plan, sight=sight(request))
    return page(request, found, paging, drill_row)


@router.get("/drills/calendar", response=answers.DrillCalendar, **needs("drill.read"))
def show_drill_calendar(request: HttpRequest) -> Any:
    """When each system wants its next drill."""
    return {"items": [wanted_row(one) for one in queries.wanted(datetime.now(UTC), sight(request))]}


@router.post("/drills", response=answers.Drill, **needs("drill.plan"))
def plan_drill(request: HttpRequest, body: DrillPlanned) -> Any:
    """Put a drill into the calendar."""
    if not queries.plans(sight=sight(request)).filter(name=body.plan).exists():
        raise Plan.DoesNotExist
    return drill_row(actions.plan_drill(body.plan, body.kind, body.at, goal=body.goal, actor=actor(request)))


@router.get("/drills/{number}", response=answers.WholeDrill, **needs("drill.read"))
def show_drill(request: HttpRequest, number: Number) -> Any:
    return drill_rows(queries.drill(number, sight(request)))


@router.post("/drills/{number}/cancel", response=answers.Drill, **needs("drill.cancel"))
def cancel_drill(request: HttpRequest, number: Number, body: DrillReason) -> Any:
    return drill_row(actions.cancel(number, reason=body.reason, actor=actor(request)))


@router.post("/drills/{number}/start", response=answers.WholeDrill, **needs("drill.start"))
def start_drill(request: HttpRequest, number: Number) -> Any:
    """The plan's version in force and what is asked are frozen."""
    return drill_rows(actions.start(number, actor=actor(request)))


@router.post("/drills/{number}/inject", response=answers.WholeDrill, **needs("drill.inject"))
def inject_drill(request: HttpRequest, number: Number, body: DrillSaid) -> Any:
    """Bring the fault about, by the plan's runbook (needs runbook.run); or say that it was done by hand."""
    return drill_rows(actions.inject(number, text=body.text, actor=actor(request)))


@router.post("/drills/{number}/alarm", response=answers.WholeDrill, **needs("drill.alarm"))
def alarm_drill(request: HttpRequest, number: Number, body: DrillSaid) -> Any:
    """No check has seen the fault: open the incident by hand."""
    return drill_rows(actions.alarm(number, text=body.text, actor=actor(request)))


@router.post("/drills/{number}/step", response=answers.DrillEntry, **needs("drill.step"))
def tick_drill_step(request: HttpRequest, number: Number, body: DrillTicked) -> Any:
    """A step is done or left out."""
    return entry_row(actions.step(number, body.place, skipped=body.skipped, text=body.text, actor=actor(request)))


@router.post("/drills/{number}/note", response=answers.DrillEntry, **needs("drill.note"))
def note_drill(request: HttpRequest, number: Number, body: DrillNoted) -> Any:
    return entry_row(actions.note(number, body.text, wrong=body.wrong, actor=actor(request)))


@router.post("/drills/{number}/recover", response=answers.WholeDrill, **needs("drill.recover"))
def recover_drill(request: HttpRequest, number: Number, body: DrillSaid) -> Any:
    """The system is back; of a live drill the incident ends with it (needs incident.resolve)."""
    return drill_rows(actions.recover(number, text=body.text, actor=actor(request)))


@router.post("/drills/{number}/end", response=answers.WholeDrill, **needs("drill.end"))
def end_drill(request: HttpRequest, number: Number, body: DrillEnded) -> Any:
    """The score is reckoned, and who took part is on record."""
    ended = actions.end(number, text=body.text, loss=body.loss, leave=body.leave, actor=actor(request))
    return drill_rows(ended)


@router.post("/drills/{number}/attend", response=answers.DrillAttendance, **needs("drill.attend"))
def attend_drill(request: HttpRequest, number: Number, body: DrillAttended) -> Any:
    """Somebody took part; it counts as training."""
    return attendance_row(
        actions.attend(number, body.person, role=body.role, hours=body.hours, actor=actor(request))
    )  # fmt: skip


@router.post("/drills/{number}/find", response=ReviewAction, **needs("drill.find"))
def act_on_drill(request: HttpRequest, number: Number, body: ActionAgreed) -> Any:
    """What the drill showed becomes an action, which is chased and ends as one of a review does."""
    return action_row(
        reviews.act_on_drill(number, body.title, owner=body.owner, due=body.due, actor=actor(request))
    )  # fmt: skip
