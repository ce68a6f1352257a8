"""Real servers that the tests start for themselves, each in a directory of its own that is gone afterwards."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from estate import postgres


def free_port() -> int:
    """A port of loopback that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def postgresql(max_connections: int = 40) -> Iterator[str]:
    """A PostgreSQL of its own; yields its administrator's address."""
    programs = postgres.find()
    here = Path(tempfile.mkdtemp(prefix="mainstay-postgresql-"))
    here.chmod(0o755)
    postgres.make_cluster(programs, here / "data", "pass")
    port = free_port()
    options = ["-k", "", "-c", f"max_connections={max_connections}", "-c", "fsync=off"]
    process = subprocess.Popen(
        [*programs.command(here / "data", port), *options],
        **postgres.account(programs.user), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = postgres.dsn(port, postgres.ADMIN, "pass", "postgres")
    try:
        while not postgres.answers(address):
            assert process.poll() is None
            time.sleep(0.05)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(here)
