"""Run as ``python -m tests.line.killed_runs FOLDER STEPS POINT…`` in a workspace of its own: drives runs of so many
steps and kills the runner at one point of each step, in turn. A person looks at the log and decides what is in doubt.
Prints what was found as JSON.

With ``ENGINES=2`` in the environment two runners share the database, and the one that is not killed takes over.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connections  # noqa: E402 - Django must be set up first

from mainstay.domain.actor import ENGINE, Actor, Role  # noqa: E402
from mainstay.engine.runbooks import driving, runner  # noqa: E402
from mainstay.runbooks import actions, queries  # noqa: E402
from mainstay.runbooks.actions import driving as notes  # noqa: E402
from mainstay.runbooks.models import Run  # noqa: E402

OLA = Actor("person:ola", Role.OPERATOR)
POINTS = ("about to start", "started", "done, not written down", "written down")
PATIENCE = 60.0
MARK = Path(sys.argv[1]) / "armed"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def armed(point: str, path: str) -> bool:
    """Whether this is where the next death is due; it is due once."""
    with suppress(OSError):
        if MARK.read_text() == f"{point}|{path}":
            MARK.unlink()
            return True
    return False


def patch() -> None:
    """Deaths before and after what is written down of a step."""
    begin, finish = notes.begin, notes.finish

    def dying_begin(number: int, node: Any, *given: Any, **more: Any) -> Any:
        if armed(POINTS[0], node.path):
            die()
        begun = begin(number, node, *given, **more)
        if armed(POINTS[1], node.path):
            die()
        return begun

    def dying_finish(begun: Any, *given: Any, **more: Any) -> None:
        if armed(POINTS[2], begun.node.path):
            die()
        finish(begun, *given, **more)
        if armed(POINTS[3], begun.node.path):
            die()

    notes.begin, notes.finish = dying_begin, dying_finish  # type: ignore[assignment]


def life(name: str) -> int:
    """A runner of its own, which may be about to die."""
    connections.close_all()
    child = os.fork()
    if not child:
        patch()
        with (Path(sys.argv[1]) / "runner.log").open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os._exit(runner.main(0, name))
    return child


def book(folder: Path, steps: int) -> str:
    tool = folder / "leave"
    tool.write_text('#!/bin/sh\necho "$1" >> "$2"\n')
    tool.chmod(0o755)
    lines = [
        f"  s{n}: {{kind: shell, command: [leave, s{n}, {folder / 'log'}], repeatable: {'true' if n % 2 else 'false'}}}"
        for n in range(steps)
    ]
    return "runbook: long\nsteps:\n" + "\n".join(lines) + "\n"


def done_so_far(folder: Path) -> Counter[str]:
    log = folder / "log"
    return Counter(log.read_text().split() if log.exists() else [])


def decide(row: Run, folder: Path) -> None:
    """A person looks whether it ran."""
    for step in row.steps.filter(state="doubtful"):
        if done_so_far(folder)[step.path]:
            actions.skip(row.pk, step.path, "it is in the log", actor=OLA)
        else:
            actions.retry(row.pk, step.path, actor=OLA)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it stands still"
        time.sleep(0.05)


def lives(names: list[str], children: dict[str, int]) -> list[str]:
    """Bury those that died, and start them again. Who died."""
    died = []
    for name in names:
        if name in children and os.waitpid(children[name], os.WNOHANG)[0] == 0:
            continue
        if name in children:
            died.append(name)
        children[name] = life(name)
    return died


def main(folder: Path, steps: int, points: list[str]) -> dict[str, Any]:
    driving.PLUGINS = (str(folder),)
    names = [f"runner{place}" for place in range(int(os.environ.get("ENGINES", "1")))]
    actions.write(book(folder, steps), actor=ENGINE)
    return {point: at_each_step(folder, steps, point, names) for point in points}


def at_each_step(folder: Path, steps: int, point: str, names: list[str]) -> dict[str, int]:
    """One run, in which somebody dies at this point of each step."""
    (folder / "log").unlink(missing_ok=True)
    row = actions.run("long", {}, actor=OLA)
    children: dict[str, int] = {}
    died: list[str] = []

    def looked() -> str:
        died.extend(lives(names, children))
        found = queries.run(row.pk)
        decide(found, folder)
        return found.state

    for place in range(steps):
        MARK.write_text(f"{point}|s{place}")
        until(lambda: (looked(), not MARK.exists())[1])
    until(lambda: looked() == "done")
    for child in children.values():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    ran = done_so_far(folder)
    return {
        "once": sum(ran[f"s{n}"] == 1 for n in range(steps)),
        "unasked": sum(ran[f"s{n}"] > 1 for n in range(0, steps, 2)),
        "missing": sum(ran[f"s{n}"] == 0 for n in range(steps)),
        "asked": row.story.filter(word="doubtful").count(),
        "died": len(died),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
