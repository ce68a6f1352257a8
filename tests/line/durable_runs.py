"""Run as ``python -m tests.line.durable_runs FOLDER`` in a workspace of its own, SQLite: what is known to go wrong with
DBOS, looked for. Prints what was found as JSON."""

import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import django

django.setup()

from dbos import DBOS  # noqa: E402 - Django must be set up first
from django.db import connections  # noqa: E402

from mainstay.domain.actor import Actor, Role  # noqa: E402
from mainstay.engine.runbooks import driving, durable  # noqa: E402
from mainstay.engine.runbooks.desk import Desk  # noqa: E402
from mainstay.engine.runbooks.driving import Driver  # noqa: E402
from mainstay.runbooks import actions  # noqa: E402
from mainstay.runbooks.models import Run  # noqa: E402

OLA, ANN = Actor("person:ola", Role.OPERATOR), Actor("person:ann", Role.APPROVER)
WAITING = 100
"""More than there are threads for."""


def rows(question: str) -> list[Any]:
    with closing(sqlite3.connect(durable.FOLDER / "runs.sqlite3")) as file:
        return list(file.execute(question))


def main(folder: Path) -> dict[str, Any]:
    tool = folder / "say"
    tool.write_text("#!/bin/sh\necho well\n")
    tool.chmod(0o755)
    driving.PLUGINS = (str(folder),)
    actions.write("runbook: long\nsteps: {a: {kind: wait, for: 21d}}\n", actor=ANN)
    actions.write("runbook: quick\nsteps: {a: {kind: shell, command: [say]}}\n", actor=ANN)
    long = [actions.run("long", {}, actor=OLA) for _ in range(WAITING)]
    driver = Driver()
    with durable.launched(driver) as ours:
        desk = Desk(ours)

        def until(holds: Callable[[], bool]) -> None:
            end = time.monotonic() + 40
            while not holds():
                assert time.monotonic() < end, "it stands still"
                desk.step()
                time.sleep(0.05)

        until(lambda: Run.objects.filter(wake_at__isnull=False).count() == WAITING)
        found: dict[str, Any] = {"threads": threading.active_count()}
        quick = actions.run("quick", {}, actor=OLA)
        until(lambda: state(quick) == "done")
        actions.cancel(long[0].pk, "enough", actor=OLA)
        until(lambda: state(long[0]) == "cancelled")
        actions.pause(long[1].pk, actor=OLA)
        until(lambda: state(long[1]) == "paused")
        broken = Run.objects.get(pk=long[2].pk).drive
        DBOS.cancel_workflow(broken)
        until(lambda: Run.objects.get(pk=long[2].pk).drive != broken)
        found |= {
            "journal": rows("pragma journal_mode")[0][0],
            "owners": sorted({row[0] for row in rows("select executor_id from workflow_status")} - {None}),
            "holder": driver.holder,
            "versions": sorted({row[0] for row in rows("select application_version from workflow_status")}),
            "inputs": rows(f"select inputs from workflow_input where workflow_uuid = '{drive(quick)}'")[0][0],
            "second": second(),
        }
        until(lambda: drive(quick) in ours.ended() and drive(long[0]) in ours.ended())
        ours.forget(ours.ended())
        found["left"] = len(ours.ended())
        found["live"] = len(ours.states(Run.objects.filter(state="running").values_list("drive", flat=True)))
        driver.stopping.set()
    connections.close_all()
    return found


def state(row: Run) -> str:
    return str(Run.objects.values_list("state", flat=True).get(pk=row.pk))


def drive(row: Run) -> str:
    return str(Run.objects.values_list("drive", flat=True).get(pk=row.pk))


def second() -> str:
    """Another process of the same workspace."""
    try:
        durable.Durable(Driver())._own_file()
    except OSError:
        return "refused"
    return "let in"


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))), flush=True)
    os._exit(0)
