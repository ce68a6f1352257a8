"""MariaDB: a new database on a server, or the live one.

A new one is filled where it is to be: as long as it bears a comment that says for which restore, it does not count. For
the live one all is made in a database beside it and compared there; then all tables change places in one statement, and
what was there before stays in a database of its own until somebody drops it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from mainstay.domain.fingerprint import Fingerprint, part
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers import mariadb_fingerprint, mariadb_script, mariadb_session, staging
from mainstay.drivers.backup_tools import Run, Source, ToolFailed
from mainstay.drivers.landings import Target
from mainstay.drivers.mariadb_exchange import Exchange, comment
from mainstay.drivers.mariadb_fingerprint import quoted
from mainstay.drivers.mariadb_session import Session, ask
from mainstay.drivers.program import Limits, at_least

_COMMENTS = (10, 5)
"""The version of MariaDB since which a database bears a comment."""
_FOREIGN = """select table_name, constraint_name from information_schema.referential_constraints
    where constraint_schema = %s and not exists (select 1 from information_schema.tables t
    where t.table_schema = unique_constraint_schema and t.table_name = referenced_table_name)"""


class Landing:
    """The database that ``target.place`` names."""

    def __init__(self, target: Target, network: NetworkPolicy) -> None:
        self._target = target
        self._login = mariadb_session.login(target.place, network)
        self._of, self._tables = _which(target)
        self._name = str(self._of["name"]) if target.live else self._login.database
        self._mark = f"mainstay restore {target.number}: not whole yet"
        self._exchange = Exchange(self._login, self._name, target.number)
        self._changes = False
        """Whether there is a live database with which places are changed; one that is gone is made anew."""
        self._events: set[str] = set()

    def look(self, needed: int) -> None:  # noqa: ARG002 - a server does not say how much room it has
        if not self._name:
            raise ToolFailed("refused", say("the address names no database"))
        if self._target.live and self._tables:
            raise ToolFailed("refused", say("a single table is restored to a new database, never into the live one"))
        with self._session() as db:
            version = str(ask(db, "select version()")[0][0])
            if "MariaDB" not in version or not at_least(version, *_COMMENTS):
                text = say("only MariaDB 10.5 and newer takes a database from here; restore the copy to a directory")
                raise ToolFailed("refused", text)
            there = comment(db, self._name)
            if not at_least(version, *map(int, str(self._target.point.get("version", "0.0")).split(".")[:2])):
                raise ToolFailed("refused", say("the server is older than the one that was copied"))
            self._changes = self._target.live and there not in (None, self._mark)
            if self._changes:
                self._exchange.look(db)
            elif there not in (None, self._mark) and ask(
                db, "select 1 from information_schema.tables where table_schema = %s limit 1", (self._name,)
            ):
                raise ToolFailed("refused", say("%(path)s is not empty", path=self._name))

    def rooms(self, loaded: Any) -> list[tuple[Any, tuple[str, ...]]]:
        return [(loaded, ())]

    def build(self, run: Run) -> None:
        file = run.directory / "copy" / str(self._of["file"])
        if not file.exists() or not mariadb_script.ends_well(file):
            raise ToolFailed("damaged", f"the dump of {self._of['name']} has no end")
        self.sweep()
        staging.ensure_room(run.directory, file.stat().st_size)
        script = run.directory / "fitted.sql"
        found = mariadb_script.fitted(file, script, self._of["name"], self._built, self._tables)
        self._events = found if self._changes else set()
        with self._session() as db:
            if comment(db, self._built) is None:
                mariadb_script.create(db, self._built, self._of, self._mark)
            else:
                ask(db, f"alter database {quoted(self._built)} comment %s", (self._mark,))
        run.say("building", 0, 0)
        mariadb_script.load(self._login, self._built, script, run.until, Limits())
        script.unlink()
        if self._tables:
            self._let_go()

    @property
    def _built(self) -> str:
        return self._exchange.built if self._changes else self._name

    def _let_go(self) -> None:
        """A single table refers to nothing that is not there."""
        with self._session() as db:
            for table, name in ask(db, _FOREIGN, (self._built,)):
                ask(db, f"alter table {quoted(self._built, table)} drop foreign key {quoted(name)}")

    def expected(self, whole: Fingerprint) -> Fingerprint:
        """What the record says of the tables, or of this database among others."""
        name, own = str(self._of["name"]), self._target.point["own"]
        if self._tables:
            return part(whole, [f"{name}.{table}" for table in self._tables])
        place = [one["name"] for one in self._target.point["databases"]].index(name)
        found = part(whole, [key for key in (*whole.rows, *whole.sums) if key.startswith(f"{name}.")])
        return replace(found, schema=whole.schema.split("-")[place], totals=whole.totals if name == own else {})

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        """By the name of the database that was copied."""
        own = self._of["name"] == self._target.point["own"]
        totals, tables = (source.totals, source.tables) if own else ({}, ())
        if self._tables:
            totals, tables = {}, [name for name in self._tables if name in tables]
        with self._session(self._built) as db:
            return mariadb_fingerprint.take(db, self._built, totals, tables, self._of["name"])

    def marks(self) -> dict[str, Any]:
        return {"mark": self._mark, "changes": self._changes}

    def enter(self, until: float) -> None:  # noqa: ARG002 - each statement has its own end
        if self._changes:
            form = (self._of["charset"], self._of["collation"]) if self._of.get("charset") else ()
            self._exchange.enter(self._events, form)
            return
        with self._session() as db:
            ask(db, f"alter database {quoted(self._name)} comment ''")

    def stands(self, marks: Mapping[str, Any]) -> str:
        if marks.get("changes"):
            return "restored" if self._exchange.settled() else "untouched"
        with self._session() as db:
            return "restored" if comment(db, self._name) not in (None, marks["mark"]) else "untouched"

    def before(self) -> str:
        return self._exchange.kept() if self._target.live else ""

    def sweep(self, *, between: bool = False) -> None:  # noqa: ARG002 - it holds nothing of anybody's
        """What bears our comment was empty when we began."""
        with self._session() as db:
            for name in (self._name, self._exchange.built):
                if comment(db, name) == self._mark:
                    ask(db, f"drop database {quoted(name)}")
        if self._target.live:
            self._exchange.sweep()

    @contextmanager
    def _session(self, database: str = "") -> Iterator[Session]:
        """Beside the database itself, which may not be there yet."""
        with mariadb_session.session(replace(self._login, database=database)) as db:
            yield db


def _which(target: Target) -> tuple[Mapping[str, Any], list[str]]:
    """The database of the copy that is meant, and which tables of it; none for all. Raises ToolFailed."""
    held = {str(one["name"]): one for one in target.point["databases"]}
    asked = [name for name in target.only if name not in held]
    tables = [(of, name.removeprefix(f"{of}.")) for name in asked for of in held if name.startswith(f"{of}.")]
    wanted = {of for of, _ in tables} or {name for name in target.only if name in held} or set(held)
    if len(wanted) != 1:
        raise ToolFailed("refused", say("say which database of the copy: %(names)s", names=", ".join(held)))
    return held[wanted.pop()], [name for _, name in tables]
