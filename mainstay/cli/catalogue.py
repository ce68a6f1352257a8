"""``mainstay validate|diff|apply|export|schema`` and ``mainstay secret …``: the catalogue as code."""

import getpass
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from django.db.utils import OperationalError, ProgrammingError

from mainstay.api.rows import secret_row
from mainstay.catalogue import actions, examine, export, queries
from mainstay.catalogue.drift import CATALOGUE
from mainstay.catalogue.schema import schema as catalogue_schema
from mainstay.catalogue.sources import Invalid, LocatedFlaw, contents
from mainstay.cli.output import AsJson, print_json, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.difference import Act, Difference
from mainstay.domain.runbook import Runbook
from mainstay.remedies.examine import examine as examine_remedies
from mainstay.remedies.queries import known as runbooks_in_use
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks.actions.writing import FOLDER, shipped
from mainstay.runbooks.examine import Written
from mainstay.runbooks.examine import examine as examine_runbooks

INVALID = 78
"""sysexits.h: EX_CONFIG."""

Where = Annotated[Path, typer.Argument(help="A YAML file, or a directory of them: the whole catalogue.")]

secret_app = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    for command in (validate, diff, apply, schema):
        app.command()(command)
    app.command(name="export")(export_files)
    app.add_typer(secret_app, name="secret")


def validate(path: Where = CATALOGUE, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a catalogue: file, line, column, and what would be right."""
    books = examined_runbooks(path, as_json)
    found = examined(path, as_json, books)
    counts = {
        "systems": len(found.catalogue.systems),
        "components": sum(len(one.components) for one in found.catalogue.systems.values()),
        "checks": sum(len(one.checks) for one in found.catalogue.systems.values()),
        "channels": len(found.catalogue.channels),
        "calendars": len(found.catalogue.calendars),
        **({"runbooks": len(books)} if books else {}),
    }
    if as_json:
        print_json({"ok": True, "flaws": [flaw.plain() for flaw in found.warnings], "counts": counts})
        return
    _print_flaws(found.warnings)
    print("ok: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


def diff(path: Where = CATALOGUE, as_json: AsJson = False) -> None:
    """Say what ``apply`` would do. Exit code 1 when it would do anything."""
    acting("catalogue.export")
    found = examined(path, as_json, examined_runbooks(path, as_json))
    differences = queries.differences(found.catalogue)
    _print_differences(differences, as_json, _("no difference"))
    raise typer.Exit(1 if differences else 0)


def apply(path: Where = CATALOGUE, as_json: AsJson = False) -> None:
    """Make the running catalogue what the files say: all of it or nothing."""
    books = examined_runbooks(path, as_json)
    found = examined(path, as_json, books)
    differences = actions.apply(found.catalogue, actor=acting("catalogue.apply"))
    if books:
        done = runbooks.apply_files(books, whole=True, actor=acting("runbook.edit"))
        differences += [Difference(Act(act), "runbook", name) for act, name in done]
    if not as_json:
        _print_flaws(found.warnings)
    _print_differences(differences, as_json, _("nothing to do"))
    if not as_json:
        for name in queries.names_without_value():
            words = _("${{{name}}} has no value yet; give it with: mainstay secret set {name}")
            print(words.format(name=name), file=sys.stderr)


def export_files(
    out: Annotated[Path | None, typer.Argument(help="A directory to write to; without it, standard output.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the running catalogue as YAML files. Applied, they change nothing."""
    acting("catalogue.export")
    files = export.files()
    if out is None:
        if as_json:
            print_json(files)
        else:
            print("\n".join(f"# {name}\n{text}" for name, text in files.items()), end="")
        return
    for name, text in files.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"written": sorted(files)})
    else:
        print(f"{len(files)} files written to {out}")


