"""Processes that a measurement needs, on free loopback ports, in a directory that goes away."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def find(program: str) -> str | None:
    """A program also where a user's PATH does not look."""
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


@contextmanager
def running(argv: list[str], log: Path, environment: dict[str, str] | None = None) -> Iterator[psutil.Process]:
    """The process while the block lasts."""
    with log.open("ab") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, env={**os.environ, **(environment or {})})
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_port(port: int, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def nginx(directory: Path) -> Iterator[int]:
    """A web server that answers 20 bytes; its port."""
    port = free_port()
    (directory / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; worker_rlimit_nofile 65536; pid {directory}/nginx.pid; error_log stderr crit;"
        "events { worker_connections 20000; }"
        f"http {{ access_log off; client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;"
        f"fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;"
        f"server {{ listen 127.0.0.1:{port} backlog=8192; return 200 'all is well, thanks\\n'; }} }}"
    )
    argv = [find("nginx") or "nginx", "-c", str(directory / "nginx.conf"), "-p", str(directory)]
    with running(argv, directory / "nginx.log"):
        await_port(port)
        yield port


def cpu_seconds(*processes: psutil.Process) -> float:
    """User and system time that they used so far."""
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))
