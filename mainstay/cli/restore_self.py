"""``mainstay restore-self``: a copy of Mainstay itself comes back, or an upgrade is undone. Opens no workspace."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mainstay.cli.output import AsJson, fail, print_json
from mainstay.cli.words import _, of_pages
from mainstay.domain.actor import Actor, Denied, Role, authorise
from mainstay.domain.own_copy import Unfit
from mainstay.domain.saying import said
from mainstay.drivers.sealed_file import Key, opening
from mainstay.own_copies import restoring
from mainstay.own_copies.restoring import Restored, Wish

REFUSED = 65
"""sysexits.h: EX_DATAERR."""


def register(app: typer.Typer) -> None:
    """Put the command into the main program."""
    app.command(name="restore-self")(restore_self)


def restore_self(
    file: Annotated[Path | None, typer.Argument(help="The copy.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="Where the workspace goes; else the one that is meant here.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="A workspace that is there is kept beside, under another name.")
    ] = False,
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from standard input.")
    ] = False,
    undo_upgrade: Annotated[
        bool, typer.Option("--undo-upgrade", help="Back to the copy that the last upgrade made first.")
    ] = False,
    finish: Annotated[bool, typer.Option("--finish", help="End what a killed restore began.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put such a copy back, or undo an upgrade."""
    place = (into or Path(os.environ.get("MAINSTAY_WORKSPACE") or ".")).resolve()
    try:
        actor = _actor()
        if finish:
            restoring.end(place)
            print_json({"finished": True}) if as_json else print(_("nothing is left half done"))
            return
        wish = _wish(file, place, actor, replace=replace, undo=undo_upgrade, stdin=passphrase_stdin)
        done = restoring.restore(wish, lambda words: typer.echo(said(words, of_pages), err=True))
    except (Unfit, Denied) as error:
        fail(said(error, of_pages), REFUSED)
    _say(done, wish, as_json)


def _actor() -> str:
    """Who can run commands on the machine. A token is kept in the very database that would be replaced."""
    if os.environ.get("MAINSTAY_TOKEN"):
        raise Denied(_("a token cannot restore Mainstay itself; run this without MAINSTAY_TOKEN"))
    actor = Actor(f"shell:{getpass.getuser()}", Role.ADMINISTRATOR)
    authorise(actor, "self.restore")
    return actor.name


def _wish(file: Path | None, place: Path, actor: str, *, replace: bool, undo: bool, stdin: bool) -> Wish:
    if undo:
        if file is not None:
            raise Unfit(_("--undo-upgrade knows its copy itself; name none"))
        path, key = restoring.before_upgrade(place)
        return Wish(path, place, key, actor, replace=True, forward=False)
    if file is None:
        raise Unfit(_("say which copy comes back"))
    if not file.is_file():
        raise Unfit(_("there is no file {path}").format(path=file))
    return Wish(file.absolute(), place, _key(stdin), actor, replace=replace)


def _key(stdin: bool) -> Key:
    if stdin or not sys.stdin.isatty():
        return opening(sys.stdin.readline().rstrip("\r\n"))
    return opening(getpass.getpass(_("passphrase of the copy: ")))


def _say(done: Restored, wish: Wish, as_json: bool) -> None:
    manifest = done.manifest
    if as_json:
        row = {"place": str(wish.place), "made_at": manifest.made_at, "version": manifest.version}
        beside = str(done.beside) if done.beside else None
        print_json({**row, "records": done.records, "beside": beside, "database": done.database})
        return
    at = manifest.made_at.isoformat(timespec="seconds")
    print(_("{place} is as it was at {at}; its audit trail of {count} records is whole").format(
        place=wish.place, at=at, count=done.records
    ))  # fmt: skip
    if done.beside:
        print(_("what was there is kept in {path}").format(path=done.beside))
    if done.database:
        print(_("its database is called {name} now").format(name=done.database))
    if not wish.forward and manifest.version:
        words = _("this state needs Mainstay {version}: start that one; this one would upgrade it again")
        print(words.format(version=manifest.version))
    elif not wish.forward:
        print(_("this state needs the version that ran before: start that one; this one would upgrade it again"))
