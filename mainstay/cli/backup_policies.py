"""``mainstay backup policies|preview|coverage|stores|try``: what is to be backed up, when, and where to."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mainstay.api.policy_rows import covered_row, policy_in_full, policy_row, preview_rows, store_row, tried_row
from mainstay.backups.queries import overview
from mainstay.backups.queries.preview import drafted
from mainstay.backups.queries.preview import preview as look_ahead
from mainstay.catalogue import queries
from mainstay.catalogue.editing_backups import policy_proposal
from mainstay.cli.output import EXIT, AsJson, print_json, print_rows
from mainstay.cli.policy_editing import Keys, flaws_told, wanted_policy
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.actor import authorise
from mainstay.engine.store_trial import try_store
from mainstay.monitoring.wording import format_value

Path = Annotated[str, typer.Argument(help="The policy as SYSTEM/NAME.")]


def add(app: typer.Typer) -> None:
    """Put the commands into the group ``backup``."""
    for name, command in (
        ("policies", policies), ("policy", policy), ("preview", preview), ("coverage", coverage), ("stores", stores),
        ("try", try_one),
    ):  # fmt: skip
        app.command(name)(command)


def policies(as_json: AsJson = False) -> None:
    """Every policy with its newest copy and proof, and its next run."""
    sight = acting("backup.read").sight
    rows = [policy_row(one) for one in overview.glances(datetime.now(UTC), sight)]
    shown = rows if as_json else list(map(_line, rows))
    columns = ("state", "policy", "component", "tool", "last copy", "last proof", "next run", "stores")
    print_rows(shown, columns, _("no backup policies yet; write backups: in a system's file"), as_json=as_json)


def policy(path: Path, as_json: AsJson = False) -> None:
    """One policy in full."""
    sight = acting("backup.read").sight
    with told(_absent(path)):
        row = queries.policy(path, sight)
    found = policy_in_full(overview.glances(datetime.now(UTC), rows=[row])[0])
    if as_json:
        print_json(found)
        return
    print_rows([_line(found)], ("state", "policy", "component", "tool", "stores"), "", as_json=False)
    for key, value in sorted(found["definition"].items()):
        if value not in ("", None, [], {}):
            print(f"{key}: {value}")


def preview(path: Path, keys: Keys = None, as_json: AsJson = False) -> None:
    """The next 20 runs, and which copies would be dropped now and why the others stay; with --set as it would be with
    other keys, of a policy that is not there yet too. Nothing is changed."""
    actor = acting("backup.read")
    if keys:
        authorise(actor, "catalogue.apply")
        with told(), flaws_told(as_json):
            present, wanted = wanted_policy(path, keys)
            row = drafted(present, policy_proposal(present, wanted))
    else:
        with told(_absent(path)):
            row = queries.policy(path, actor.sight)
    found = preview_rows(look_ahead(row, datetime.now(UTC)))
    if as_json:
        print_json(found)
        return
    runs = [{**run, "tick": _moment(run["tick"]), "begins": _moment(run["begins"])} for run in found["runs"]]
    print_rows(runs, ("begins", "level", "tick"), _("no run comes of it"), as_json=False)
    for shelf in found["repositories"]:
        goes = _("{store}: {number} copies go").format(store=shelf["store"], number=shelf["goes"])
        print(f"{shelf['store']}: {shelf['refused']}" if shelf["refused"] else goes)
        print_rows(list(map(_copy, shelf["copies"])), ("id", "at", "level", "size", "stays"), "", as_json=False)
    _print_needs(found)


def _print_needs(found: dict[str, Any]) -> None:
    """What a copy takes, as far as that is known, and what is missing here."""
    for one in found["sizes"]:
        words = _("a copy, {level}: about {size}; the store grows by about {added}")
        size, added = format_value(one["size"], "B"), format_value(one["added"], "B")
        print(words.format(level=_(one["level"]), size=size, added=added))
    for one in found["rooms"]:
        if one["free"] is not None:
            print(_("{store}: {free} are free").format(store=one["store"], free=format_value(one["free"], "B")))
    for one in found["lacking"]:
        words = _("missing here: {program} ({why}); install it with: {install}")
        print(words.format(**one))


def coverage(as_json: AsJson = False) -> None:
    """Every component that holds data. Exit code 2 when one has no policy, 1 when one has no second site."""
    sight = acting("backup.read").sight
    rows = [covered_row(one) for one in overview.coverage(sight)]
    states = {"policy": "critical", "site": "warning", "": "ok"}
    shown = [
        {**row, "state": states[row["gap"]], "component": f"{row['system']}/{row['component']}",
         "missing": {"policy": _("a policy"), "site": _("a second site"), "": ""}[row["gap"]]}
        for row in rows
    ]  # fmt: skip
    columns = ("state", "component", "kind", "policies", "stores", "missing")
    print_rows(rows if as_json else shown, columns, _("no component holds data"), as_json=as_json)
    raise typer.Exit(max((EXIT[row["state"]] for row in shown), default=0))


def stores(as_json: AsJson = False) -> None:
    """Every place for copies, and which policies use it."""
    sight = acting("backup.read").sight
    used = overview.stores_used(sight)
    rows = [store_row(row, used.get(row.name, [])) for row in queries.stores(sight)]
    print_rows(rows, ("name", "kind", "policies"), _("no stores yet; write stores: beside channels:"), as_json=as_json)


def try_one(name: Annotated[str, typer.Argument(help="The store's name.")], as_json: AsJson = False) -> None:
    """Write a little into a store and remove it again. Exit code 2 when that cannot be done."""
    with told(_("there is no store {name}; mainstay backup stores shows all").format(name=name)):
        row = tried_row(try_store(name, actor=acting("store.try")))
    if as_json:
        print_json(row)
    elif row["reached"]:
        free = format_value(row["free"], "B") if row["free"] is not None else _("unknown")
        print(_("{name} can be written to; free: {free}").format(name=name, free=free))
    else:
        print(f"{name}: {row['answer']}")
    raise typer.Exit(0 if row["reached"] else EXIT["critical"])


def _absent(path: str) -> str:
    return _("there is no backup policy {path}; mainstay backup policies shows all").format(path=path)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    copy, proof, coming = row["last_copy"], row["last_proof"], row["next_run"]
    return {
        **row, "policy": f"{row['system']}/{row['name']}", "last copy": copy["at"] if copy else None,
        "last proof": f"{_(proof['verdict'])} {_moment(proof['at'])}" if proof else None,
        "next run": f"{_moment(coming['begins'])} {_(coming['level'])}" if coming else None,
    }  # fmt: skip


def _copy(row: dict[str, Any]) -> dict[str, Any]:
    stays = ", ".join(map(_, row["rules"])) or _("goes")
    return {**row, "at": _moment(row["at"]), "size": format_value(row["size"], "B"), "stays": stays}


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
