"""``mainstay incident …``: find, read, take on, note, grade, end."""

import math
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils.timezone import get_current_timezone

from mainstay.api.diagnosis_rows import deployment_row
from mainstay.api.figures import figures_row
from mainstay.api.incident_stats import statistics_row
from mainstay.api.rows import entry_row, incident_row, incident_rows, signal_row
from mainstay.cli.diagnosis import diagnose
from mainstay.cli.output import AsJson, Limit, ago, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.diagnosis import queries as diagnosis
from mainstay.domain.clock import Reason as Waiting
from mainstay.domain.duration import format_duration
from mainstay.domain.figures import MOST_MONTHS
from mainstay.incidents import actions, queries
from mainstay.incidents import figures as found
from mainstay.incidents.clocks import clocks_of
from mainstay.incidents.models import Incident

incident_app = typer.Typer(no_args_is_help=True)


class Sort(StrEnum):
    """Orders of the list."""

    DUE = "due"
    NEWEST = "newest"
    OLDEST = "oldest"
    LEVEL = "level"


Number = Annotated[int, typer.Argument(help="The incident's number.")]
Note = Annotated[str, typer.Option("--note", help="Words for the timeline.")]
Reason = Annotated[str, typer.Option(help="Why; it goes on the timeline.")]
Category = Annotated[str | None, typer.Option(help="system, data or business.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    incident_app.command("diagnose")(diagnose)
    app.add_typer(incident_app, name="incident")


@incident_app.command("list")
def list_incidents(
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    text: Annotated[str, typer.Option(help="Words of the title, or a number.")] = "",
    sort: Annotated[Sort, typer.Option(help="In which order.")] = Sort.DUE,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Running incidents, what is due next first."""
    sight = acting("incident.read").sight
    found = queries.search(state="" if every else "running", system=system, text=text, sort=sort, sight=sight)
    columns = ("id", "level", "category", "state", "system", "title", "since", "due_at")
    rows = [{**incident_row(row), **({} if as_json else {"title": row.called})} for row in found[:limit]]
    print_rows(rows, columns, _("no incident is running"), as_json=as_json, count=found.count())


@incident_app.command("show")
def show_incident(number: Number, as_json: AsJson = False) -> None:
    """One incident with its clocks, its members, its timeline, and why it was grouped, graded and told so."""
    sight = acting("incident.read").sight
    with told(_absent(number)):
        found = queries.incident(number, sight)
        clocked = clocks_of([found], datetime.now(UTC))[number]
        row = incident_rows(
            found, clocked, queries.members(number), queries.timeline(number), queries.explain(number),
            changes=[deployment_row(one) for one in diagnosis.changes_before(found)],
        )  # fmt: skip
    if as_json:
        print_json(row)
        return
    print(f"{row['id']}  {titled(found.called)}")
    print(
        _("level {level}, {category}, {state}, since {since}").format(
            level=row["level"], category=_(row["category"]), state=_(row["state"]), since=ago(row["since"])
        )
    )
    for one in row["clocks"]:
        print(_clock_line(one))
    if row["pause"]:
        print(_("waits for {reason}: {text}").format(reason=_(row["pause"]["reason"]), text=row["pause"]["text"]))
    print_rows(row["members"], ("role", "check", "state", "joined_at", "recovered_at"), "", as_json=False)
    for entry in row["timeline"]:
        print(f"  {entry['at']:%Y-%m-%d %H:%M:%S}  {_(entry['word']):13} {entry['actor']}  {entry['text']}")
        for one in entry["files"]:
            print("    " + _("file {id}: {name}, {size} bytes").format(**one))


def _clock_line(row: dict[str, Any]) -> str:
    """How one clock stands."""
    words = {
        "clock": _(row["clock"]), "limit": format_duration(round(row["limit"])), "stand": _(row["stand"]),
        "left": format_duration(round(abs(row["left"]))),
    }  # fmt: skip
    late = _("{clock} within {limit}: {stand}, late by {left}")
    return (late if row["late"] else _("{clock} within {limit}: {stand}, {left} left")).format(**words)


@incident_app.command("alerts")
def list_incident_alerts(
    number: Number,
    text: Annotated[str, typer.Option(help="Part of a title, or of what the other program calls it.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """What other programs told about it: of each alert whose it was, and why nobody was told of it by itself."""
    sight = acting("incident.read").sight
    with told(_absent(number)):
        found = queries.signals(queries.incident(number, sight).pk, text)
    columns = ("part", "component", "title", "severity", "state", "since", "ended_at")
    rows = [signal_row(row) for row in found[:limit]]
    print_rows(rows, columns, _("no other program told anything about it"), as_json=as_json, count=found.count())


@incident_app.command("stats")
def statistics(system: Annotated[str, typer.Option(help="Only this system's.")] = "", as_json: AsJson = False) -> None:
    """The last 26 weeks in numbers: how many, of what kind, and how long people took."""
    sight = acting("incident.read").sight
    row = statistics_row(queries.statistics(datetime.now(UTC), get_current_timezone(), system, sight))
    if as_json:
        print_json(row)
        return
    print(_("{number} incidents since {day}").format(number=row["total"], day=row["from"]))
    weeks = [{"week": one["week"], **{f"level {key}": n for key, n in one["levels"].items()}} for one in row["weeks"]]
    print_rows(weeks, ("week", "level 1", "level 2", "level 3"), "", as_json=False)
    kinds = [{"category": key, "count": count} for key, count in row["categories"].items()]
    print_rows(kinds, ("category", "count"), "", as_json=False)
    print_rows(row["systems"], ("system", "count"), "", as_json=False)
    for act, title in (("acknowledge", _("until somebody took it on")), ("resolve", _("until it was over"))):
        paces = [{"of": _("all"), **row["pace"][act]}]
        paces += [{"of": _("level {level}").format(**one), **one[act]} for one in row["levels"]]
        paces += [{"of": one["month"], **one[act]} for one in row["months"]]
        print(title)
        cells = [{**one, "mean": _lasting(one["mean"]), "median": _lasting(one["median"])} for one in paces]
        print_rows(cells, ("of", "count", "mean", "median"), "", as_json=False)
    print(_("within the clocks"))
    shares = [{"of": _("all"), **row["pace"]}]
    shares += [{"of": _("level {level}").format(**one), **one} for one in row["levels"]]
    shares += [{"of": one["month"], **one} for one in row["months"]]
    cells = [
        {"of": one["of"], "taken on": _share(one["responded"]), "resolved": _share(one["restored"])} for one in shares
    ]
    print_rows(cells, ("of", "taken on", "resolved"), "", as_json=False)


@incident_app.command("figures")
def figures(
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    level: Annotated[int | None, typer.Option(min=1, max=3, help="Only this level.")] = None,
    category: Category = None,
    months: Annotated[int, typer.Option(min=1, max=MOST_MONTHS, help="So many calendar months.")] = found.MONTHS,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table for a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """MTTA, MTTR, MTBF, recurrence and availability: all, and by system, month, level and category."""
    sight = acting("incident.read").sight
    whole = found.figures(
        datetime.now(UTC), get_current_timezone(), system=system, level=level, category=category or "", months=months,
        sight=sight,
    )  # fmt: skip
    if as_csv:
        sys.stdout.write(found.as_csv(whole))
        return
    if as_json:
        print_json(figures_row(whole))
        return
    cells = [
        {
            "group": _(row.group), "name": _(row.name) if row.group == "category" else row.name, "faults": row.faults,
            "mtta": _lasting(row.acknowledge.mean), "mttr": _lasting(row.resolve.mean), "mtbf": _lasting(row.mtbf),
            "recurring": row.recurring,
            "availability": "–" if row.availability is None else f"{math.floor(row.availability * 10_000) / 100:g} %",
        }
        for row in whole.rows
    ]  # fmt: skip
    columns = ("group", "name", "faults", "mtta", "mttr", "mtbf", "recurring", "availability")
    print_rows(cells, columns, "", as_json=False)


def _share(within: dict[str, Any]) -> str:
    """``92 % of 25``."""
    if within["share"] is None:
        return _("not enough data")
    return _("{share} % of {count}").format(share=math.floor(100 * within["share"]), count=within["count"])


def _lasting(seconds: float | None) -> str:
    return _("not enough data") if seconds is None else format_duration(round(seconds))


@incident_app.command("ack")
def acknowledge(number: Number, note: Note = "", as_json: AsJson = False) -> None:
    """Take it on."""
    with told(_absent(number)):
        _done(actions.acknowledge(number, actor=acting("incident.acknowledge"), note=note), as_json)


@incident_app.command("note")
def add_note(
    number: Number,
    text: Annotated[str, typer.Argument(help="What to add.")] = "",
    file: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="A file to keep; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add to the timeline: words, files, or both."""
    with told(_absent(number)):
        files = [actions.File(one.name, one.read_bytes()) for one in file or ()]
        row = entry_row(actions.note(number, text, actor=acting("incident.note"), files=files))
    print_one(row, _("noted on incident {number}").format(number=number), as_json=as_json)


@incident_app.command("file")
def save_file(
    number: Number,
    file: Annotated[int, typer.Argument(help="The file's number, as incident show says it.")],
    out: Annotated[Path | None, typer.Option(help="Where to; standard output by default.")] = None,
) -> None:
    """Get a file that came with a note."""
    sight = acting("incident.read").sight
    absent = _("incident {number} has no file {file}; mainstay incident show {number} names them")
    with told(absent.format(number=number, file=file)):
        data = queries.content(queries.attachment(number, file, sight))
    if out:
        out.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)


@incident_app.command("pause")
def pause(
    number: Number,
    reason: Annotated[Waiting, typer.Option(help="What it waits for.")],
    text: Annotated[str, typer.Option(help="More words; needed for other.")] = "",
    as_json: AsJson = False,
) -> None:
    """Stop the clock until resolution, while the incident waits for somebody else."""
    with told(_absent(number)):
        paused = actions.pause(number, reason=reason, text=text, actor=acting("incident.pause"))
    sentence = _("the clock of incident {number} is paused").format(number=number)
    print_one(incident_row(paused), sentence, as_json=as_json)


@incident_app.command("resume")
def resume(number: Number, note: Note = "", as_json: AsJson = False) -> None:
    """Let the clock run on."""
    with told(_absent(number)):
        resumed = actions.resume(number, text=note, actor=acting("incident.resume"))
    print_one(incident_row(resumed), _("the clock of incident {number} runs").format(number=number), as_json=as_json)


@incident_app.command("resolve")
def resolve(number: Number, note: Note = "", as_json: AsJson = False) -> None:
    """End it by hand."""
    with told(_absent(number)):
        _done(actions.resolve(number, actor=acting("incident.resolve"), note=note), as_json)


@incident_app.command("reopen")
def reopen(number: Number, reason: Reason, as_json: AsJson = False) -> None:
    """It was not over."""
    with told(_absent(number)):
        _done(actions.reopen(number, actor=acting("incident.reopen"), reason=reason), as_json)


@incident_app.command("regrade")
def regrade(
    number: Number,
    reason: Reason,
    level: Annotated[int | None, typer.Option(min=1, max=3, help="1 severe, 2 partial, 3 slight.")] = None,
    category: Category = None,
    as_json: AsJson = False,
) -> None:
    """Set level or category by hand."""
    with told(_absent(number)):
        changed = actions.regrade(
            number, level=level, category=category, reason=reason, actor=acting("incident.regrade")
        )
    sentence = _("incident {number} is level {level}, {category}").format(
        number=number, level=changed.level, category=_(changed.category)
    )
    print_one(incident_row(changed), sentence, as_json=as_json)


@incident_app.command("open")
def open_incident(
    system: Annotated[str, typer.Argument(help="The system's name.")],
    title: Annotated[str, typer.Argument(help="What is wrong.")],
    level: Annotated[int, typer.Option(min=1, max=3, help="1 severe, 2 partial, 3 slight.")] = 3,
    category: Category = "system",
    component: Annotated[str | None, typer.Option(help="The component that is broken.")] = None,
    text: Annotated[str, typer.Option(help="More words for the timeline.")] = "",
    as_json: AsJson = False,
) -> None:
    """Report a fault that no check sees."""
    with told():
        made = actions.open_by_hand(
            system=system, component=component, title=title, category=category or "system", level=level, text=text,
            actor=acting("incident.open"),
        )  # fmt: skip
    _done(made, as_json)


def _done(incident: Incident, as_json: bool) -> None:
    sentence = _("incident {number} is {state}").format(number=incident.pk, state=_(incident.state))
    print_one(incident_row(incident), sentence, as_json=as_json)


def _absent(number: int) -> str:
    return _("there is no incident {number}; mainstay incident list --all shows all").format(number=number)
