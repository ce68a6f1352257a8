"""What the stories of killed runs share."""

import json
from pathlib import Path
from typing import Any

from tests import forked
from tests.line.site import Site
from tests.workspace import make_ready

POINTS = ("about to start", "started", "done, not written down", "written down")


def killed(folder: Path, steps: int, *points: str, database: str = "", engines: int = 1) -> dict[str, Any]:
    site = Site(folder, database)
    make_ready(site.folder, site.environment)
    environment = {**site.environment, "ENGINES": str(engines)}
    done = forked.run("tests.line.killed_runs", str(folder), str(steps), *points, environment=environment)
    log = folder / "runner.log"
    assert done.returncode == 0, done.stderr + (log.read_text()[-3000:] if log.exists() else "")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def held(found: dict[str, Any], steps: int) -> None:
    """Steps with an even number may not be repeated: half of them. Whoever died, died once a step."""
    for point, one in found.items():
        assert (one["unasked"], one["missing"], one["died"]) == (0, 0, steps), (point, one)
        between = point in POINTS[1:3]
        assert one["asked"] == (steps // 2 if between else 0), (point, one)
        assert one["once"] == (steps // 2 if point == POINTS[2] else steps), (point, one)
