"""SQLite: a new file, or the live one. Into the live one the copy is written by SQLite's own backup, in one transaction
that happens or is rolled back, also for an application that has the file open."""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainstay.domain.fingerprint import Fingerprint, part
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers import staging
from mainstay.drivers.backup_tools import Run, Source, ToolFailed
from mainstay.drivers.backup_tools.sqlite import Restored
from mainstay.drivers.database_sqlite import file_of
from mainstay.drivers.landings import Target

PATIENCE = 60.0
"""Seconds to wait for an application that holds the live file."""


class Landing:
    """The file that ``target.place`` names, as ``sqlite://`` or as a path."""

    def __init__(self, target: Target, network: NetworkPolicy) -> None:  # noqa: ARG002 - it goes nowhere
        self._target = target
        self._place = Path(file_of(target.place))
        self._built = self._place.with_name(f".{self._place.name}.restore-{target.number}")
        self._until = 0.0

    def look(self, needed: int) -> None:
        if self._target.live and self._target.only:
            raise ToolFailed("refused", say("a single table is restored to a new database, never into the live one"))
        if not self._target.live and self._place.exists() and self._place.stat().st_size:
            raise ToolFailed("refused", say("%(path)s is there already", path=str(self._place)))
        if self._target.live and not self._place.parent.is_dir():
            raise ToolFailed("absent", say("there is no directory %(path)s", path=str(self._place.parent)))
        self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(self._place.parent, os.W_OK):
            raise ToolFailed("refused", say("nothing may be written into %(path)s", path=str(self._place.parent)))
        staging.ensure_room(self._place.parent, 2 * needed)

    def rooms(self, loaded: Path) -> list[tuple[Path, tuple[str, ...]]]:
        return [(loaded, ())]

    def build(self, run: Run) -> None:
        self.sweep()
        file = run.directory / "copy" / str(self._target.point["file"])
        if not file.exists():
            raise ToolFailed("incomplete", say("the copy does not hold %(path)s", path=file.name))
        if self._target.only:
            try:
                _tables(file, self._built, self._target.only)
            except sqlite3.Error as error:
                raise ToolFailed("failed", f"SQLite: {error}") from None
        else:
            shutil.copyfile(file, self._built)
        self._until = run.until

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        built = Restored(self._built, self._target.point, self._until)
        if bad := [one.detail for one in built.checks() if one.ok is False and not self._target.only]:
            raise ToolFailed("damaged", "; ".join(bad))
        return built.fingerprint(replace(source, totals={}, tables=()) if self._target.only else source)

    def expected(self, whole: Fingerprint) -> Fingerprint:
        return part(whole, self._target.only) if self._target.only else whole

    def marks(self) -> dict[str, Any]:
        live = self._target.live and self._place.exists()
        return {"before": _digest(self._place) if live else "", "after": _digest(self._built)}

    def enter(self, until: float) -> None:
        if not self._target.live or not self._place.exists():
            self._take()
            return
        end = min(until, time.monotonic() + PATIENCE)

        def patient(_status: int, _left: int, _total: int) -> None:
            if time.monotonic() > end:
                raise ToolFailed("locked", say("an application holds the live file; end it, then ask again"))

        try:
            with closing(sqlite3.connect(self._built)) as new, closing(sqlite3.connect(self._place)) as live:
                new.backup(live, pages=-1, progress=patient, sleep=0.2)
        except sqlite3.Error as error:
            raise ToolFailed("failed", f"SQLite: {error}; the live file is as it was") from None

    def _take(self) -> None:
        try:
            if self._place.exists() and not self._place.stat().st_size:
                self._place.unlink()
            os.link(self._built, self._place)  # never over a file that came in the meantime
        except OSError as error:
            why = str(error.strerror)
            raise ToolFailed(
                "refused", say("%(path)s cannot be taken: %(why)s", path=str(self._place), why=why)
            ) from None

    def stands(self, marks: Mapping[str, Any]) -> str:
        now = _digest(self._place) if self._place.exists() else ""
        return {marks["after"]: "restored", marks["before"]: "untouched"}.get(now, "between")

    def before(self) -> str:
        return ""

    def sweep(self, *, between: bool = False) -> None:  # noqa: ARG002 - it holds nothing of anybody's
        for end in ("", "-journal", "-wal", "-shm"):
            self._built.with_name(self._built.name + end).unlink(missing_ok=True)


def _digest(path: Path) -> str:
    """Over all that it holds, whatever its pages look like."""
    found = hashlib.sha256()
    try:
        with closing(sqlite3.connect(path, timeout=10)) as db:
            db.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            for line in db.iterdump():
                found.update(line.encode("utf-8", "surrogateescape"))
    except sqlite3.Error as error:  # what cannot be read can be replaced, and is known by its bytes
        found.update(f"{error}".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _tables(file: Path, built: Path, only: tuple[str, ...]) -> None:
    """These tables with their rows and indexes, as they are, in a file of their own."""
    made = "select sql from source.sqlite_master where type = 'table' and name = ?"
    indexes = "select sql from source.sqlite_master where type = 'index' and tbl_name = ? and sql is not null"
    with closing(sqlite3.connect(built)) as db:
        db.execute("attach ? as source", (str(file),))
        for name in only:
            row = db.execute(made, (name,)).fetchone()
            if row is None:
                raise ToolFailed("absent", say("the copy holds no table or database %(name)s", name=name))
            quoted = '"' + name.replace('"', '""') + '"'
            db.execute(row[0])
            db.execute(f"insert into main.{quoted} select * from source.{quoted}")  # noqa: S608 - quoted
            for (text,) in db.execute(indexes, (name,)).fetchall():
                db.execute(text)
        db.commit()
