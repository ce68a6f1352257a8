"""``mainstay drill …``: the calendar, one from its beginning to its score, and what came of it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from mainstay.api.plan_rows import attendance_row, drill_row, drill_rows, entry_row, wanted_row
from mainstay.cli.output import AsJson, Limit, print_json, print_one, print_rows
from mainstay.cli.reviews import print_action
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.duration import format_duration
from mainstay.plans import actions, queries
from mainstay.plans.models import Drill, Entry
from mainstay.reviews import actions as reviews

drill_app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The drill's number.")]
Words = Annotated[str, typer.Option("--text", help="A word on it.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(drill_app, name="drill")


@drill_app.command("list")
def list_drills(
    state: Annotated[str, typer.Option(help="planned, running, done or cancelled.")] = "",
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Drills, the newest first."""
    found = queries.drills(states=[state] if state else [], system=system, sight=acting("drill.read").sight)
    rows = [drill_row(row) for row in found[:limit]]
    columns = ("id", "state", "kind", "plan", "system", "planned_at", "points", "passed")
    print_rows(rows, columns, _("there is no drill"), as_json=as_json, count=found.count())


@drill_app.command("calendar")
def show_calendar(as_json: AsJson = False) -> None:
    """When each system wants its next drill. Exit code 1 when one is overdue."""
    rows = [wanted_row(one) for one in queries.wanted(datetime.now(UTC), acting("drill.read").sight)]
    if as_json:
        print_json({"items": rows})
    else:
        columns = ("system", "due", "overdue", "plan", "last", "planned")
        print_rows(rows, columns, _("no plan in force wants drills"), as_json=False)
    if any(row["overdue"] for row in rows):
        raise typer.Exit(1)


@drill_app.command("show")
def show_drill(number: Number, as_json: AsJson = False) -> None:
    """One drill with its score, its steps and what came of it."""
    sight = acting("drill.read").sight
    with told(_absent(number)):
        row = queries.drill(number, sight)
    _report(row, as_json)


def _report(drill: Drill, as_json: bool) -> None:
    row = drill_rows(drill)
    if as_json:
        print_json(row)
        return
    _said(drill, as_json=False)
    lines = [
        {
            "name": one["name"], "limit": _long(one["limit"], one["unit"]),
            "measured": _long(one["measured"], one["unit"]), "outcome": one["verdict"],
        }
        for one in row["score"]
    ]  # fmt: skip
    print_rows(lines, ("name", "limit", "measured", "outcome"), "", as_json=False)
    print_rows(row["entries"], ("at", "word", "place", "actor", "text"), "", as_json=False)
    print_rows(row["attendances"], ("person", "role", "hours"), "", as_json=False)
    print_rows(row["actions"], ("id", "state", "due", "owner", "title", "ending", "proof"), "", as_json=False)


def _long(number: float | None, unit: str) -> str:
    if number is None:
        return ""
    return format_duration(round(number)) if unit == "s" else f"{number:g}"


