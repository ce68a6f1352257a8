"""``mainstay check preview|edit``: change a check, and see first what the change would have done."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mainstay.api.rows import preview_row
from mainstay.catalogue import actions, editing
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.sources import Invalid
from mainstay.cli.catalogue import INVALID, print_flaws
from mainstay.cli.output import USAGE, AsJson, fail, print_json, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.actor import authorise
from mainstay.domain.amend import KEYS
from mainstay.domain.complaint import nearest
from mainstay.domain.yaml_node import Unreadable, plain
from mainstay.domain.yaml_text import read
from mainstay.monitoring import queries
from mainstay.monitoring.wording import format_seconds

Path = Annotated[str, typer.Argument(help="system/check, such as shop/db.connections.")]
Warn = Annotated[list[str] | None, typer.Option(help="Condition of a warning; may be repeated; '' for none.")]
Crit = Annotated[list[str] | None, typer.Option(help="Condition of critical; may be repeated; '' for none.")]
Keys = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE as in YAML; may be repeated.")]
Days = Annotated[float, typer.Option(min=0.01, max=queries.MOST_DAYS, help="Days that are looked back on.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")]


def register(app: typer.Typer) -> None:
    """Put the commands into ``mainstay check``."""
    app.command("preview")(preview_check)
    app.command("edit")(edit_check)


def preview_check(
    path: Path,
    warn: Warn = None,
    crit: Crit = None,
    keys: Keys = None,
    days: Days = queries.MOST_DAYS,
    as_json: AsJson = False,
) -> None:
    """Say what a check would have done in the last days with other conditions. Nothing is changed."""
    actor = acting("catalogue.read")
    wanted = _wanted(warn, crit, keys)
    with told(_("there is no check {path}; mainstay check list shows all").format(path=path)):
        found = _proposed(path, wanted, as_json)
        check = catalogue.check(path, actor.sight)
    seen = queries.preview(check, found.definition, datetime.now(UTC), days)
    row = preview_row(seen)
    if as_json:
        print_json(row)
        return
    sentence = _("{path}: fired {before} times since {start}; with this {after}")
    start = f"{seen.start.astimezone():%Y-%m-%d %H:%M}"
    print(sentence.format(path=path, before=row["recorded"]["fired"], after=row["after"]["fired"], start=start))
    if row["before"]["fired"] != row["recorded"]["fired"]:
        print(_("replayed with the present conditions: {number}").format(number=row["before"]["fired"]))
    _print_limits(seen)
    rows = [{**one, "lasted": format_seconds((one["end"] - one["start"]).total_seconds()),
             "state": one["worst"]} for one in row["after"]["stretches"]]  # fmt: skip
    print_rows(rows, ("state", "start", "lasted"), _("it would not have fired"), as_json=False)


def _print_limits(seen: queries.Preview) -> None:
    if seen.shortened:
        print(_("there are more looks than are replayed; the newest {number} were").format(number=seen.looks))
    for metric in seen.unmeasured:
        print(_("{metric} was never measured, so a condition on it would not have held").format(metric=metric))
    if seen.findings:
        print(_("which looks found something is not kept, because conditions decided; they count as ok here"))


def edit_check(
    path: Path,
    warn: Warn = None,
    crit: Crit = None,
    keys: Keys = None,
    dry_run: Dry = False,
    as_json: AsJson = False,
) -> None:
    """Change a check. What a pack says stays; the changed keys are written over it."""
    actor = acting("check.edit")
    wanted = _wanted(warn, crit, keys)
    with told(_("there is no check {path}; mainstay check list shows all").format(path=path)):
        system, _slash, name = path.partition("/")
        authorise(actor, "check.edit", system=system)
        found = _proposed(path, wanted, as_json)
        done = found.differences if dry_run else actions.edit_check(system, name, wanted, actor=actor)
    if as_json:
        print_json({"differences": [one.plain() for one in done], "yaml": found.lines})
        return
    print("\n".join(found.lines) or _("nothing to do"))
    if done and not dry_run:
        print(_("done; the files are written anew with: mainstay export catalogue"))


def _proposed(path: str, wanted: dict[str, Any], as_json: bool) -> Proposal:
    system, _slash, name = path.partition("/")
    try:
        return editing.proposal(editing.writing(system, name), wanted)
    except Invalid as error:
        print_flaws(error.flaws, as_json)
        raise typer.Exit(INVALID) from None


def _wanted(warn: list[str] | None, crit: list[str] | None, keys: list[str] | None) -> dict[str, Any]:
    """The keys that were given; a misspelt one ends the command."""
    wanted: dict[str, Any] = {}
    for pair in keys or []:
        key, equals, text = pair.partition("=")
        if not equals or key not in KEYS:
            fail(_("{pair} does not say KEY=VALUE with a key of a check").format(pair=pair) + f"; {nearest(key, KEYS)}")
        try:
            wanted[key] = plain(read(text.encode()))
        except Unreadable as error:
            fail(f"{key}: {error.flaws[0].what}", USAGE)
    for key, conditions in (("warn", warn), ("crit", crit)):
        if conditions is not None:
            wanted[key] = [one for one in conditions if one]
    return wanted
