"""``mainstay``: the command line as a whole.

A command's module is imported only when it is called, and Django set up only for those that need it: ``--help`` comes
at once, and what does not touch a workspace leaves none behind.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import Abort, TyperException

from mainstay import __version__
from mainstay.cli.words import _, choose, speak, spoken

USAGE, INTERNAL, CONFIGURATION = 64, 70, 78
"""sysexits.h."""


class Part(NamedTuple):
    """The module of a command or of a group of them, and its help in a line."""

    module: str
    summary: str
    workspace: bool = True


PARTS = {
    "init": Part("init", "Make a workspace: settings, a first catalogue that watches this machine.", workspace=False),
    "up": Part("up", "Run: the web pages, the checker and the engine, each started again whenever it ends."),
    "validate": Part("catalogue", "Say everything that is wrong with a catalogue, where, and what would be right."),
    "diff": Part("catalogue", "Say what apply would do. Exit code 1 when it would do anything."),
    "apply": Part("catalogue", "Make the running catalogue what the files say: all of it or nothing."),
    "export": Part("catalogue", "Write the running catalogue as YAML files. Applied, they change nothing."),
    "schema": Part("catalogue", "Print the JSON Schema of a catalogue's files."),
    "secret": Part("catalogue", "Named values that ${NAME} fills in."),
    "system": Part("systems", "Systems under care."),
    "check": Part("checks", "Checks: how they stand, look now, mute, change."),
    "flow": Part("checks", "Business flows."),
    "incident": Part("incidents", "Incidents."),
    "review": Part("reviews", "Reviews of incidents, and the actions that follow from them."),
    "deployed": Part("diagnosis", "Tell that a version was deployed; without a version, list what was."),
    "article": Part("articles", "The knowledge base: find, read, write, publish articles."),
    "desk": Part("desk", "The help desk: what users report."),
    "inspect": Part("inspect", "Inspections: make the day's sheet, sign it, read it."),
    "backup": Part("backups", "Backups: copies, and the proof that they restore."),
    "on-call": Part("on_call", "On call: who is, who stands in, who would be called and who was."),
    "runbook": Part("runbooks", "Runbooks: run, follow and steer them, and say what they ask."),
    "remedy": Part("remedies", "Remedies: what mends known faults by itself, once somebody has allowed it."),
    "plan": Part("plans", "Emergency plans: find, read, print, write, put in force."),
    "drill": Part("drills", "Drills: the calendar, one from its beginning to its score, and what came of it."),
    "notice": Part("notices", "Notices and what became of them."),
    "channel": Part("notices", "Ways to tell somebody."),
    "alert": Part("alerts", "Alerts of other programs."),
    "user": Part("people", "People who may sign in."),
    "token": Part("people", "Tokens for programs."),
    "audit": Part("audit", "Who did what."),
    "health": Part("health", "Which of Mainstay's own processes live. Exit code 2 when one is silent."),
    "doctor": Part("health", "Say what is wrong with this installation and what to do. Exit code 2 when something is."),
    "backup-self": Part("backup_self", "Copy Mainstay itself into one sealed file, while it runs."),
    "restore-self": Part("restore_self", "Put such a copy back, or undo an upgrade.", workspace=False),
    "migrate": Part("health", "Make the database ready for this version. May be repeated; up does it too."),
    "demo": Part("demo", "Watch a real ERP with live orders, on loopback, and leave nothing behind.", workspace=False),
    "estate": Part("estate", "The demo's systems: faults on demand.", workspace=False),
}

OFFLINE = {("backup", "verify-certificate"): Part("certificates", PARTS["backup"].summary, workspace=False)}
"""Commands of a group that need no workspace although the group does."""


class Front(TyperGroup):
    """Knows every command's name and summary; the command itself only when it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, part in PARTS.items():
            self.commands.setdefault(name, TyperCommand(name, help=_(part.summary)))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in PARTS:
            return args[0], load(args[0], OFFLINE.get((args[0], args[1] if len(args) > 1 else ""))), args[1:]
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        return [*PARTS, *(name for name in self.commands if name not in PARTS)]


def load(name: str, part: Part | None = None) -> Any:
    """A command as typer has it, with its help in the language spoken."""
    part = part or PARTS[name]
    if part.workspace:
        import_module("mainstay.cli.workspace").open_workspace(spoken())
    table = typer.Typer(add_completion=False, rich_markup_mode=None, callback=lambda: None)
    import_module(f"mainstay.cli.{part.module}").register(table)
    command: Any = typer.main.get_group(table).commands[name]
    _in_words(command)
    command.help = f"{_(part.summary)}\n\n{rest}" if (rest := _rest(command)) else _(part.summary)
    return command


def _rest(command: Any) -> str:
    """What a command's help says after its first paragraph."""
    return str(command.help or "").partition("\n\n")[2]


def _in_words(command: Any) -> None:
    for one in (command, *command.params):
        one.help = _(one.help or "")
    for inner in getattr(command, "commands", {}).values():
        _in_words(inner)


app = typer.Typer(
    cls=Front, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.callback()
def everywhere(
    lang: Annotated[str, typer.Option(help="en, zh or zh-hant; else as LANG says.")] = "",
) -> None:
    """Keeps business systems alive."""


@app.command()
def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")] = False,
) -> None:
    """Which version this is."""
    typer.echo(f'{{"version": "{__version__}"}}' if as_json else __version__)


def run(arguments: Sequence[str] | None = None) -> None:
    """The program's entrance: every ending has a sentence, if not a good one, and an exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    speak(choose(words, os.environ))
    front = typer.main.get_command(app)
    _in_words(front)
    try:
        code = front.main(words, prog_name="mainstay", standalone_mode=False)
    except TyperException as error:
        error.show() if hasattr(error, "show") else sys.stderr.write(f"{error}\n")
        code = USAGE
    except Abort:
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who read us had enough
        code = 0
    except Exception as error:
        code = import_module("mainstay.cli.trouble").tell(error)
    sys.exit(code if isinstance(code, int) else 0)
