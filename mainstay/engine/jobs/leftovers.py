"""What a run left on this machine, gone: its scratch servers ended, its directory removed."""

from pathlib import Path

from mainstay.engine.jobs import places


def sweep(directory: Path) -> None:
    """Nothing of it stays; fine when there is nothing."""
    if directory.exists():
        places.remove(directory)
