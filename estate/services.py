"""The estate's service manager: what `systemctl` and `kill` are on a machine of one's own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from estate import postgres
from estate.layout import Layout, read_json
from estate.supervisor import kill_group, listens

SERVICES = ("postgresql", "erp", "cron", "worker")


def wait_until(done: Callable[[], bool], patience: float, what: str) -> None:
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within {patience:.0f} s")
        time.sleep(0.1)


def take_down(layout: Layout, child: str) -> None:
    """Hold the child first, so that the supervisor does not raise it again, then kill it hard."""
    layout.held(child).touch()
    pid = read_json(layout.facts)["pids"].get(child)
    if pid and _is_alive(pid):
        kill_group(pid)
        wait_until(lambda: not _is_alive(pid), 10, f"the end of {child}")


def let_up(layout: Layout, child: str) -> None:
    layout.held(child).unlink(missing_ok=True)


def restart(layout: Layout, name: str) -> None:
    """Start it anew, whether it runs or not, and wait until it is there."""
    facts = read_json(layout.facts)
    if name == "postgresql":
        _stop_database(layout, facts)
    else:
        take_down(layout, name)
    if name == "worker":
        _put_back(facts)
    let_up(layout, name)
    ready: dict[str, Callable[[], bool]] = {
        "postgresql": lambda: postgres.answers(facts["admin_dsn"]), "erp": lambda: listens(facts["ports"]["erp"]),
    }  # fmt: skip
    wait_until(ready.get(name, lambda: _runs(layout, name)), 45, f"the return of {name}")


def _stop_database(layout: Layout, facts: dict[str, Any]) -> None:
    """In its own way: it writes down what it holds first."""
    layout.held("postgresql").touch()
    pid = facts["pids"].get("postgresql")
    if pid and _is_alive(pid):
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: not listens(facts["database_port"]), 30, "the end of PostgreSQL")


def _put_back(facts: dict[str, Any]) -> None:
    """What the old worker had taken from the queue and could not finish the ERP would never take again."""
    with psycopg.connect(facts["admin_dsn"], connect_timeout=5) as db:
        db.execute("UPDATE ir_queue SET dequeued_at = NULL WHERE dequeued_at IS NOT NULL AND finished_at IS NULL")


def _runs(layout: Layout, name: str) -> bool:
    pid = read_json(layout.facts)["pids"].get(name)
    return bool(pid) and _is_alive(pid)


def end(layout: Layout, program: str) -> int:
    """End a program that somebody left running on the estate, by its name; how many there were."""
    found = [pid for pid, words in _programs() if words[-2:] == [program, str(layout.root)]]
    for pid in found:
        os.kill(pid, signal.SIGTERM)
        kill_group(pid)
    wait_until(lambda: not any(map(_is_alive, found)), 10, f"the end of {program}")
    return len(found)


def _programs() -> list[tuple[int, list[str]]]:
    """Those that are no part of the ERP, with the words of their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:
            continue
        if "estate.faults.helper" in words:
            found.append((int(path.parent.name), words))
    return found


def _is_alive(pid: int) -> bool:
    """A killed child is a zombie until the supervisor has looked; that counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
