"""``mainstay estate …``: break and mend the demo's systems. Passes through to the estate's own program."""

import subprocess
import sys
import tempfile
from pathlib import Path

import typer

from mainstay.cli.demo import CHECKOUT, ESTATE_PYTHON
from mainstay.cli.output import AsJson, fail

estate_app = typer.Typer(help="The demo's systems: faults on demand.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(estate_app, name="estate")


def _running() -> Path:
    """The directory of the demo that runs now, the newest if there are several."""
    found = sorted(
        Path(tempfile.gettempdir()).glob("mainstay-demo-*/estate/estate.json"), key=lambda path: path.stat().st_mtime
    )
    if not found:
        fail("no demo is running; start one with: make demo")
    return found[-1].parent


def _pass(*words: str, as_json: bool) -> None:
    command = [str(ESTATE_PYTHON), "-m", "estate", *words, "--dir", str(_running()), *(["--json"] if as_json else [])]
    sys.exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)


@estate_app.command("faults")
def faults(as_json: AsJson = False) -> None:
    """What can be broken, and what is broken now."""
    _pass("faults", as_json=as_json)


@estate_app.command("break")
def break_(name: str, as_json: AsJson = False) -> None:
    """Cause a fault."""
    _pass("break", name, as_json=as_json)


@estate_app.command("mend")
def mend(name: str, as_json: AsJson = False) -> None:
    """Take a fault back."""
    _pass("mend", name, as_json=as_json)
