"""``mainstay remedy …``: which remedies are written down, who allowed them, and how they went."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mainstay.api.remedy_rows import attempt_row, remedy_row, remedy_rows
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.saying import said
from mainstay.remedies import actions, queries

remedy_app = typer.Typer(no_args_is_help=True)
Called = Annotated[str, typer.Argument(help="The remedy, as system/name.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    for name, command in (
        ("list", list_all), ("show", show), ("allow", allow), ("revoke", revoke), ("attempts", attempts),
    ):  # fmt: skip
        remedy_app.command(name)(command)
    app.add_typer(remedy_app, name="remedy")


def list_all(system: Annotated[str, typer.Argument(help="Only this system's.")] = "", as_json: AsJson = False) -> None:
    """Remedies that are written down, and whether each may be applied."""
    found = queries.remedies(datetime.now(UTC), acting("remedy.read").sight, system=system)
    rows = [remedy_row(one) for one in found]
    shown = rows if as_json else [{**row, "standing": _standing(row)} for row in rows]
    columns = ("path", "checks", "runbook", "at_most", "during", "standing")
    print_rows(shown, columns, _("no remedies yet; they stand under remedies: of a system"), as_json=as_json)


def show(remedy: Called, as_json: AsJson = False) -> None:
    """One remedy: what it would do, who allowed it, and how it went."""
    with told(_absent(remedy)):
        row = remedy_rows(queries.remedy(*_parts(remedy), datetime.now(UTC), acting("remedy.read").sight))
    if as_json:
        print_json(row)
        return
    print(f"{row['path']}  {_standing(row)}")
    for key, value in row["document"].items():
        if value not in ("", None, {}, []):
            print(f"    {key}: {value}")
    print(f"    {_('steps')}: {', '.join(row['steps']) or '–'}")
    if row["writing"]:
        words = _("changes data with no second person, at most {n} rows each: {steps}")
        print(f"    {words.format(n=row['writes'], steps=', '.join(row['writing']))}")
    columns = ("id", "incident", "check", "run", "begun_at", "ended_at", "outcome", "because")
    print_rows(row["attempts"], columns, _("it was not applied yet"), as_json=False)


def allow(
    remedy: Called,
    reason: Annotated[str, typer.Option(help="Why.")],
    days: Annotated[int, typer.Option(help="For so many days from now on.")] = 90,
    sign: Annotated[str, typer.Option(help="The sign of what was read, as show --json gives it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let a remedy be applied by itself, as it is written now."""
    who, (system, name) = acting("remedy.allow"), _parts(remedy)
    with told(_absent(remedy)):
        made = actions.allow(system, name, days=days, reason=reason, sign=sign, actor=who)
        row = remedy_rows(queries.remedy(system, name, datetime.now(UTC), who.sight))
    words = _("{name} is allowed until {day}; a change of its text or its runbook ends that")
    print_one(row, words.format(name=remedy, day=f"{made.until:%Y-%m-%d}"), as_json=as_json)


def revoke(remedy: Called, reason: Annotated[str, typer.Option(help="Why.")] = "", as_json: AsJson = False) -> None:
    """Take the allowance back; a run that is under way goes on."""
    who, (system, name) = acting("remedy.revoke"), _parts(remedy)
    with told(_absent(remedy)):
        actions.revoke(system, name, reason=reason, actor=who)
        row = remedy_rows(queries.remedy(system, name, datetime.now(UTC), who.sight))
    print_one(row, _("{name} is not allowed any more").format(name=remedy), as_json=as_json)


def attempts(
    incident: Annotated[int, typer.Option(help="Only in this incident.")] = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """When remedies were applied, newest first, and whether they helped."""
    found = queries.attempts(incident=incident or None, sight=acting("remedy.read").sight)
    rows = [attempt_row(one) for one in found[:limit]]
    columns = ("id", "path", "incident", "check", "run", "begun_at", "ended_at", "outcome", "because")
    print_rows(rows, columns, _("no remedy was applied yet"), as_json=as_json, count=found.count())


def _standing(row: dict[str, Any]) -> str:
    words = {
        "": _("allowed until {day} by {who}"), "not-allowed": _("not allowed"),
        "changed": _("changed since {who} allowed it"), "lapsed": _("{who}, who allowed it, may not any more"),
        "cannot": _("cannot be applied: {why}"),
    }[row["refusal"]]  # fmt: skip
    made = row["allowance"] or {"made_by": "", "until": datetime.now(UTC)}
    return words.format(
        day=f"{made['until']:%Y-%m-%d}", who=made["made_by"].partition(":")[2], why=said(row["wrong"], _)
    )


def _parts(remedy: str) -> tuple[str, str]:
    system, sign, name = remedy.partition("/")
    if not sign:
        fail(_("write a remedy as system/name"))
    return system, name


def _absent(remedy: str) -> str:
    return _("there is no remedy {name}; see them with: mainstay remedy list").format(name=remedy)
