"""``mainstay backup verify-certificate``: needs no workspace, so that whoever was given a certificate can verify it."""

from pathlib import Path
from typing import Annotated

import typer

from mainstay.cli.output import AsJson, fail, print_json
from mainstay.cli.words import _
from mainstay.domain.certificate import Untrue, Verified, key_id, verify


def register(app: typer.Typer) -> None:
    """Put the command into the main program, in the place of the group that it belongs to."""
    group = typer.Typer(callback=lambda: None)
    group.command("verify-certificate")(verify_certificate)
    app.add_typer(group, name="backup")


def add(app: typer.Typer) -> None:
    """Put the command into the group ``backup``."""
    app.command("verify-certificate")(verify_certificate)


def verify_certificate(
    file: Annotated[Path, typer.Argument(help="The certificate as JSON.")],
    key: Annotated[str, typer.Option(help="The public key to expect, or a file that holds it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Whether a certificate is as it was signed. Works without a workspace. Exit code 2 when it is not."""
    try:
        found = verify(file.read_text(encoding="utf-8"), _key(key))
    except (OSError, UnicodeDecodeError):
        fail(_("{path} cannot be read").format(path=file))
    except Untrue as error:
        if as_json:
            print_json({"true": False, "reason": str(error)})
        fail(_("not true: {reason}").format(reason=_(str(error))), 2)
    if as_json:
        print_json({"true": True, "key_known": found.known, "key": found.key, "certificate": found.document})
    else:
        _tell(found)


def _key(text: str) -> str:
    """A key as such, or the first line of a file that holds one."""
    path = Path(text)
    try:
        return path.read_text(encoding="utf-8").split("\n")[0].strip() if text and path.is_file() else text.strip()
    except (OSError, ValueError):
        return text.strip()


def _tell(found: Verified) -> None:
    said = found.document
    policy, copy = said.get("policy", {}), said.get("copy", {})
    print(_("true: as it was signed by the key {id}").format(id=key_id(found.key)))
    if not found.known:
        print(_("compare the key with the one you were given, or name that with --key"))
    print(f"{policy.get('system')}/{policy.get('name')}: {_(str(said.get('verdict')))}, {copy.get('of')}")
    if missing := said.get("not_proved"):
        print(_("not shown: {names}").format(names=", ".join(missing)))