def schema(
    out: Annotated[Path | None, typer.Option("--out", help="A file to write to.")] = None,
    as_json: AsJson = False,  # noqa: ARG001  # it is JSON anyway; every command knows the option
) -> None:
    """Print the JSON Schema of a catalogue's files."""
    text = json.dumps(catalogue_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


@secret_app.command(name="set")
def set_secret(
    name: Annotated[str, typer.Argument(help="Capitals, digits and _, such as SHOP_DB_DSN.")], as_json: AsJson = False
) -> None:
    """Keep a value under NAME. It is asked for, or read from standard input; never taken from the command line."""
    value = getpass.getpass(f"value of {name}: ") if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n")
    with told():
        actions.set_secret(name, value, actor=acting("secret.set"))
    print_one({"set": name}, _("{name} is set").format(name=name), as_json=as_json)


@secret_app.command(name="list")
def list_secrets(as_json: AsJson = False) -> None:
    """Names and when they were set; never a value."""
    acting("secret.set")
    rows = [secret_row(one) for one in queries.secrets()]
    print_rows(rows, ("name", "set_at", "set_by"), _("no secrets yet"), as_json=as_json)


@secret_app.command(name="delete")
def delete_secret(name: Annotated[str, typer.Argument(help="The secret's name.")], as_json: AsJson = False) -> None:
    """Forget a value."""
    with told(_("there is no secret {name}; see them with: mainstay secret list").format(name=name)):
        actions.delete_secret(name, actor=acting("secret.delete"))
    print_one({"deleted": name}, _("{name} is forgotten").format(name=name), as_json=as_json)


@secret_app.command(name="rotate")
def rotate_secrets(as_json: AsJson = False) -> None:
    """Seal every value anew with a new key, and drop the old keys."""
    with told():
        count = actions.rotate_secrets(actor=acting("secret.rotate"))
    print_one({"sealed": count}, _("{count} secrets sealed anew").format(count=count), as_json=as_json)


def examined(path: Path, as_json: bool, books: Mapping[str, Written]) -> examine.Examined:
    """What the files say, or the end of the program with all flaws told. ``books`` are the runbooks beside them."""
    try:
        found = examine.read(path, _known(path))
        examine_remedies(contents(path), found.catalogue, _documents(books))
        return found
    except Invalid as error:
        print_flaws(error.flaws, as_json)
        raise typer.Exit(INVALID) from None


def examined_runbooks(path: Path, as_json: bool) -> dict[str, Written]:
    """The workspace's runbooks, which go with its catalogue; nothing where another path was named."""
    if path != CATALOGUE or not any(FOLDER.glob("*.y*ml")):
        return {}
    try:
        return examine_runbooks(contents(FOLDER), {})
    except Invalid as error:
        print_flaws(error.flaws, as_json)
        raise typer.Exit(INVALID) from None


def _documents(books: Mapping[str, Written]) -> dict[str, Runbook]:
    """Runbooks that a remedy may name: those beside the catalogue, those in use, those that come with packs."""
    lent = {one.document.runbook: one.document for one in shipped().values()}
    own = {name: one.document for name, one in books.items()}
    try:
        return lent | runbooks_in_use() | own
    except (OperationalError, ProgrammingError):
        return lent | own


def _known(path: Path) -> examine.Known:
    """One file may speak of what is applied already. Without a database yet, of nothing."""
    if path.is_dir():
        return examine.Known()
    try:
        return queries.known()
    except (OperationalError, ProgrammingError):
        return examine.Known()


def print_flaws(flaws: list[LocatedFlaw], as_json: bool) -> None:
    """Everything that is wrong, for people or for programs."""
    if as_json:
        print_json({"ok": False, "flaws": [flaw.plain() for flaw in flaws]})
    else:
        _print_flaws(flaws)


def _print_flaws(flaws: list[LocatedFlaw]) -> None:
    for flaw in flaws:
        print(flaw if flaw.flaw.fatal else f"{flaw} (warning)", file=sys.stderr)


def _print_differences(differences: list[Difference], as_json: bool, nothing: str) -> None:
    if as_json:
        print_json([difference.plain() for difference in differences])
        return
    for difference in differences:
        print(difference)
    if not differences:
        print(nothing)
