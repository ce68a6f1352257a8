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
from mainstay.drivers import program
from mainstay.drivers.backup_tools import Checked, ToolFailed
from mainstay.drivers.program import Limits, Running

PORT = 5432
"""Only the name of the socket's file: no port of the machine is opened."""
_LONGEST = 85
"""Bytes of a socket's directory; PostgreSQL refuses a path past 107 with the file's name."""
_STOP = re.compile(r"recovery stopping (?:at|before|after) .*")
_LAST = re.compile(r"last completed transaction was at log time (.*)")
_FATAL = re.compile(r"(?:FATAL|PANIC): +(.*)")
_DEBIAN = "/usr/lib/postgresql/{major}/bin"
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

    def __init__(self, running: Running, address: str, log: Path) -> None:
        self._running, self._address, self.log = running, address, log
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
        program_path = str(programs(major) / "pg_amcheck")
        ended = program.run([program_path, *words, f"--maintenance-db={address}"], until=until)
        text = (ended.out.strip() or ended.err.strip())[:1000]
        if ended.code and ("extension control file" in ended.err or "is not available" in ended.err):
            return Checked("pg_amcheck", None, text)
        return Checked("pg_amcheck", ended.code == 0, text)

    def close(self) -> None:
        """End it, at once: nobody needs what is in it."""
        self._running.end()


def programs(major: int) -> Path:
    """Where the server of that version is. Raises ToolFailed (missing)."""
    folder = Path(_DEBIAN.format(major=major))
    if (folder / "postgres").exists():
        return folder
    text = say("there is no PostgreSQL %(major)s here; apt-get install postgresql-%(major)s", major=major)
    raise ToolFailed("missing", text)


def recovered(data: Path, major: int, target: Target, *, account: str, user: str, until: float) -> Recovered:
    """Start what was restored into ``data`` and wait until it stopped at the target. Raises ToolFailed: missing when
    the log ends before it, refused for a target that this copy cannot serve, timeout, failed."""
    here = data.parent
    sockets, log, config = here / "sock", here / "server.log", here / "postgresql.conf"
    if len(str(sockets)) > _LONGEST:
        raise ToolFailed("refused", say("%(path)s is too long for a server's socket", path=sockets))
    sockets.mkdir(mode=0o700, exist_ok=True)
    config.write_text(f"hba_file = '{here / 'hba'}'\nident_file = '{here / 'ident'}'\n")
    (here / "hba").write_text("local all all trust\n")  # the socket's directory is closed to all others
    (here / "ident").write_text("")
    for path in (sockets, config, here / "hba", here / "ident"):
        give(path, account)
    with log.open("wb") as out:
        running = Running(_command(programs(major), data, sockets, config), {}, _limits(account), out=out, err=out)
    try:
        address = make_conninfo("", host=str(sockets), port=PORT, user=user, connect_timeout=2)
        return _stopped(running, log, address, target, until)
    except BaseException:
        running.end()
        raise


def _command(folder: Path, data: Path, sockets: Path, config: Path) -> list[str]:
    settings = {
        **_QUIET, "config_file": config, "hba_file": config.with_name("hba"), "ident_file": config.with_name("ident"),
        "unix_socket_directories": sockets, "port": PORT,
    }  # fmt: skip
    words = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(folder / "postgres"), "-D", str(data), *words]


def _limits(account: str) -> Limits:
    user = account if os.geteuid() == 0 else ""
    return Limits(nice=10, user=user, stop=signal.SIGQUIT, patience=5)


def _stopped(running: Running, log: Path, address: str, target: Target, until: float) -> Recovered:
    while running.process.poll() is None:
        if time.monotonic() > until:
            raise ToolFailed("timeout", say("the recovery was not done at its deadline"))
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(address, dbname="template1") as connection:
            row = connection.execute("select pg_is_in_recovery()").fetchone()
            if row == (False,):
                return _confirmed(Recovered(running, address, log), target)
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


def usual_account(name: str = "postgres") -> str:
    """Whom root hands a server to that belongs to nobody yet; ourselves when we are not root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    return name if name in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def give(path: Path, account: str) -> None:
    """To the account, when we are root; nothing otherwise."""
    if os.geteuid() == 0:
        shutil.chown(path, account, pwd.getpwnam(account).pw_gid)
