"""``mainstay demo``: the estate's real ERP under care, on this machine, until Ctrl-C.

Everything goes through the faces that a user has: a workspace, ``mainstay apply``, ``mainstay up``, the API. The
estate is a program of its own (``estate/README.md``) and is spoken to as one.
"""

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mainstay.cli import demo_backups
from mainstay.cli.demo_round import Round
from mainstay.cli.demo_watch import Watch

CHECKOUT = Path(__file__).resolve().parents[2]
ESTATE_PYTHON = CHECKOUT / ".venv-estate" / "bin" / "python"
PERSON = "demo"


def register(app: typer.Typer) -> None:
    """Add the command to the main application."""
    app.command("demo")(demo)


def demo(
    once: Annotated[
        bool, typer.Option(help="Break every fault in turn and recover it, print the table, and end.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where the page is served; taken only if free.")] = 8080,
    only: Annotated[list[str] | None, typer.Option(help="With --once: only these faults.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: the table as JSON.")] = False,
) -> None:
    """Watch a real ERP with live orders, on loopback, and leave nothing behind."""
    if not ESTATE_PYTHON.exists():
        typer.echo(
            "The demo's ERP is set up by `make demo` in a checkout of Mainstay; it is no part of the wheel.", err=True
        )
        raise typer.Exit(64)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        try:
            directory = stack.enter_context(_directory())
            raise typer.Exit(_run(stack, directory, _free_port(port), once, only or [], as_json))
        except KeyboardInterrupt:
            typer.echo("\nStopping; nothing is left behind.", err=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _run(stack: ExitStack, directory: Path, port: int, once: bool, only: list[str], as_json: bool) -> int:
    began = time.monotonic()
    typer.echo("Starting the ERP (Tryton on PostgreSQL, with orders coming in) …", err=True)
    estate = stack.enter_context(_estate(directory / "estate"))
    mainstay = Workspace(directory / "workspace", port)
    password, token = mainstay.prepare()  # while the ERP starts
    facts = _facts(estate)
    typer.echo(f"The ERP is up after {time.monotonic() - began:.0f} s. Starting Mainstay …", err=True)
    mainstay.take_in(facts)
    stack.enter_context(mainstay.up())
    watch = Watch(f"http://127.0.0.1:{port}", token)
    watch.wait_for_life(patience=120)
    typer.echo(f"The pages live after {time.monotonic() - began:.0f} s; in half a minute all is looked at.", err=True)
    if once:
        return Round(watch, facts, directory / "estate", _estate_command(), mainstay.call, PERSON).run(only, as_json)
    demo_backups.ask(watch)
    _say_where(port, password, facts)
    demo_backups.follow(watch)
    signal.pause()
    return 0


def _say_where(port: int, password: str, facts: dict[str, Any]) -> None:
    typer.echo(
        f"""
  Mainstay     http://127.0.0.1:{port}/     sign in as {PERSON} / {password}
  Notices      {facts["mail_url"]}     (what the demo's mail catcher received)
  The ERP      {facts["erp_url"]}     (its clients' address; JSON-RPC)

  In another terminal:   .venv/bin/mainstay estate faults
                         .venv/bin/mainstay estate break stock-negative
                         .venv/bin/mainstay estate mend stock-negative
  Ctrl-C ends it all and leaves nothing behind.
"""
    )


@contextmanager
def _directory() -> Iterator[Path]:
    """A directory of our own, entered by the database's account too; gone at the end."""
    directory = Path(tempfile.mkdtemp(prefix="mainstay-demo-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise typer.Exit(70)


def _estate_command() -> list[str]:
    return [str(ESTATE_PYTHON), "-m", "estate"]


@contextmanager
def _estate(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the estate as a program of its own."""
    directory.mkdir(mode=0o711)
    process = subprocess.Popen(
        [*_estate_command(), "up", "--dir", str(directory), "--json"],
        cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        _end(process)


def _facts(estate: subprocess.Popen[str]) -> dict[str, Any]:
    """What the estate says of itself once it is up."""
    line = estate.stdout.readline() if estate.stdout else ""
    if not line:
        typer.echo("The ERP did not start; the reason stands above.", err=True)
        raise typer.Exit(70)
    return dict(json.loads(line))


def _end(process: subprocess.Popen[str]) -> None:
    """Ask, wait, then insist; Ctrl-C pressed twice must not leave it running."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Workspace:
    """A Mainstay of its own for the demo."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.environment = {**os.environ, "MAINSTAY_WORKSPACE": str(directory)}

    def prepare(self) -> tuple[str, str]:
        """Settings, a person and a token; returns the person's password and the token."""
        shutil.copytree(CHECKOUT / "estate" / "catalogue", self.directory / "catalogue")
        shutil.copytree(CHECKOUT / "estate" / "runbooks", self.directory / "runbooks")
        (self.directory / "mainstay.toml").write_text(
            f'port = {self.port}\nbase_url = "http://127.0.0.1:{self.port}"\nsettle = 3\n'
            '[networks]\nallowed = ["127.0.0.0/8", "::1/128"]\n'
        )
        password = secrets.token_urlsafe(9)
        put_plugin(self.directory / "plugins")
        put_tools(self.directory / "plugins", self.directory.parent / "estate")
        self.call("migrate")
        self.call("user", "add", PERSON, "--role", "administrator", "--password-stdin", given=password)
        token = json.loads(self.call("token", "create", "demo", "--role", "administrator", "--json"))["token"]
        return password, token

    def take_in(self, facts: dict[str, Any]) -> None:
        """The ERP's system, with what its addresses are this time."""
        self.environment |= references(facts)
        self.call("apply")

    def call(self, *words: str, given: str = "") -> str:
        """One command of Mainstay; its output. A failure ends the demo with what the command said."""
        done = subprocess.run(
            [sys.executable, "-m", "mainstay", *words],
            env=self.environment, input=given, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            typer.echo(f"mainstay {' '.join(words)}: {done.stdout}{done.stderr}", err=True)
            raise typer.Exit(70)
        return done.stdout

    @contextmanager
    def up(self) -> Iterator[None]:
        """Run until left."""
        log = (self.directory / "mainstay.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "mainstay", "up"],
            env=self.environment, stdout=log, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            yield
        finally:
            _end(process)
            log.close()


def put_plugin(directory: Path) -> None:
    """The program by which a proof starts the ERP on a restored copy."""
    directory.mkdir(exist_ok=True)
    script = directory / "erp-on-a-copy"
    words = shlex.join(["env", f"PYTHONPATH={CHECKOUT}", *_estate_command(), "serve"])
    script.write_text(f"#!/bin/sh\nexec {words}\n")
    script.chmod(0o755)


def put_tools(directory: Path, estate: Path) -> None:
    """The programs that the demo's runbooks run: the estate's own, and one that removes what a broken export left."""
    words = shlex.join(["env", f"PYTHONPATH={CHECKOUT}", *_estate_command()])
    tools = {
        "estate": f'exec {words} "$@" --dir {shlex.quote(str(estate))}\n',
        "remove-leftovers": 'exec find "$1/" -xdev -maxdepth 1 -type f -name "filler*" -print -delete\n',
    }
    for name, text in tools.items():
        (directory / name).write_text(f"#!/bin/sh\n{text}")
        (directory / name).chmod(0o755)


def references(facts: dict[str, Any]) -> dict[str, str]:
    """What the demo's catalogue names as ``${ERP_…}``."""
    secure = facts["erp_tls_url"].removeprefix("https://").rstrip("/")
    host, _, port = secure.partition(":")
    return {
        "ERP_DSN": facts["database_dsn"],
        "ERP_OWNER_DSN": facts["admin_dsn"],
        "ERP_URL": facts["erp_url"],
        "ERP_TLS_HOST": host,
        "ERP_TLS_PORT": port,
        "ERP_CA_FILE": facts["ca_file"],
        "ERP_LOGIN": facts["probe_login"],
        "ERP_PASSWORD": facts["probe_password"],
        "ERP_DISK": facts["disk_dir"],
        "ERP_DISK_QUOTA": str(facts["disk_quota_bytes"] or 0),
        "ERP_BACKUP_DSN": facts["backup_dsn"],
        "ERP_FILES": facts["attachments_dir"],
        "ERP_CONFIG": facts["config_file"],
        "ERP_VAULT": facts["vault_dir"],
        "ERP_SECOND_SITE": facts["second_site_dir"],
        "MAIL_PORT": str(facts["smtp_port"]),
    }
