"""Recovery of a physical copy in a scratch place, to a named target, and never without one.

A recovery without a target ends where the log happens to end: with a segment missing it opens as if all were well, and
the rows after the gap are gone. With a target, PostgreSQL refuses to open what did not get there; and here the server's
own log must say where it stopped.
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from mainstay.domain.saying import say
from mainstay.drivers import program, scratch_place
from mainstay.drivers.backup_tools import Checked, ToolFailed
from mainstay.drivers.postgresql_programs import server
from mainstay.drivers.program import Limits, Running
from mainstay.drivers.scratch_postgresql import KIND
from mainstay.drivers.scratch_server import MEMORY

PORT = 5432
"""Only the name of the socket's file: no port of the machine is opened."""
_STOP = re.compile(r"recovery stopping (?:at|before|after) .*")
_LAST = re.compile(r"last completed transaction was at log time (.*)")
_FATAL = re.compile(r"(?:FATAL|PANIC): +(.*)")
_QUIET: Mapping[str, object] = {
    "listen_addresses": "", "unix_socket_permissions": "0700", "unix_socket_group": "",
    "archive_mode": "off", "archive_command": "", "archive_cleanup_command": "", "recovery_end_command": "",
    "primary_conninfo": "", "primary_slot_name": "", "synchronous_standby_names": "", "hot_standby": "off",
    "max_wal_senders": 0, "max_logical_replication_workers": 0, "shared_preload_libraries": "",
    "session_preload_libraries": "", "local_preload_libraries": "", "ssl": "off", "logging_collector": "off",
    "log_destination": "stderr", "log_line_prefix": "", "lc_messages": "C", "log_min_messages": "log",
    "log_statement": "none", "log_min_duration_statement": -1, "fsync": "off", "full_page_writes": "off",
    "huge_pages": "off", "shared_buffers": "128MB", "max_connections": 30, "max_prepared_transactions": 100,
    "max_locks_per_transaction": 512, "autovacuum": "off",
}  # fmt: skip
"""What holds whatever the copied configuration says: no way in or out but the socket, nothing that starts a job."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a recovery stops. ``kind``: name, time or lsn. ``timeline``: latest, or current for that of the copy."""

    kind: str
    value: str
    timeline: str = "latest"

    def options(self) -> list[str]:
        """In the words of pgBackRest."""
        return [
            f"--type={self.kind}", f"--target={self.value}", "--target-action=promote",
            f"--target-timeline={self.timeline}",
        ]  # fmt: skip


class Recovered:
    """A server that stopped at its target and may be written to. ``stopped`` is the line in which it said so;
    ``last`` the moment of the last transaction in it, as its log says."""

    def __init__(self, running: Running, address: str, directory: Path, log: Path) -> None:
        self._running, self._address, self._directory = running, address, directory
        text = log.read_text(errors="replace")
        self.stopped = found[0] if (found := _STOP.search(text)) else ""
        self.last = found[1].strip() if (found := _LAST.search(text)) else ""

    def dsn(self, database: str) -> str:
        """The address of a database in it."""
        return make_conninfo(self._address, dbname=database)

    def looked_through(self, major: int, until: float) -> Checked:
        """The server's own look through every table and index of all databases. Raises ToolFailed (timeout)."""
        with psycopg.connect(self.dsn("template1")) as connection:
            row = connection.execute("select rolname from pg_roles where oid = 10").fetchone()  # who made the cluster
        address = make_conninfo(self.dsn("postgres"), user=row[0] if row else "postgres")
        words = ["--all", "--install-missing", "--heapallindexed", "--parent-check", "--jobs=2"]
        program_path = str(server(major) / "pg_amcheck")
        ended = program.run([program_path, *words, f"--maintenance-db={address}"], until=until)
        text = (ended.out.strip() or ended.err.strip())[:1000]
        if ended.code and ("extension control file" in ended.err or "is not available" in ended.err):
            return Checked("pg_amcheck", None, text)
        return Checked("pg_amcheck", ended.code == 0, text)

    def close(self) -> None:
        """End it, at once, and remove it."""
        self._running.end()
        scratch_place.remove(self._directory, KIND)


