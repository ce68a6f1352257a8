"""``mainstay``: the command line as a whole."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
try:
    django.setup()
except SystemExit as misconfigured:
    sys.stderr.write(f"{misconfigured}\n")
    raise

import typer
from django.db import DatabaseError

from mainstay import __version__
from mainstay.cli import (
    audit,
    catalogue,
    checks,
    demo,
    estate,
    health,
    incidents,
    init,
    people,
    up,
)
from mainstay.domain.actor import Denied

app = typer.Typer(
    help="Keeps business systems alive.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
for part in (init, up, catalogue, checks, incidents, people, audit, health, estate, demo):
    part.register(app)


@app.command()
def version() -> None:
    """Which version this is."""
    typer.echo(__version__)


def run() -> None:
    """The program's entrance: errors become sentences and exit codes (sysexits.h)."""
    try:
        app()
    except Denied as error:
        _end(str(error), 77)
    except DatabaseError as error:
        text = str(error).splitlines()[0]
        missing = "no such table" in text or "does not exist" in text
        _end("the database is not ready: mainstay migrate" if missing else f"the database cannot be used: {text}", 69)


def _end(message: str, code: int) -> None:
    sys.stderr.write(f"{message}\n")
    sys.exit(code)
