"""``mainstay check …`` and ``flow show``: how things stand, look now, tell nobody for a while."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from mainstay.api.rows import change_row, check_row, flow_row, mute_row, value_rows
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check
from mainstay.cli import editing
from mainstay.cli.output import EXIT, AsJson, fail, marked, print_json, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.trial import try_catalogue
from mainstay.cli.words import _
from mainstay.domain.actor import Actor
from mainstay.domain.duration import format_duration, parse_duration
from mainstay.domain.state import State
from mainstay.monitoring import actions, queries
from mainstay.monitoring.wording import format_value
from mainstay.settings import BASE_URL

check_app = typer.Typer(no_args_is_help=True)
flow_app = typer.Typer(no_args_is_help=True)

Path = Annotated[str, typer.Argument(help="system/check, such as shop/db.connections.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    editing.register(check_app)
    check_app.command("try")(try_catalogue)
    app.add_typer(check_app, name="check")
    app.add_typer(flow_app, name="flow")


@flow_app.callback()
def flows() -> None:
    """A group, although it has one command."""


def _find(path: str, actor: Actor) -> Check:
    try:
        return catalogue.check(path, actor.sight)
    except (Check.DoesNotExist, ValueError):
        fail(_("there is no check {path}; mainstay check list shows all").format(path=path))


@check_app.command("list")
def list_checks(
    system: Annotated[str, typer.Argument(help="Only this system's.")] = "",
    not_ok: Annotated[bool, typer.Option("--not-ok", help="Only those that are not ok.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every check; the exit code is that of the worst (0 ok, 1 warning, 2 critical, 3 unknown)."""
    actor = acting("catalogue.read")
    found = catalogue.checks(system or None, actor.sight).select_related("standing").order_by("system__name", "name")
    rows = [row for check in found if (row := check_row(check))["state"] != "ok" or not not_ok]
    print_rows(rows, ("state", "path", "since", "why"), _("nothing to show"), as_json=as_json)
    worst = max((State(row["state"]) for row in rows), key=lambda state: state.rank, default=State.OK)
    raise typer.Exit(EXIT[worst.value])


@check_app.command("show")
def show_check(path: Path, as_json: AsJson = False) -> None:
    """One check: state, newest values, the last changes; the exit code is that of its state."""
    check = _find(path, acting("catalogue.read"))
    row = check_row(check)
    values = queries.last_values([check.pk])[check.pk]
    changes = [change_row(one) for one in queries.changes(check_id=check.pk, limit=10)]
    if as_json:
        print_json({**row, "definition": check.document, "values": value_rows(values), "changes": changes})
    else:
        print(f"{row['path']}: {marked(row['state'])}{'  ' + row['why'] if row['why'] else ''}")
        for name, one in values.items():
            print(f"  {name:24} {format_value(one.value, one.unit)}")
        print_rows(changes, ("at", "before", "after", "why"), _("no change yet"), as_json=False)
    raise typer.Exit(EXIT[row["state"]])


@check_app.command("run")
def run_check(path: Path, as_json: AsJson = False) -> None:
    """Ask the checker to look now."""
    actor = acting("check.run")
    actions.request_run(_find(path, actor), actor=actor)
    sentence = _("{path} will be looked at within a second or two").format(path=path)
    print_one({"path": path, "asked": True}, sentence, as_json=as_json)


@check_app.command("mute")
def mute_check(
    what: Annotated[str, typer.Argument(help="A system, or system/check.")],
    reason: Annotated[str, typer.Option(help="Why nobody shall be told.")],
    hold: Annotated[str, typer.Option("--for", help="How long, such as 2h.")] = "1h",
    component: Annotated[str | None, typer.Option(help="Only this component of the system.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge on, but tell nobody for a while."""
    actor = acting("check.mute")
    check = _find(what, actor) if "/" in what else None
    with told(_("there is no system {what}, or no such component of it").format(what=what)):
        seconds = parse_duration(hold)
        system = check.system if check else catalogue.system(what, actor.sight)
        part = catalogue.components(system.name).get(name=component) if component else None
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        made = actions.mute(system=system, component=part, check=check, reason=reason, until=until, actor=actor)
    sentence = _("{what} is muted for {time} (mute {number})")
    print_one(
        mute_row(made), sentence.format(what=what, time=format_duration(seconds), number=made.pk), as_json=as_json
    )


@check_app.command("unmute")
def unmute_check(number: Annotated[int, typer.Argument(help="The mute's number.")], as_json: AsJson = False) -> None:
    """End a mute."""
    with told(_("there is no mute {number}; mainstay check mutes shows all").format(number=number)):
        actions.unmute(number, actor=acting("check.unmute"))
    print_one({"id": number, "ended": True}, _("mute {number} has ended").format(number=number), as_json=as_json)


@check_app.command("mutes")
def list_mutes(as_json: AsJson = False) -> None:
    """What is muted now."""
    actor = acting("catalogue.read")
    rows = [mute_row(row) for row in queries.mutes(datetime.now(UTC), actor.sight).order_by("-starts_at", "-pk")]
    columns = ("id", "system", "component", "check", "reason", "by", "until")
    print_rows(rows, columns, _("nothing is muted"), as_json=as_json)


@check_app.command("ping-address")
def ping_address(path: Path, as_json: AsJson = False) -> None:
    """The address at which a heartbeat's job reports."""
    actor = acting("check.run")
    check = _find(path, actor)
    if check.kind != "heartbeat":
        fail(_("{path} is no heartbeat; nothing reports to it").format(path=path))
    url = f"{BASE_URL}/ping/{actions.ping_token(check, actor=actor)}"
    print_one({"url": url}, url, as_json=as_json)


@flow_app.command("show")
def show_flow(path: Path, as_json: AsJson = False) -> None:
    """Where the cases of a flow are, which are stuck, and which steps left the path."""
    check = _find(path, acting("catalogue.read"))
    found = queries.observation(check.pk) if check.kind == "flow" else None
    if found is None:
        fail(_("{path} has not been looked at yet, or is no flow").format(path=path), EXIT["unknown"])
    if as_json:
        print_json(flow_row(found))
        return
    stages: list[dict[str, Any]] = [
        {**stage, "oldest": format_value(stage["oldest"], "s"), "amount": f"{stage['amount']:,.2f}"}
        for stage in found.payload["stages"]
    ]
    print_rows(stages, ("name", "cases", "amount", "oldest", "stuck"), _("no stages"), as_json=False)
    stuck = [{**case, "age": format_value(case["age"], "s")} for case in found.payload["stuck"]]
    print_rows(stuck, ("case", "state", "age", "amount", "actor"), _("nothing is stuck"), as_json=False)
    _print_steps(found.payload)


def _print_steps(picture: Mapping[str, Any]) -> None:
    """How many cases took which step, and those that left the path."""
    moves = [{**one, "step": _step(one)} for one in picture.get("moves", [])]
    print_rows(moves, ("step", "count"), _("no step is known"), as_json=False)
    detours = [
        {
            **one, "step": _step(one), "kind": _("back") if one["backward"] else _("skipped"),
            "at": datetime.fromtimestamp(one["at"], UTC) if isinstance(one["at"], int | float) else one["at"],
        }
        for one in picture.get("detours", [])
    ]  # fmt: skip
    print_rows(detours, ("case", "step", "kind", "at"), _("no step off the path"), as_json=False)


def _step(one: Mapping[str, str]) -> str:
    return f"{one['from']} → {one['to']}"
