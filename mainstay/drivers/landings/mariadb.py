"""MariaDB: a new database. While it is being filled it bears a comment that says for which restore; without the comment
it counts. The live one cannot be exchanged in one step there, so it is not offered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainstay.domain.fingerprint import Fingerprint, part
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers import mariadb_fingerprint, mariadb_session, program
from mainstay.drivers.backup_tools import Run, Source, ToolFailed
from mainstay.drivers.backup_tools.mariadb_dump import ends_well
from mainstay.drivers.landings import Target
from mainstay.drivers.mariadb_session import ask

_COMMENT = "select schema_comment from information_schema.schemata where schema_name = %s"


class Landing:
    """The database that ``target.place`` names."""

    def __init__(self, target: Target, network: NetworkPolicy) -> None:
        self._target = target
        self._login = mariadb_session.login(target.place, network)
        self._name = self._login.database
        self._mark = f"mainstay restore {target.number}: not whole yet"
        held = list(target.point["databases"])
        found = [one for one in held if not target.only or one["name"] in target.only]
        if len(found) != 1 or len(target.only) > 1:
            names = ", ".join(str(one["name"]) for one in held)
            raise ToolFailed("refused", say("say which database of the copy: %(names)s", names=names))
        self._of = found[0]

    def look(self, needed: int) -> None:  # noqa: ARG002 - a server does not say how much room it has
        if not self._name:
            raise ToolFailed("refused", say("the address names no database"))
        with self._server() as db:
            if self._comment(db) not in (None, self._mark) and ask(
                db, "select 1 from information_schema.tables where table_schema = %s limit 1", (self._name,)
            ):
                raise ToolFailed("refused", say("%(path)s is not empty", path=self._name))

    def rooms(self, loaded: Path) -> list[tuple[Path, tuple[str, ...]]]:
        return [(loaded, ())]

    def build(self, run: Run) -> None:
        file = run.directory / "copy" / str(self._of["file"])
        if not file.exists() or not ends_well(file):
            raise ToolFailed("damaged", f"the dump of {self._of['name']} has no end")
        self.sweep()
        quoted = mariadb_fingerprint.quoted(self._name)
        with self._server() as db:
            if self._comment(db) is None:
                ask(db, f"create database {quoted} character set utf8mb4 comment %s", (self._mark,))
            else:
                ask(db, f"alter database {quoted} comment %s", (self._mark,))
        words, environment = mariadb_session.for_programs(self._login)
        run.say("building", 0, 0)
        ended = program.run(
            ["mariadb", *words, "--binary-mode", f"--database={self._name}"], until=run.until, stdin=file,
            environment=environment,
        )  # fmt: skip
        mariadb_session.judge(ended.code, ended.err, "mariadb")

    def expected(self, whole: Fingerprint) -> Fingerprint:
        """What the record says of this database among others, and its names as they are at the new place."""
        name, own = str(self._of["name"]), self._target.point["own"]
        place = [one["name"] for one in self._target.point["databases"]].index(name)
        found = part(whole, [key for key in (*whole.rows, *whole.sums) if key.startswith(f"{name}.")])
        return replace(found, schema=whole.schema.split("-")[place], totals=whole.totals if name == own else {})

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        own = self._of["name"] == self._target.point["own"]
        totals, tables = (source.totals, source.tables) if own else ({}, ())
        with mariadb_session.session(self._login) as db:
            found = mariadb_fingerprint.take(db, self._name, totals, tables)
        return {**found, "rows": self._renamed(found["rows"]), "sums": self._renamed(found["sums"])}

    def _renamed(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """By the name of the database that was copied."""
        return {f"{self._of['name']}.{name.removeprefix(f'{self._name}.')}": value for name, value in figures.items()}

    def marks(self) -> dict[str, Any]:
        return {"mark": self._mark}

    def enter(self, until: float) -> None:  # noqa: ARG002 - it takes no time
        with self._server() as db:
            ask(db, f"alter database {mariadb_fingerprint.quoted(self._name)} comment ''")

    def stands(self, marks: Mapping[str, Any]) -> str:
        with self._server() as db:
            return "restored" if self._comment(db) not in (None, marks["mark"]) else "untouched"

    def before(self) -> str:
        return ""

    def sweep(self, *, between: bool = False) -> None:  # noqa: ARG002 - it holds nothing of anybody's
        """What bears our comment was empty when we began."""
        with self._server() as db:
            if self._comment(db) == self._mark:
                ask(db, f"drop database {mariadb_fingerprint.quoted(self._name)}")

    def _comment(self, db: Any) -> str | None:
        """None where there is no such database."""
        rows = ask(db, _COMMENT, (self._name,))
        return str(rows[0][0] or "") if rows else None

    @contextmanager
    def _server(self) -> Iterator[Any]:
        with mariadb_session.session(replace(self._login, database="")) as db:
            yield db
