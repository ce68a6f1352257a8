"""What stands for ``kill`` on the estate: a program is ended by its name, and no other."""

import subprocess
import sys
from pathlib import Path

from estate import services
from estate.layout import Layout
from tests.processes import alive


def test_a_program_is_ended_by_its_name_and_only_on_this_estate(tmp_path: Path) -> None:
    def left_running(name: str, root: Path) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", "input()", "estate.faults.helper", name, str(root)]
        return subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)

    wanted, another, elsewhere = (
        left_running("leaks", tmp_path), left_running("burns", tmp_path), left_running("leaks", tmp_path / "x")
    )  # fmt: skip
    try:
        assert services.end(Layout(tmp_path), "leaks") == 1
        assert wanted.wait(10) != 0
        assert alive(another.pid)
        assert alive(elsewhere.pid)
        assert services.end(Layout(tmp_path), "leaks") == 0
    finally:
        for process in (wanted, another, elsewhere):
            process.kill()
            process.communicate()
