"""SQLite, by its online backup, inside one reading transaction in which the fingerprint is taken too.

What is known: the online backup begins anew whenever somebody else writes, and may never end; not so while its own
connection holds a reading transaction, whose snapshot it then copies. Copying the file alone loses what is in the WAL.
"""

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers import staging
from mainstay.drivers.backup_tools import Checked, Missing, Run, Source, Taken, ToolFailed
from mainstay.drivers.database_sqlite import file_of
from mainstay.drivers.statement import Refused, examined

SERVES = ("sqlite",)
LEVELS = ("full",)
KEEPS = "staged"
LANDS = {"directory": "directory", "database": "sqlite", "live": "sqlite"}
NAME = "data.sqlite3"
_PAGES = 2000
_BUSY = 10.0


def lacks() -> list[Missing]:
    return staging.lacking([("restic", "restic")])


class Tool:
    """The file that the component's ``dsn`` names."""

    def __init__(self, source: Source, network: NetworkPolicy) -> None:  # noqa: ARG002 - it goes nowhere
        self._source = source
        self._path = Path(file_of(str(source.component.get("dsn", ""))))

    def estimate(self) -> int:
        wal = self._path.with_name(self._path.name + "-wal")
        try:
            return self._path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
        except OSError as error:
            raise ToolFailed("absent", f"{self._path}: {error.strerror}") from None

    def take(self, run: Run) -> Taken:
        staging.ensure_room(run.directory, self.estimate())
        target = run.directory / NAME
        with _worded(run.until), _opened(self._path) as db:
            db.execute("begin")
            db.execute("select count(*) from sqlite_master").fetchone()  # the snapshot is taken by the first read
            at = staging.now()
            with closing(sqlite3.connect(target)) as copy:
                db.backup(copy, pages=_PAGES, progress=_told(db, run))
            found = _fingerprint(db, self._source, run.until)
            db.rollback()
        with _worded(run.until), _opened(target) as copy:
            if trouble := _integrity(copy):
                raise ToolFailed("damaged", f"the database itself is damaged: {trouble}")
            point = {"file": NAME, "foreign_keys": _loose(copy)}
        return Taken(at, point, found, {"sqlite": sqlite3.sqlite_version}, target.stat().st_size)

    def confirm(self, run: Run, taken: Taken) -> Taken:  # noqa: ARG002 - what was staged cannot change
        return taken

    def open(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> "Restored":  # noqa: ARG002
        path = run.directory / "copy" / str(point["file"])
        if not path.exists():
            raise ToolFailed("incomplete", f"the copy has no file {point['file']}")
        return Restored(path, point, run.until)


class Restored:
    """A file that came back."""

    def __init__(self, path: Path, point: Mapping[str, Any], until: float) -> None:
        self._path, self._point, self._until = path, point, until
        self.component: Mapping[str, Any] = {"dsn": f"sqlite://{quote(str(path))}"}

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        with _worded(self._until), _opened(self._path) as db:
            return _fingerprint(db, source, self._until)

    def checks(self) -> Sequence[Checked]:
        try:
            with _opened(self._path) as db:
                trouble, loose = _integrity(db), _loose(db)
        except sqlite3.Error as error:
            return (Checked("integrity_check", False, str(error)),)
        known = int(self._point.get("foreign_keys", 0))
        said = f"{loose} rows point nowhere; {known} did when the copy was made"
        return (Checked("integrity_check", not trouble, trouble), Checked("foreign_key_check", loose == known, said))

    def close(self) -> None:
        """Nothing runs."""


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_BUSY)) as db:
        db.isolation_level = None
        yield db


@contextmanager
def _worded(until: float) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if time.monotonic() > until or "interrupted" in text:
            raise ToolFailed("timeout", "SQLite was not done at its deadline") from None
        code = next((code for sign, code in _SIGNS if sign in text), "failed")
        raise ToolFailed(code, f"SQLite: {text}", retry=code == "locked") from None


_SIGNS = (
    ("disk is full", "no-space"), ("disk I/O error", "no-space"), ("locked", "locked"), ("busy", "locked"),
    ("malformed", "damaged"), ("not a database", "damaged"), ("unable to open", "absent"), ("readonly", "refused"),
)  # fmt: skip


def _told(db: sqlite3.Connection, run: Run) -> Any:
    size = db.execute("pragma page_size").fetchone()[0]

    def told(_: int, left: int, total: int) -> None:
        run.say("dumping", (total - left) * size, total * size)
        if time.monotonic() > run.until:
            raise ToolFailed("timeout", "SQLite was not done at its deadline")

    return told


def _fingerprint(db: sqlite3.Connection, source: Source, until: float) -> dict[str, Any]:
    """Everything in one transaction of the caller's, or of a file that nobody writes."""
    db.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    try:
        schema = db.execute("select type, name, tbl_name, sql from sqlite_master order by 1, 2, 3").fetchall()
        tables = [name for kind, name, _, sql in schema if kind == "table" and _real(name, sql)]
        return {
            "schema": hashlib.sha256(repr(schema).encode()).hexdigest(),
            "rows": {name: db.execute(f"select count(*) from {_quoted(name)}").fetchone()[0] for name in tables},  # noqa: S608
            "totals": {name: _total(db, name, query) for name, query in source.totals.items()},
            "sums": {name: _sum(db, name) for name in source.tables},
        }
    finally:
        db.set_progress_handler(None, 0)


def _real(name: str, sql: str | None) -> bool:
    """Not SQLite's own, nor one that a module makes up of others."""
    return not name.startswith("sqlite_") and not (sql or "").lower().startswith("create virtual")


def _total(db: sqlite3.Connection, name: str, query: str) -> Any:
    try:
        row = db.execute(examined(query, "sqlite")).fetchone()
    except (Refused, sqlite3.OperationalError) as error:
        raise ToolFailed("refused", f"control total {name}: {error}") from None
    return staging.plain(row[0]) if row else None


def _sum(db: sqlite3.Connection, table: str) -> str:
    """A digest over all rows, in an order that their content gives."""
    columns = len(db.execute(f"select * from {_quoted(table)} limit 0").description)  # noqa: S608
    order = ", ".join(str(place) for place in range(1, columns + 1))
    digest = hashlib.sha256()
    for row in db.execute(f"select * from {_quoted(table)} order by {order}"):  # noqa: S608
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _integrity(db: sqlite3.Connection) -> str:
    found = [str(row[0]) for row in db.execute("pragma integrity_check(20)")]
    return "" if found == ["ok"] else "; ".join(found)[:500]


def _loose(db: sqlite3.Connection) -> int:
    return sum(1 for _ in db.execute("pragma foreign_key_check"))
