"""``mainstay system …``: the systems under care and their parts."""

from typing import Annotated

import typer

from mainstay.api.rows import check_row, component_row, system_row
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, marked, print_json, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.monitoring import queries

system_app = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(system_app, name="system")


@system_app.command("list")
def list_systems(as_json: AsJson = False) -> None:
    """Every system with its worst state."""
    sight = acting("catalogue.read").sight
    counts = queries.counts()
    rows = [system_row(system, counts.get(system.name)) for system in catalogue.systems(sight)]
    shown = rows if as_json else [{**row, "checks": sum(row["checks"].values())} for row in rows]
    print_rows(
        shown, ("state", "name", "title", "tier", "checks"), _("no systems yet; mainstay apply"), as_json=as_json
    )


@system_app.command("show")
def show_system(
    name: Annotated[str, typer.Argument(help="The system's name.")],
    as_json: AsJson = False,
) -> None:
    """One system with its components and checks."""
    sight = acting("catalogue.read").sight
    with told(_("there is no system {name}; mainstay system list shows all").format(name=name)):
        system = catalogue.system(name, sight)
    row = system_row(system, queries.counts().get(name))
    components = [component_row(one) for one in catalogue.components(name)]
    checks = [check_row(one) for one in catalogue.checks(name).select_related("standing").order_by("name")]
    if as_json:
        print_json({**row, "components": components, "checks": checks})
        return
    print(f"{titled(row['title'])}: {marked(row['state'])}")
    print_rows(components, ("name", "title", "kind", "depends_on"), _("no components"), as_json=False)
    print_rows(checks, ("state", "path", "since", "why"), _("no checks"), as_json=False)