def place(directory: Path, account: str) -> Path:
    """Where the server of this run lives; what is to be recovered belongs into ``data`` there, whose owner must be the
    account. ``scratch_postgresql.sweep`` removes it, should the run be killed."""
    here = scratch_place.home(directory, KIND, account if os.geteuid() == 0 else "")
    (here / "data").mkdir(mode=0o700, exist_ok=True)
    give(here / "data", account)
    return here


def forget(directory: Path) -> None:
    """Remove the run's place."""
    scratch_place.remove(directory, KIND)


def recovered(directory: Path, major: int, target: Target, *, account: str, user: str, until: float) -> Recovered:
    """Start what lies in the run's place and wait until it stopped at the target. Raises ToolFailed: missing when the
    log ends before it, refused for a target that this copy cannot serve, timeout, failed."""
    here = place(directory, account)
    log, config = here / "log", here / "postgresql.conf"
    config.write_text("")
    (here / "hba").write_text("local all all trust\n")  # the socket's directory is closed to all others
    (here / "ident").write_text("")
    for path in (config, here / "hba", here / "ident"):
        give(path, account)
    with log.open("wb") as out:
        running = Running(_command(server(major), here), {}, _limits(account), out=out, err=out)
    try:
        address = make_conninfo("", host=str(here / "socket"), port=PORT, user=user, connect_timeout=2)
        return _stopped(running, directory, address, target, until)
    except BaseException:
        running.end()
        raise


def _command(programs: Path, here: Path) -> list[str]:
    settings = {
        **_QUIET, "config_file": here / "postgresql.conf", "hba_file": here / "hba", "ident_file": here / "ident",
        "unix_socket_directories": here / "socket", "port": PORT,
    }  # fmt: skip
    words = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(here / "data"), *words]


def _limits(account: str) -> Limits:
    user = account if os.geteuid() == 0 else ""
    return Limits(nice=10, memory=MEMORY, user=user, stop=signal.SIGQUIT, patience=5)


def _stopped(running: Running, directory: Path, address: str, target: Target, until: float) -> Recovered:
    log = scratch_place.home(directory, KIND, "") / "log"
    while running.process.poll() is None:
        if time.monotonic() > until:
            raise ToolFailed("timeout", say("the recovery was not done at its deadline"))
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(address, dbname="template1") as connection:
            row = connection.execute("select pg_is_in_recovery()").fetchone()
            if row == (False,):
                return _confirmed(Recovered(running, address, directory, log), target)
        time.sleep(0.05)
    raise why_not(log.read_text(errors="replace"), target)


def _confirmed(found: Recovered, target: Target) -> Recovered:
    """The server's own log must say that it stopped there."""
    wanted = {"name": f'restore point "{target.value}"', "lsn": "WAL location", "time": "time "}[target.kind]
    if wanted not in found.stopped:
        raise ToolFailed("damaged", say("the server opened without stopping at the target"))
    return found


def why_not(log: str, target: Target) -> ToolFailed:
    """What the log of a server that did not open says of it."""
    reasons = [line for line in _FATAL.findall(log) if "not accepting connections" not in line]
    text = "; ".join(dict.fromkeys(reasons))[-600:] or log.strip()[-300:]
    if "recovery ended before configured recovery target" in text:
        words = say("the log ends before the target %(target)s: a segment of it is missing", target=target.value)
        return ToolFailed("missing", words)
    if "before consistent recovery point" in text:
        words = say("the copy was not whole yet at %(target)s; take an older copy", target=target.value)
        return ToolFailed("refused", words)
    return ToolFailed("failed", text)


def usual_account() -> str:
    """Whom root hands a server to that belongs to nobody yet; ourselves when we are not root."""
    return scratch_place.account("postgres") or pwd.getpwuid(os.geteuid()).pw_name


def give(path: Path, account: str) -> None:
    """To the account, when we are root; nothing otherwise."""
    if os.geteuid() == 0:
        shutil.chown(path, account, pwd.getpwnam(account).pw_gid)
