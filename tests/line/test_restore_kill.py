"""The worker of a restore to the live place is killed at each of its steps: the place is as it was or as it should
become, the next run finds out which, and what is neither is said and left alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.servers import program
from tests.workspace import own_database


def test_at_each_point(tmp_path: Path) -> None:
    program("restic")
    for name in ("workspace", "shop"):
        (tmp_path / name).mkdir()
    environment = {
        **os.environ, **own_database(), "MAINSTAY_WORKSPACE": str(tmp_path / "workspace"),
        "DJANGO_SETTINGS_MODULE": "mainstay.settings",
    }  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-m", "tests.line.killed_restores", str(tmp_path / "shop")], env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-4000:]
    found = json.loads(told.stdout.splitlines()[-1])
    wrote = found.pop("entered, then somebody wrote")
    for name, one in found.items():
        assert one["signal"] == 9, f"{name} was never reached: {one}"
        entered = name in ("entered, not written down", "about to be called done")
        assert one["then"] == (40 if entered else 41), f"{name}: neither as it was nor as it should become"
        assert one["state"] == "running", f"{name}: called over while it was not"
        assert one["place"] == ("untouched" if name in ("loaded", "about to begin") else "between"), name
        assert (one["again"], one["end"]) == (0, ["done", "restored", 40]), f"{name}: {one}"
        assert (one["places"], one["beside"], one["maintenance"]) == (0, [], []), f"{name}: {one}"
        looked = one["place"] == "between"
        assert ("found" in one["story"]) is looked, name
        assert one["story"].count("begun") == (2 if name.startswith("begun") else 1), name
    assert (wrote["end"], wrote["beside"]) == (["failed", "between", 41], []), wrote
    assert wrote["story"][-2:] == ["found", "failed"]
