"""``mainstay on-call rotation …``: make, change and retire a rotation, and see first who would be on call."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mainstay.api.on_call_rows import ahead_row
from mainstay.catalogue import actions, queries
from mainstay.catalogue.editing_rotations import RotationWriting, rotation_proposal, rotation_writing
from mainstay.cli.output import AsJson, print_json, print_rows
from mainstay.cli.policy_editing import Dry, Keys, flaws_told, laid_over, tell
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.on_call import Rotation
from mainstay.domain.yaml_text import write
from mainstay.on_call.queries import drafted

rotation_app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The rotation's name.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the group."""
    for name, command in (("show", show), ("preview", preview), ("set", put), ("retire", retire)):
        rotation_app.command(name)(command)
    app.add_typer(rotation_app, name="rotation", help=_("Make, change and retire rotations."))


def show(name: Name, as_json: AsJson = False) -> None:
    """How it is written."""
    acting("oncall.read")
    with told(_absent(name)):
        queries.arrangements("rotation").get(name=name)
    present = rotation_writing(name)
    if as_json:
        print_json({"name": name, "definition": present.own})
    else:
        print(write({"rotations": {name: present.own}}), end="")


def preview(name: Name, keys: Keys = None, as_json: AsJson = False) -> None:
    """Who would be on call in the next four weeks if it said this. Exit code 1 where nobody would at times."""
    acting("catalogue.try")
    with told(), flaws_told(as_json):
        present, wanted = _wanted(name, keys)
        meant = Rotation.model_validate(rotation_proposal(present, wanted).definition)
    rota = drafted(name, meant)
    row = ahead_row(rota, datetime.now(UTC))
    if as_json:
        print_json(row)
    else:
        shifts = [
            {**one, **{key: one[key].astimezone(rota.zone).isoformat(timespec="minutes") for key in ("start", "end")},
             "person": one["person"] or _("nobody")}
            for one in row["shifts"]
        ]  # fmt: skip
        print_rows(shifts, ("start", "end", "person", "layer"), "", as_json=False)
        if row["strangers"]:
            print(_("nobody can be reached under: {names}").format(names=", ".join(row["strangers"])))
    raise typer.Exit(bool(row["gaps"]))


def put(name: Name, keys: Keys = None, dry_run: Dry = False, as_json: AsJson = False) -> None:
    """Make a rotation or change it: the named keys, and no other. Its layers are one key, such as
    'layers=[{people: [alice, bob], turn: 1w}]'."""
    actor = acting("catalogue.apply")
    with told(), flaws_told(as_json):
        present, wanted = _wanted(name, keys)
        found = rotation_proposal(present, wanted)
        done = found.differences
        if not dry_run:
            done = actions.put_rotation(name, wanted, actor=actor, seen=present.seen)
    tell(found, done, dry_run=dry_run, as_json=as_json)


def retire(name: Name, as_json: AsJson = False) -> None:
    """Refused while an escalation or a response team calls it. Who was on call stays on record."""
    actor = acting("catalogue.apply")
    with told(_absent(name)):
        queries.arrangements("rotation").get(name=name)
        done = actions.retire("rotation", name, actor=actor)
    tell(None, done, dry_run=False, as_json=as_json)


def _wanted(name: str, keys: list[str] | None) -> tuple[RotationWriting, dict[str, Any]]:
    present = rotation_writing(name)
    return present, laid_over(present.own, keys)


def _absent(name: str) -> str:
    return _("there is no rotation {name}; mainstay on-call show shows all").format(name=name)
