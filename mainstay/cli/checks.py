"""``mainstay check …``, ``system list``, ``flow show``: how things stand."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from mainstay.api.catalogue import system_row
from mainstay.api.checks import change_row, check_row, mute_row
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check
from mainstay.cli.catalogue import shell_actor
from mainstay.cli.output import EXIT, AsJson, fail, print_json, print_one, print_rows
from mainstay.domain.duration import format_duration, parse_duration
from mainstay.domain.state import State
from mainstay.monitoring import actions, queries
from mainstay.monitoring.wording import format_value
from mainstay.settings import BASE_URL

check_app = typer.Typer(help="Checks: how they stand, look now, mute.", no_args_is_help=True)
system_app = typer.Typer(help="Systems under care.", no_args_is_help=True)
flow_app = typer.Typer(help="Business flows.", no_args_is_help=True)

Path = Annotated[str, typer.Argument(help="system/check, such as shop/db.connections")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(check_app, name="check")
    app.add_typer(system_app, name="system")
    app.add_typer(flow_app, name="flow")


def _find(path: str) -> Check:
    try:
        return catalogue.check(path)
    except (Check.DoesNotExist, ValueError):
        fail(f"there is no check {path}; mainstay check list shows all")


@system_app.command("list")
def list_systems(as_json: AsJson = False) -> None:
    """Every system with its worst state."""
    rows = []
    for system in catalogue.systems():
        states = [State(one.state) for one in queries.standings(system=system.name)]
        worst = max(states, key=lambda state: state.rank, default=State.UNKNOWN)
        rows.append({**system_row(system), "state": worst.value, "checks": len(states)})
    print_rows(rows, ("state", "name", "title", "tier", "checks"), "no systems yet; mainstay apply", as_json=as_json)


@check_app.command("list")
def list_checks(
    system: Annotated[str, typer.Argument(help="Only this system's.")] = "",
    not_ok: Annotated[bool, typer.Option("--not-ok", help="Only those that are not ok.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every check; the exit code is that of the worst (0 ok, 1 warning, 2 critical, 3 unknown)."""
    found = catalogue.checks(system or None).select_related("standing")
    rows = [row for check in found if (row := check_row(check))["state"] != "ok" or not not_ok]
    print_rows(rows, ("state", "path", "since", "why"), "nothing to show", as_json=as_json)
    worst = max((State(row["state"]) for row in rows), key=lambda state: state.rank, default=State.OK)
    raise typer.Exit(EXIT[worst.value])


@check_app.command("show")
def show_check(path: Path, as_json: AsJson = False) -> None:
    """One check: state, newest values, the last changes."""
    check = _find(path)
    row = check_row(check)
    values = queries.last_values([check.pk])[check.pk]
    changes = [change_row(one) for one in queries.changes(check_id=check.pk, limit=10)]
    if as_json:
        print_json({**row, "values": {name: one._asdict() for name, one in values.items()}, "changes": changes})
    else:
        print(f"{row['path']}: {row['state']}{'  ' + row['why'] if row['why'] else ''}")
        for name, one in values.items():
            print(f"  {name:24} {format_value(one.value, one.unit)}")
        print_rows(changes, ("at", "before", "after", "why"), "  no change yet", as_json=False)
    raise typer.Exit(EXIT[row["state"]])


@check_app.command("run")
def run_check(path: Path, as_json: AsJson = False) -> None:
    """Ask the checker to look now."""
    actions.request_run(_find(path), actor=shell_actor())
    print_one({"path": path, "asked": True}, f"{path} will be looked at within a second or two", as_json=as_json)


@check_app.command("mute")
def mute_check(
    what: Annotated[str, typer.Argument(help="A system, or system/check.")],
    reason: Annotated[str, typer.Option(help="Why nobody shall be told.")],
    hold: Annotated[str, typer.Option("--for", help="How long, such as 2h.")] = "1h",
    as_json: AsJson = False,
) -> None:
    """Judge on, but tell nobody for a while."""
    check = _find(what) if "/" in what else None
    try:
        until = datetime.now(UTC) + timedelta(seconds=parse_duration(hold))
        system = check.system if check else catalogue.system(what)
        made = actions.mute(system=system, check=check, reason=reason, until=until, actor=shell_actor())
    except ValueError as error:
        fail(str(error))
    print_one(
        mute_row(made), f"{what} is muted for {format_duration(parse_duration(hold))} (mute {made.pk})", as_json=as_json
    )


@check_app.command("unmute")
def unmute_check(number: int, as_json: AsJson = False) -> None:
    """End a mute by its number."""
    actions.unmute(number, actor=shell_actor())
    print_one({"id": number, "ended": True}, f"mute {number} has ended", as_json=as_json)


@check_app.command("mutes")
def list_mutes(as_json: AsJson = False) -> None:
    """What is muted now."""
    rows = [mute_row(row) for row in queries.mutes(datetime.now(UTC))]
    print_rows(
        rows, ("id", "system", "component", "check", "reason", "by", "until"), "nothing is muted", as_json=as_json
    )


@check_app.command("ping-address")
def ping_address(path: Path, as_json: AsJson = False) -> None:
    """The address at which a heartbeat's job reports."""
    check = _find(path)
    if check.kind != "heartbeat":
        fail(f"{path} is no heartbeat; nothing reports to it")
    url = f"{BASE_URL}/ping/{actions.ping_token(check)}"
    print_one({"url": url}, url, as_json=as_json)


@flow_app.command("show")
def show_flow(path: Path, as_json: AsJson = False) -> None:
    """Where the cases of a flow are, and which are stuck."""
    found = queries.observation(_find(path).pk)
    if found is None:
        fail(f"{path} has not been looked at yet, or is no flow", 3)
    if as_json:
        print_json({"at": found.at, "picture": found.payload})
        return
    stages: list[dict[str, Any]] = [
        {**stage, "oldest": format_value(stage["oldest"], "s"), "amount": f"{stage['amount']:,.2f}"}
        for stage in found.payload["stages"]
    ]
    print_rows(stages, ("name", "cases", "amount", "oldest", "stuck"), "no stages", as_json=False)
    stuck = [{**case, "age": format_value(case["age"], "s")} for case in found.payload["stuck"]]
    print_rows(stuck, ("case", "state", "age", "amount", "actor"), "nothing is stuck", as_json=False)
