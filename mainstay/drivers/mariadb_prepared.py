"""A physical copy of MariaDB made fit to start: the full one, then each increment upon it, in order.

``mariadb-backup --prepare`` ends with code 0 over a page that was damaged, so its last line is read and
``innochecksum`` goes through every file of InnoDB afterwards.
"""

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql

from mainstay.domain.saying import say
from mainstay.drivers import mariadb_counted, program
from mainstay.drivers.backup_tools import Checked, Run, Source, ToolFailed
from mainstay.drivers.postgresql_recovery import usual_account
from mainstay.drivers.program import Ended, Limits, Running

PROGRAM = "mariadb-backup"
_NOTES = ("xtrabackup_checkpoints", "mariadb_backup_checkpoints")
_AT_ONCE = 50
_MEMORY = "256M"


def notes(copy: Path) -> dict[str, str]:
    """What the tool noted of a copy: its kind and the positions in the log between which it lies. Raises ToolFailed
    (incomplete)."""
    for name in _NOTES:
        if (file := copy / name).exists():
            found = re.findall(r"^(\w+) = (.*)$", file.read_text(), re.MULTILINE)
            return dict(found)
    raise ToolFailed("incomplete", say("the copy lacks the tool's own notes"))


def judged(ended: Ended, doing: str) -> None:
    """Code 0 and the last line together say that it is done. Raises ToolFailed."""
    last = ended.err.strip().splitlines()[-1:] or [""]
    if ended.code == 0 and last[0].endswith("completed OK!"):
        return
    if ended.code >= 128:
        raise ToolFailed("killed", f"{PROGRAM} {doing} was ended by signal {ended.code - 128}", retry=True)
    text = ended.err.strip()[-600:]
    code = next((word for sign, word in _SIGNS.items() if re.search(sign, text, re.IGNORECASE)), "failed")
    raise ToolFailed(code if ended.code else "incomplete", f"{PROGRAM} {doing}: {_said(ended.err)}")


_SIGNS = {
    "no space left": "no-space", "access denied|permission denied|RELOAD": "refused", "can't connect": "unreachable",
    "checksum|corrupt": "damaged", "can't open|no such file|not found": "incomplete",
}  # fmt: skip


def _said(text: str) -> str:
    """The lines in which it complains, else the last."""
    lines = [line for line in text.strip().splitlines() if re.search(r"error|fail|denied|can't|corrupt", line, re.I)]
    return "; ".join(line.strip() for line in (lines or text.strip().splitlines())[-2:])[-500:]


def prepare(copy: Path, bases: Sequence[Path], point: Mapping[str, Any], until: float) -> Path:
    """The directory that a server can start from: ``copy`` itself when it is a full one, else the first of its
    ``bases`` with all the others and ``copy`` laid upon it. Raises ToolFailed."""
    chain = [*bases, copy]
    _in_order(chain, point)
    target = chain[0]
    for one in chain:
        step = [] if one == target else [f"--incremental-dir={one}"]
        argv = [PROGRAM, "--no-defaults", "--prepare", f"--target-dir={target}", f"--use-memory={_MEMORY}", *step]
        judged(program.run(argv, until=until), "--prepare")
    for one in chain[1:]:
        shutil.rmtree(one)
    return target


def _in_order(chain: Sequence[Path], point: Mapping[str, Any]) -> None:
    """Each must begin where the one before it ended; the tool itself only warns."""
    found = [notes(one) for one in chain]
    ends = ["0", *(one["to_lsn"] for one in found)]
    for one, end in zip(found, ends, strict=False):
        if one["from_lsn"] != end:
            text = say(
                "the increment begins at %(begin)s, and its base ends at %(end)s", begin=one["from_lsn"], end=end
            )
            raise ToolFailed("missing", text)
    if found[-1]["to_lsn"] != str(point["to_lsn"]):
        raise ToolFailed("changed", say("this is not the copy that was recorded"))


