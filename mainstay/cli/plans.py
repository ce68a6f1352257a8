"""``mainstay plan …``: find, read, print, write, put in force, retire emergency plans."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from mainstay.api.plan_rows import plan_row, plan_rows
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _, spoken
from mainstay.monitoring.wording import language_of
from mainstay.plans import actions, paper, queries
from mainstay.plans.models import Plan

plan_app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The plan's name.")]


class Form(StrEnum):
    """What a plan is printed as."""

    pdf = "pdf"
    html = "html"
    yaml = "yaml"


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(plan_app, name="plan")


@plan_app.command("list")
def list_plans(
    state: Annotated[str, typer.Option(help="draft, in-force or retired.")] = "",
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Plans, by system."""
    found = queries.plans(state=state, system=system, sight=acting("plan.read").sight)
    rows = [plan_row(row) for row in found[:limit]]
    columns = ("name", "state", "title", "system", "version", "approved_version", "review_at")
    print_rows(rows, columns, _("there is no plan"), as_json=as_json, count=found.count())


@plan_app.command("show")
def show_plan(name: Name, as_json: AsJson = False) -> None:
    """One plan as it is followed, as YAML, and who changed it."""
    sight = acting("plan.read").sight
    with told(_absent(name)):
        found = queries.plan(name, sight)
    row = plan_rows(found, queries.versions(name))
    if as_json:
        print_json(row)
        return
    print(f"{name}  {titled(row['title'])}\n\n{paper.written(queries.shown(found))}")
    print_rows(row["versions"], ("number", "at", "actor", "remark"), "", as_json=False)


@plan_app.command("print")
def print_plan(
    name: Name,
    form: Annotated[Form, typer.Option(help="As what.")] = Form.pdf,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Into this file; else standard output.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Another version than the one in force.")] = None,
) -> None:
    """A plan for the day without a network; as YAML what plan write takes back."""
    sight = acting("plan.read").sight
    with told(_absent(name)):
        file = paper.document(queries.shown(queries.plan(name, sight), version), form, language_of(spoken()))
    if out is None:
        sys.stdout.buffer.write(file.data)
        return
    out.write_bytes(file.data)
    print(_("{file} is written").format(file=out))


@plan_app.command("write")
def write_plan(
    file: Annotated[
        Path | None, typer.Option("--file", exists=True, dir_okay=False, help="YAML; else standard input.")
    ] = None,
    remark: Annotated[str, typer.Option(help="What was changed, and why.")] = "",
    as_json: AsJson = False,
) -> None:
    """A new plan, or a new version of the one of that name; it is in force once it is approved."""
    actor = acting("plan.write")
    document = _read(sys.stdin.read() if file is None else file.read_text(encoding="utf-8"))
    name = str(document.get("plan", ""))
    known = name if queries.plans(sight=actor.sight).filter(name=name).exists() else ""
    with told(_("there is no system {name}").format(name=document.get("system", ""))):
        _done(actions.write(document, name=known, actor=actor, remark=remark), as_json)


def _read(text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        fail(_("that is no YAML: {why}").format(why=" ".join(str(error).split())))
    if not isinstance(document, dict):
        fail(_("a plan is a mapping that begins with plan:"))
    return document


@plan_app.command("approve")
def approve_plan(
    name: Name,
    review: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until when it holds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put the newest version in force; or say of the one in force that it still holds."""
    with told(_absent(name)):
        day = review.date() if review else None
        _done(actions.approve(name, actor=acting("plan.approve"), review_at=day), as_json)


@plan_app.command("retire")
def retire_plan(
    name: Name, reason: Annotated[str, typer.Option(help="Why it is followed no more.")], as_json: AsJson = False
) -> None:
    """It is followed no more; it stays on record."""
    with told(_absent(name)):
        _done(actions.retire(name, actor=acting("plan.retire"), reason=reason), as_json)


def _done(plan: Plan, as_json: bool) -> None:
    row = plan_row(plan)
    sentence = _("plan {name}, version {version}, is {state}: {title}").format(
        name=plan.name, version=plan.version, state=_(plan.state), title=titled(row["title"])
    )
    print_one(row, sentence, as_json=as_json)


def _absent(name: str) -> str:
    return _("there is no plan {name}; mainstay plan list shows them").format(name=name)
