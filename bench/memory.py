"""Memory of the whole program as a user starts it: supervisor, web, checker and engine, shared pages counted once."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import psutil

from bench.servers import await_port, free_port, running

WARM = 60.0
"""Seconds until every check was looked at several times and the start is forgotten."""


def measure(directory: Path, count: int, target_port: int) -> dict[str, float]:
    """MB by process and in all, with ``count`` HTTP checks at 10 s, and a page asked for."""
    workspace = directory / "memory"
    workspace.mkdir()
    port = free_port()
    environment = {"MAINSTAY_WORKSPACE": str(workspace), "MAINSTAY_PORT": str(port)}
    fill = [sys.executable, "-m", "bench.workspace", "http", str(count), "10", str(target_port)]
    with (workspace / "fill.log").open("wb") as log:
        subprocess.run(fill, check=True, stdout=log, stderr=log, env={**os.environ, **environment})
    with running([sys.executable, "-m", "mainstay", "up"], workspace / "log", environment) as supervisor:
        await_port(port, 60)
        time.sleep(WARM)
        with urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=10) as page:
            page.read()
        found = {_role(one): _proportional(one.pid) for one in (supervisor, *supervisor.children(recursive=True))}
    return {**found, "all": sum(found.values())}


def _role(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    roles = {"uvicorn": "web", "mainstay.checker": "checker", "mainstay.engine": "engine", "mainstay up": "supervisor"}
    return next((role for word, role in roles.items() if word in words), f"{process.name()} {process.pid}")


def _proportional(pid: int) -> float:
    """PSS in MB: own pages, and of each shared page the share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