def pages(data: Path, until: float) -> Checked:
    """Every page of InnoDB by its checksum, before a server touches it."""
    files = sorted([*data.rglob("*.ibd"), *data.glob("ibdata*")])
    bad = []
    for file in files:
        ended = program.run(["innochecksum", str(file)], until=until)
        if ended.code:
            bad.append(f"{file.relative_to(data)}: {ended.err.strip()[:200]}")
    return Checked("innochecksum", not bad, "; ".join(bad)[:1000] or f"{len(files)} files")


_SETTINGS = {
    "innodb-buffer-pool-size": "64M", "innodb-flush-log-at-trx-commit": 0, "performance-schema": "OFF",
    "event-scheduler": "DISABLED", "innodb-log-file-size": "8M", "log-warnings": 1,
}  # fmt: skip


class Prepared:
    """A prepared copy in a server of its own, which is reached by a socket file in a closed directory alone."""

    def __init__(self, run: Run, data: Path, point: Mapping[str, Any]) -> None:
        """Raises ToolFailed."""
        self._run, self._point = run, point
        self._pages = pages(data, run.until)
        self._home = Path(tempfile.mkdtemp(prefix="mainstay-scratch-"))
        self._socket = self._home / "socket"
        self._running = self._start(data)
        self.component = {"kind": "mariadb", "dsn": f"mariadb://root@localhost/{point['own']}?socket={self._socket}"}
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _start(self, data: Path) -> Running:
        user = usual_account("mysql") if os.geteuid() == 0 else ""
        if user:
            for path in (self._home, data, *data.rglob("*")):
                shutil.chown(path, user)
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        argv = [
            "mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self._socket}", f"--tmpdir={self._home}",
            f"--pid-file={self._home / 'pid'}", "--skip-networking", "--skip-grant-tables", "--skip-log-bin",
            "--skip-slave-start", *settings,
        ]  # fmt: skip
        limits = Limits(nice=10, user=user, stop=signal.SIGTERM, patience=20)
        with (self._home / "log").open("wb") as log:
            return Running(argv, {}, limits, out=log, err=log)

    def _wait(self) -> None:
        while not self._socket.exists():
            if self._running.process.poll() is not None:
                raise ToolFailed("damaged", say("the copy does not start: %(log)s", log=self._said()))
            if time.monotonic() > self._run.until:
                raise ToolFailed("timeout", say("the scratch server did not start in time"))
            time.sleep(0.05)

    def _said(self) -> str:
        return (self._home / "log").read_text(errors="replace").strip()[-500:]

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        try:
            with closing(self._connected()) as db, db.cursor() as cursor:
                return mariadb_counted.take(cursor, source.totals, source.tables)
        except pymysql.MySQLError as error:
            raise ToolFailed("damaged", say("the restored copy cannot be read: %(why)s", why=error)) from None

    def checks(self) -> Sequence[Checked]:
        """Every page by its checksum, as it was before the server started; then the server's look at each table."""
        return [self._pages, self._tables()]

    def _tables(self) -> Checked:
        bad, count = [], 0
        with closing(self._connected()) as db, db.cursor() as cursor:
            cursor.execute(mariadb_counted.TABLES)
            for space, name in list(cursor.fetchall()):
                cursor.execute(f"check table {mariadb_counted.quoted(space, name)} extended")
                count += 1
                bad += [f"{row[0]}: {row[3]}" for row in cursor.fetchall() if row[2] in ("error", "warning", "Error")]
        return Checked("check table", not bad, "; ".join(bad)[:1000] or f"{count} tables")

    def _connected(self) -> "pymysql.connections.Connection[Any]":
        return pymysql.connect(
            user="root", unix_socket=str(self._socket), charset="utf8mb4", database=self._point["own"] or None
        )

    def close(self) -> None:
        self._running.end()
        shutil.rmtree(self._home, ignore_errors=True)
