"""``mainstay backup restore …``: look at what a copy holds, ask for a restore, approve it, abort it, read its story."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from mainstay.api.restore_rows import preview_row, restore_row, restore_rows
from mainstay.backups import actions, queries
from mainstay.backups.models import Restore
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.restoring import OPEN, State
from mainstay.engine import restoring
from mainstay.engine.copy_contents import contents
from mainstay.engine.restore_preview import preview

WAIT = 0.5
"""Seconds between two looks at a restore that is followed."""


class Place(StrEnum):
    """Where to."""

    DIRECTORY = "directory"
    DATABASE = "database"
    LIVE = "live"


Number = Annotated[int, typer.Argument(help="The restore's number.")]


def add(app: typer.Typer) -> None:
    """Put the commands into the group ``backup``."""
    for name, command in (
        ("restore", restore), ("restores", restores), ("restore-preview", look), ("restore-files", files),
        ("restore-show", show), ("restore-approve", approve), ("restore-abort", abort),
    ):  # fmt: skip
        app.command(name)(command)


def restore(
    policy: Annotated[str, typer.Argument(help="The policy as SYSTEM/NAME.")],
    to: Annotated[Place, typer.Option(help="directory, database or live.")],
    target: Annotated[
        str, typer.Option(help="A new directory, or postgresql://…, mariadb://…, sqlite:///path; not for live.")
    ] = "",
    copy: Annotated[int, typer.Option(help="The copy's number; the newest when left out.")] = 0,
    at: Annotated[str, typer.Option(help="A second in time, such as 2027-01-31T18:00:00+08:00.")] = "",
    only: Annotated[list[str], typer.Option(help="Only this path, database or table; may be repeated.")] = [],  # noqa: B006 - typer reads it
    reason: Annotated[str, typer.Option(help="Why; needed for the live place.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is over; exit code 2 unless restored.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restore for real: to a new place at once, to the live place after a second person has approved it."""
    with told(_("there is no backup policy or copy of that name")):
        made = restoring.ask(
            policy, copy or None, to.value, target, only=only, moment=_moment(at), reason=reason,
            actor=acting("backup.restore"),
        )  # fmt: skip
    row = _over(made.pk) if wait and made.state != State.ASKED else made
    if as_json:
        print_json(restore_rows(row))
    else:
        print(_sentence(row))
        if row.state == State.ASKED:
            print(_("A second person approves it: mainstay backup restore-approve {number} --seal {seal}").format(
                number=row.pk, seal=row.seal[:16]))  # fmt: skip
    if wait and row.state != State.DONE:
        raise typer.Exit(2)


def restores(
    policy: Annotated[str, typer.Argument(help="Only this policy's, as SYSTEM/NAME.")] = "",
    state: Annotated[str, typer.Option(help="asked, safety, running, done, failed, aborted or lapsed.")] = "",
    text: Annotated[str, typer.Option(help="A number, or part of what it is about.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Restores, newest first."""
    sight = acting("backup.read").sight
    with told(_("there is no backup policy {name}; mainstay backup policies shows all").format(name=policy)):
        found = queries.restores(catalogue.policy(policy, sight) if policy else None, state, sight, text=text)
    rows = [restore_row(row) for row in found[:limit]]
    columns = ("id", "policy", "copy_id", "to", "target", "state", "place", "asked_by", "approved_by", "ended_at")
    print_rows(rows, columns, _("nothing was restored yet"), as_json=as_json, count=found.count())


def look(copy: Annotated[int, typer.Argument(help="The copy's number.")], as_json: AsJson = False) -> None:
    """What a copy holds, and what would be lost by it: the live system's figures now against the copy's."""
    who = acting("backup.restore")
    with told(_("there is no copy {number}").format(number=copy)):
        found = preview(queries.copy(copy, who.sight), actor=who)
    if as_json:
        print_json(preview_row(found))
        return
    print(_("copy {number} of {policy}: {minutes} minutes of work would be lost").format(
        number=copy, policy=found.copy.policy, minutes=found.minutes))  # fmt: skip
    if found.silent:
        print(_("the live system does not say what it holds now: {why}").format(why=found.silent))
    rows = [*found.totals, *found.files, *found.rows]
    lines = [{"figure": one.name, "copy": one.copy, "live": one.live, "lost": one.more} for one in rows]
    print_rows(lines, ("figure", "copy", "live", "lost"), "", as_json=False)
    print(f"{_('can be restored to')}: {', '.join(found.places) or '-'}")


def files(
    copy: Annotated[int, typer.Argument(help="The copy's number.")],
    below: Annotated[str, typer.Option(help="A directory of the copy.")] = "/",
    as_json: AsJson = False,
) -> None:
    """What lies in a directory of a copy, as the store holds it."""
    who = acting("backup.restore")
    with told(_("there is no copy {number}").format(number=copy)):
        found = contents(queries.copy(copy, who.sight), below, actor=who)
    rows = [asdict(one) for one in found.entries]
    print_rows(rows, ("kind", "size", "path"), _("nothing lies there"), as_json=as_json, count=len(rows) + found.more)


def show(number: Number, as_json: AsJson = False) -> None:
    """One restore: each step and who took it, and how its target stands."""
    with told(_absent(number)):
        row = queries.restore(number, acting("backup.read").sight)
    if as_json:
        print_json(restore_rows(row))
        return
    print(_sentence(row))
    for name in ("only", "reason", "asked_by", "approved_by", "seal"):
        if value := restore_row(row)[name]:
            print(f"{_(name.replace('_', ' '))}: {', '.join(value) if isinstance(value, list) else value}")
    for entry in row.story:
        more = ", ".join(f"{key}={value}" for key, value in entry.items() if key not in ("at", "who", "word") and value)
        print(f"{entry['at'][:19]}  {entry['who']}  {_(entry['word'])}  {more}")


def approve(
    number: Number,
    seal: Annotated[str, typer.Option(help="Of what you read, as restore-show prints it.")],
    as_json: AsJson = False,
) -> None:
    """Approve a restore to the live place that somebody else asked for. A fresh copy of it is taken first."""
    who = acting("backup.approve")
    with told(_absent(number)):
        queries.restore(number, who.sight)
        row = actions.approve(number, seal, datetime.now(UTC), actor=who)
    print_json(restore_rows(row)) if as_json else print(_sentence(row))


def abort(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Abort a restore; possible until its target itself is being changed."""
    who = acting("backup.abort")
    with told(_absent(number)):
        queries.restore(number, who.sight)
        row = actions.abort(number, reason, datetime.now(UTC), actor=who)
    print_json(restore_rows(row)) if as_json else print(_sentence(row))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        fail(_("write a time with its zone, such as 2027-01-31T18:00:00+08:00"))
    return found


def _over(number: int) -> Restore:
    while (row := queries.restore(number)).state in OPEN:
        time.sleep(WAIT)
    return row


def _sentence(row: Restore) -> str:
    wanted = row.wanted
    where = wanted["target"] or f"{row.policy.component}"
    what = f"{_('restore')} {row.pk}: {row.policy} {_('copy')} {row.copy_id} → {_(wanted['to'])} {where}"
    return f"{what}: {_(row.state)}; {_('target')}: {_(row.place)}"


def _absent(number: int) -> str:
    return _("there is no restore {number}").format(number=number)
