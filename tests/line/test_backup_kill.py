"""A backup worker is killed at each of its steps, and the engine above one: the next run finishes the work, and nothing
of the dead one counts, blocks or stays."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.servers import program
from tests.workspace import own_database

BACKUP = (
    "backup: nothing begun", "backup: the tool has left its files", "backup: restic is saving",
    "backup: saved, not looked behind", "backup: about to be kept", "backup: kept, not committed",
)  # fmt: skip
PRUNE = ("prune: struck off, still there", "prune: restic is pruning", "prune: gone, not written down")
PROVE = ("prove: loaded", "prove: looking", "prove: about to be kept")
FORWARD = ("forward: brought, not written down",)


def told(folder: Path, *words: str) -> dict[str, Any]:
    program("restic")
    place = folder / "workspace"
    place.mkdir()
    (folder / "shop").mkdir()
    environment = {
        **os.environ, **own_database(), "MAINSTAY_WORKSPACE": str(place), "DJANGO_SETTINGS_MODULE": "mainstay.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.line.killed_backups", str(folder / "shop"), *words], env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def cleaned_up(name: str, one: dict[str, Any]) -> None:
    """What holds after every kill, whatever the point."""
    assert one["signal"] == 9, f"{name} was never reached: {one}"
    assert one["programs"] == 0, f"{name}: a program outlived its worker"
    assert (one["lost"], one["clean"]["places"]) == ("waiting", 0), name
    assert (one["again"], one["state"], one["problem"]) == (0, "done", {}), f"{name}: {one}"
    assert one["end"]["locks"] == one["end"]["places"] == 0, f"{name}: {one}"
    at = one["story"].index("lost")
    assert one["story"][at : at + 2] == ["lost", "retry"], name


def test_at_ten_points_and_more(tmp_path: Path) -> None:
    found = told(tmp_path, *BACKUP, *PROVE, *FORWARD, *PRUNE)
    assert len(found) >= 10
    for name, one in found.items():
        cleaned_up(name, one)
    for name in BACKUP:
        one = found[name]
        assert one["after"]["copies"] == one["before"]["copies"], f"{name}: a half copy counts"
        assert one["end"]["copies"] == one["before"]["copies"] + 1, name
        assert one["end"]["snapshots"] == one["before"]["snapshots"] + 1, f"{name}: a stray snapshot stays: {one}"
    for name in PROVE:
        one = found[name]
        assert (one["after"]["proofs"], one["end"]["proofs"]) == (one["before"]["proofs"], one["before"]["proofs"] + 1)
    for name in FORWARD:
        one = found[name]
        assert one["end"]["copies"] == one["before"]["copies"] + 1
        assert one["end"]["snapshots"] == one["before"]["snapshots"] + 1
    last = found[PRUNE[-1]]
    assert last["unclean"] == 0, "every repository that a dead run may have worked in was put in order"
    assert last["end"]["copies"] == last["end"]["snapshots"], "what does not count is gone, what counts is there"


def test_the_engine_and_its_worker(tmp_path: Path) -> None:
    found = told(tmp_path, "engine")
    assert found["family"] >= 2, "the worker and its program"
    assert found["alive"] == 0, "nothing outlives the engine"
    assert (found["during"]["copies"], found["end"]["copies"], found["end"]["snapshots"]) == (0, 1, 1)
    assert (found["end"]["locks"], found["end"]["places"]) == (0, 0)
    assert found["story"][0] == "lost"
    assert found["code"] == 0
