"""The runner is killed at every point of a run: it goes on where it stopped, and what may not be repeated is not."""

from pathlib import Path

from tests.line.killing import POINTS, held, killed


def test_a_run_whose_process_is_killed_goes_on(tmp_path: Path) -> None:
    held(killed(tmp_path, 2, *POINTS[1:3]), 2)