@drill_app.command("plan")
def plan_drill(
    plan: Annotated[str, typer.Argument(help="The plan that is drilled.")],
    at: Annotated[str, typer.Option(help="When, such as 2027-01-31T14:00+08:00.")],
    live: Annotated[bool, typer.Option("--live/--table", help="Bring the fault about, or talk it through.")] = False,
    goal: Annotated[str, typer.Option(help="What it is to show.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put a drill into the calendar."""
    with told(_("there is no plan {name}; mainstay plan list shows them").format(name=plan)):
        moment = datetime.fromisoformat(at)
        moment = moment if moment.tzinfo else moment.astimezone()
        kind = "live" if live else "table"
        _said(actions.plan_drill(plan, kind, moment, goal=goal, actor=acting("drill.plan")), as_json)


@drill_app.command("cancel")
def cancel_drill(
    number: Number, reason: Annotated[str, typer.Option(help="Why it is called off.")], as_json: AsJson = False
) -> None:
    """Call a drill off, before its fault is brought about."""
    with told(_absent(number)):
        _said(actions.cancel(number, reason=reason, actor=acting("drill.cancel")), as_json)


@drill_app.command("start")
def start_drill(number: Number, as_json: AsJson = False) -> None:
    """Begin a drill: the plan in force and what is asked are frozen."""
    with told(_absent(number)):
        _said(actions.start(number, actor=acting("drill.start")), as_json)


@drill_app.command("inject")
def inject_drill(number: Number, text: Words = "", as_json: AsJson = False) -> None:
    """Bring the fault of a live drill about by the plan's runbook; or say that it was done by hand."""
    with told(_absent(number)):
        _said(actions.inject(number, text=text, actor=acting("drill.inject")), as_json)


@drill_app.command("alarm")
def alarm_drill(number: Number, text: Words = "", as_json: AsJson = False) -> None:
    """Open the incident of a live drill by hand, because no check has seen the fault."""
    with told(_absent(number)):
        _said(actions.alarm(number, text=text, actor=acting("drill.alarm")), as_json)


@drill_app.command("step")
def tick_step(
    number: Number,
    place: Annotated[int, typer.Argument(help="The step's number in the plan.")],
    skipped: Annotated[bool, typer.Option("--skipped", help="It was left out.")] = False,
    text: Words = "",
    as_json: AsJson = False,
) -> None:
    """A step of the plan is done, or was left out."""
    with told(_absent(number)):
        _line(actions.step(number, place, skipped=skipped, text=text, actor=acting("drill.step")), as_json)


@drill_app.command("note")
def note_drill(
    number: Number,
    text: Annotated[str, typer.Argument(help="What was seen or done.")],
    wrong: Annotated[bool, typer.Option("--wrong", help="It was a wrong turn.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write something into the drill's record."""
    with told(_absent(number)):
        _line(actions.note(number, text, wrong=wrong, actor=acting("drill.note")), as_json)


@drill_app.command("recover")
def recover_drill(number: Number, text: Words = "", as_json: AsJson = False) -> None:
    """The system is back; of a live drill the incident ends with it."""
    with told(_absent(number)):
        _said(actions.recover(number, text=text, actor=acting("drill.recover")), as_json)


@drill_app.command("end")
def end_drill(
    number: Number,
    loss: Annotated[float | None, typer.Option(min=0, help="Seconds of data that were lost.")] = None,
    leave: Annotated[bool, typer.Option("--leave", help="Although its fault goes on, which makes it real.")] = False,
    text: Words = "",
    as_json: AsJson = False,
) -> None:
    """End a drill and reckon its score. Exit code 1 when it is not passed."""
    with told(_absent(number)):
        drill = actions.end(number, text=text, loss=loss, leave=leave, actor=acting("drill.end"))
    _report(drill, as_json)
    if not drill.passed:
        raise typer.Exit(1)


@drill_app.command("attend")
def attend_drill(
    number: Number,
    person: Annotated[str, typer.Argument(help="Who took part.")],
    role: Annotated[str, typer.Option(help="In which role.")] = "",
    hours: Annotated[float | None, typer.Option(help="For so many hours; else as long as it lasted.")] = None,
    as_json: AsJson = False,
) -> None:
    """Somebody took part in a drill; it counts as training."""
    with told(_absent(number)):
        row = attendance_row(actions.attend(number, person, role=role, hours=hours, actor=acting("drill.attend")))
    sentence = _("{person} took part in drill {number}, {hours} h").format(
        person=person, number=number, hours=f"{row['hours']:g}"
    )
    print_one(row, sentence, as_json=as_json)


@drill_app.command("find")
def act_on_drill(
    number: Number,
    title: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option(help="Who does it: the name of a person.")],
    due: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="By when.")],
    as_json: AsJson = False,
) -> None:
    """What a drill showed becomes an action; mainstay review end, change and accept go on with it."""
    with told(_absent(number)):
        made = reviews.act_on_drill(number, title, owner=owner, due=due.date(), actor=acting("drill.find"))
    print_action(made, as_json)


def _line(entry: Entry, as_json: bool) -> None:
    row = entry_row(entry)
    sentence = _("drill {number}: {word}").format(number=entry.drill_id, word=_(entry.word))
    print_one(row, sentence, as_json=as_json)


def _said(drill: Drill, as_json: bool) -> None:
    row = drill_rows(drill)
    sentence = _("drill {number} of {plan} is {state}").format(
        number=drill.pk, plan=drill.plan.name, state=_(drill.state)
    )
    if drill.state == "done":
        verdict = _("passed") if drill.passed else _("not passed")
        sentence = f"{sentence}: {row['points']}/100, {verdict}"
    print_one(row, sentence, as_json=as_json)


def _absent(number: int) -> str:
    return _("there is no drill {number}; mainstay drill list shows them").format(number=number)
