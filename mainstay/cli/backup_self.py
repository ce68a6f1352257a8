"""``mainstay backup-self``: a copy of Mainstay itself as one sealed file."""

import base64
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mainstay.catalogue.secret_book import SecretBook
from mainstay.cli.output import AsJson, print_json
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.placeholder import Unfilled
from mainstay.own_copies import actions, making
from mainstay.settings import CONFIGURATION


def register(app: typer.Typer) -> None:
    """Put the command into the main program."""
    app.command(name="backup-self")(backup_self)


def backup_self(
    target: Annotated[Path, typer.Argument(help="A file that is not there yet, or a directory.")],
    passphrase_stdin: Annotated[
        bool,
        typer.Option(
            "--passphrase-stdin",
            help="Read the passphrase from standard input.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy Mainstay itself into one sealed file, while it runs."""
    actor = acting("self.backup")
    passphrase, made = _passphrase(passphrase_stdin)
    path = target / making.name(datetime.now(UTC)) if target.is_dir() else target
    with told():
        manifest, size = actions.copy_to(path, passphrase, actor=actor)
    if as_json:
        row = {"path": str(path), "size": size, "made_at": manifest.made_at, "version": manifest.version}
        print_json({**row, "files": len(manifest.members), **({"passphrase": passphrase} if made else {})})
        return
    print(_("{path}: {size} kB, {count} files").format(path=path, size=size // 1000, count=len(manifest.members)))
    if made:
        print(_sheet(path, manifest.made_at, passphrase))


def _passphrase(given: bool) -> tuple[str, bool]:
    """What seals it, and whether that was made here."""
    if given:
        return sys.stdin.readline().rstrip("\r\n"), False
    try:
        return SecretBook().value(CONFIGURATION.own_copies.passphrase), False
    except Unfilled:
        text = base64.b32encode(secrets.token_bytes(20)).decode()
        return "-".join(text[start : start + 4] for start in range(0, len(text), 4)), True


def _sheet(path: Path, at: datetime, passphrase: str) -> str:
    facts = ((_("copy"), path.name), (_("made at"), at.isoformat(timespec="seconds")), (_("passphrase"), passphrase))
    wide = max(len(name) for name, _value in facts) + 2
    return "\n".join((
        "",
        _("RECOVERY SHEET: print it, and keep it apart from the copy. It is shown this once."),
        "",
        *(f"  {name:{wide}}{value}" for name, value in facts),
        "",
        _("Without the passphrase nobody can open the copy. To bring it back, on any machine with Mainstay:"),
        "",
        f"  mainstay restore-self {path.name} --into DIRECTORY",
        "",
    ))  # fmt: skip
