"""``mainstay on-call …``: who is on call, who stands in, who would be called and why somebody was."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mainstay.api.on_call_rows import (
    explained_row,
    feed_row,
    handover_row,
    override_row,
    planned_rows,
    rota_row,
)
from mainstay.catalogue import queries as catalogue
from mainstay.cli import on_call_rotations, on_call_swaps
from mainstay.cli.on_call_swaps import Number, Person, moment
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.trouble import in_words
from mainstay.cli.words import _
from mainstay.incidents import queries as incidents
from mainstay.on_call import actions, feeds, queries
from mainstay.on_call.moving import from_grafana_oncall

on_call_app = typer.Typer(no_args_is_help=True)

Rotation = Annotated[str, typer.Argument(help="The rotation's name.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    on_call_swaps.register(on_call_app)
    on_call_rotations.register(on_call_app)
    app.add_typer(on_call_app, name="on-call")


def _no_rotation(name: str) -> str:
    return _("there is no rotation {name}; mainstay on-call show shows all").format(name=name)


@on_call_app.command("show")
def show(
    rotation: Annotated[str, typer.Argument(help="The rotation's name; all when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who is on call now; of one rotation the fortnight to come. Exit code 1 where that has a gap."""
    acting("oncall.read")
    now = datetime.now(UTC)
    if not rotation:
        rows = [rota_row(one, now) for one in queries.rotas().values()]
        columns = ("name", "title", "person", "until", "gaps")
        print_rows(rows, columns, _("no rotation yet; write rotations: into the catalogue"), as_json=as_json)
        raise typer.Exit(any(row["gaps"] for row in rows))
    with told(_no_rotation(rotation)):
        row = rota_row(queries.rota(rotation), now)
    if as_json:
        print_json(row)
    else:
        zone = queries.rota(rotation).zone
        shifts = [
            {**one, **{key: one[key].astimezone(zone).isoformat(timespec="minutes") for key in ("start", "end")},
             "person": one["person"] or _("nobody")}
            for one in row["shifts"]
        ]  # fmt: skip
        print_rows(shifts, ("start", "end", "person", "layer", "override"), "", as_json=False)
    raise typer.Exit(bool(row["gaps"]))


