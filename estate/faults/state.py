"""What is broken now: one JSON file for each fault in the estate's directory."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from estate.layout import Layout, read_json, write_json
from estate.supervisor import kill_group


def path_of(layout: Layout, name: str) -> Path:
    return layout.faults / f"{name}.json"


def is_broken(layout: Layout, name: str) -> bool:
    return path_of(layout, name).exists()


def remember(layout: Layout, name: str, saved: dict[str, Any]) -> None:
    """Written before anything is changed, so that a killed `break` can still be mended."""
    write_json(path_of(layout, name), saved)


def recall(layout: Layout, name: str) -> dict[str, Any]:
    return read_json(path_of(layout, name))


def forget(layout: Layout, name: str) -> None:
    path_of(layout, name).unlink(missing_ok=True)


def end_helpers(layout: Layout) -> None:
    """End the resident processes of all faults; a stop mends nothing else."""
    for file in layout.faults.glob("*.json"):
        end_helper(read_json(file))


def end_helper(saved: dict[str, Any]) -> None:
    pid = saved.get("helper_pid")
    if isinstance(pid, int) and _is_helper(pid):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        kill_group(pid)


def _is_helper(pid: int) -> bool:
    """A process id is reused one day: look at the command line before killing."""
    try:
        return b"estate.faults.helper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
