"""What a run left on this machine, gone: its scratch servers ended, its file system and its directory removed."""

from pathlib import Path

from mainstay.drivers import scratch_disk, scratch_far_server, scratch_mariadb, scratch_postgresql
from mainstay.engine.jobs import places


def sweep(directory: Path) -> None:
    """Nothing of it stays; fine when there is nothing."""
    if directory.exists():
        scratch_postgresql.sweep(directory)
        scratch_mariadb.sweep(directory)
        scratch_far_server.sweep(directory)
        scratch_disk.end(directory)
        places.remove(directory)
