"""Other processes, as tests look at them."""

import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE = 60.0


def alive(pid: int) -> bool:
    """A process that was ended but not yet buried counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