@on_call_app.command("overrides")
def list_overrides(
    rotation: Annotated[str, typer.Option(help="Only of this rotation.")] = "", limit: Limit = 100,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Who stands in, now or later."""
    acting("oncall.read")
    found = queries.overrides(datetime.now(UTC), rotation)
    rows = [override_row(row) for row in found[:limit]]
    columns = ("id", "rotation", "person", "start", "end", "reason", "made_by")
    print_rows(rows, columns, _("nobody stands in"), as_json=as_json, count=found.count())


@on_call_app.command("override")
def override(
    rotation: Rotation,
    person: Person,
    start: Annotated[str, typer.Argument(help="When it begins, with a zone, such as 2026-12-24T09:00+08:00.")],
    end: Annotated[str, typer.Argument(help="When it ends.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Somebody stands in, whatever the turns say."""
    with told(_no_rotation(rotation)):
        made = actions.override(
            rotation, person, moment(start), moment(end), reason=reason, actor=acting("oncall.override")
        )
    sentence = _("{person} stands in in {rotation}; number {number}").format(
        person=person, rotation=rotation, number=made.pk
    )
    print_one(override_row(made), sentence, as_json=as_json)


@on_call_app.command("take-back")
def take_back(number: Number, as_json: AsJson = False) -> None:
    """An override counts no more: from now on the turns do."""
    with told(_("there is no override {number}; mainstay on-call overrides shows all").format(number=number)):
        row = override_row(actions.end_override(number, actor=acting("oncall.override")))
    print_one(row, _("override {number} is taken back").format(number=number), as_json=as_json)


@on_call_app.command("simulate")
def simulate(
    system: Annotated[str, typer.Argument(help="The system's name.")],
    level: Annotated[int, typer.Option(min=1, max=3, help="The incident's level.")] = 1,
    at: Annotated[str, typer.Option(help="When it begins, with a zone; now when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who would be called for an incident, if nobody ever took it on. Nothing is sent."""
    sight = acting("catalogue.read").sight
    with told(_("there is no system {name}; mainstay system list shows all").format(name=system)):
        found, when = catalogue.system(system, sight), moment(at) if at else datetime.now(UTC)
    steps = planned_rows(queries.simulate(found, level, when))
    name = queries.escalation_of(found, level)
    if as_json:
        print_json({"system": system, "level": level, "at": when, "escalation": name, "steps": steps})
        return
    rows = [{**row, "at": row["at"].isoformat(timespec="minutes"), "called": _called(row)} for row in steps]
    print_rows(rows, ("round", "step", "at", "called"), _("nobody is called: no escalation is named"), as_json=False)


@on_call_app.command("explain")
def explain(
    incident: Annotated[int, typer.Argument(help="The incident's number.")],
    person: Annotated[str, typer.Option(help="Why this person was called.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who was called for an incident and why, and who comes next."""
    sight = acting("incident.read").sight
    with told(_("there is no incident {number}; mainstay incident list shows all").format(number=incident)):
        found = incidents.incident(incident, sight)
    row = explained_row(found, queries.explain(found, person))
    if as_json:
        print_json(row)
        return
    calls = [{**one, "why": _why(one["why"])} for one in row["calls"]]
    print_rows(calls, ("at", "step", "kind", "name", "why", "used_at"), _("nobody was called"), as_json=False)
    if following := row["next"]:
        at = following["at"].isoformat(timespec="minutes")
        print(_("next at {at}: {who}").format(at=at, who=_called(following)))


def _called(row: dict[str, Any]) -> str:
    """Whom a step calls, in words."""
    if row.get("passed"):
        return _("passed over: its hours are closed")
    who = ", ".join(f"{one['name']} ({_why(one['why'])})" for one in row["receivers"])
    missed = ", ".join(f"{one['target']}: {in_words(one['reason'])}" for one in row["missed"])
    return who + (f" [{missed}]" if who and missed else missed)


def _why(why: dict[str, Any]) -> str:
    layer = "" if why.get("layer") is None else f", {_('layer {number}').format(number=why['layer'] + 1)}"
    stands = "" if why.get("override") is None else f", {_('standing in')}"
    instead = f", {_('instead of {target}').format(target=why['instead_of'])}" if why.get("instead_of") else ""
    return f"{why['target']}{layer}{stands}{instead}"


@on_call_app.command("hand-overs")
def list_handovers(
    rotation: Annotated[str, typer.Option(help="Only of this rotation.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for a confirmation.")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Shifts handed over, the newest first."""
    sight = acting("oncall.read").sight
    found = queries.handovers(rotation, waiting=waiting)
    rows = [handover_row(row, sight) for row in found[:limit]]
    columns = ("id", "at", "rotation", "before", "after", "confirmed_by")
    print_rows(rows, columns, _("no shift was handed over yet"), as_json=as_json, count=found.count())


@on_call_app.command("hand-over")
def hand_over(
    rotation: Rotation,
    words: Annotated[str, typer.Option(help="What the next one has to know.")] = "",
    to: Annotated[str, typer.Option(help="To whom; to who comes next when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Hand a shift over now: what stands is written down for the next one."""
    with told(_no_rotation(rotation)):
        who = acting("oncall.handover")
        row = handover_row(actions.hand_over(rotation, words, to=to, actor=who), who.sight)
    print_one(row, _("handed over to {name}; number {number}").format(name=row["after"], number=row["id"]),
              as_json=as_json)  # fmt: skip


@on_call_app.command("confirm")
def confirm(number: Number, as_json: AsJson = False) -> None:
    """Say that one knows what was handed over."""
    with told(_("there is no hand-over {number}; mainstay on-call hand-overs shows all").format(number=number)):
        who = acting("oncall.handover")
        row = handover_row(actions.confirm(number, actor=who), who.sight)
    print_one(row, _("hand-over {number} is confirmed").format(number=number), as_json=as_json)


@on_call_app.command("feed")
def feed(
    kind: Annotated[str, typer.Argument(help="person or team.")],
    name: Annotated[str, typer.Argument(help="The person's or the team's name.")],
    renew: Annotated[bool, typer.Option("--renew", help="A new address; the old one shows nothing any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """The address of a calendar of shifts, for other programs to fetch; whoever has it reads it."""
    with told():
        if renew:
            row = feed_row(kind, name, actions.renew_feed(kind, name, actor=acting("oncall.feed")))
        else:
            acting("oncall.read")
            row = feed_row(kind, name, feeds.feed_of(kind, name))
    print_one(row, row["address"] or _("there is no address yet; --renew makes one"), as_json=as_json)


@on_call_app.command("import")
def import_grafana_oncall(
    file: Annotated[Path, typer.Argument(help="JSON of Grafana OnCall's API; - for standard input.")],
    out: Annotated[Path | None, typer.Option(help="Write the catalogue's file there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Schedules and escalation chains of Grafana OnCall as a file for the catalogue. Nothing is applied."""
    acting("catalogue.try")
    try:
        export = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        fail(_("{file} is no JSON: {text}").format(file=file, text=error))
    with told():
        made = from_grafana_oncall(export)
    if out is not None:
        out.write_text(made.yaml, encoding="utf-8")
    if as_json:
        print_json(made._asdict())
        return
    if out is None:
        print(made.yaml, end="")
    for line in made.left_out:
        typer.echo(_("left out: {what}").format(what=line), err=True)
