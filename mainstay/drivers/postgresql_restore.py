"""A dump of PostgreSQL's restored into a scratch server, here or on another host."""

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from mainstay.drivers import postgresql_fingerprint, program
from mainstay.drivers.backup_tools import Checked, Run, Source, ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.far_restored import FarCopy
from mainstay.drivers.postgresql_programs import client
from mainstay.drivers.program import Limits
from mainstay.drivers.scratch_far_postgresql import FarScratch
from mainstay.drivers.scratch_postgresql import Scratch

_NOT_HERE = re.compile(r"^(CREATE|ALTER|GRANT .* ON|REVOKE .* ON|COMMENT ON) TABLESPACE ", re.IGNORECASE)
"""Of the globals: what speaks of directories that the scratch place does not have."""


_POLITE = Limits(nice=10)


class Restored:
    """The databases of a copy in a running scratch server. ``only``: some databases of it, or tables as
    ``schema.table`` of the component's own."""

    def __init__(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> None:
        """Raises ToolFailed."""
        self._run, self._point = run, point
        self._copy = run.directory / "copy"
        self._locales: list[str] = []
        self._tables = [name for name in only if "." in name]
        wanted = [name for name in only if "." not in name] or ([point["own"]] if self._tables else [])
        self._databases = [one for one in point["databases"] if not wanted or one["name"] in wanted]
        if not self._databases:
            raise ToolFailed("absent", f"the copy holds no database {', '.join(only)}")
        self.scratch: Scratch | FarScratch = self._started(int(point["major"]))
        try:
            self._roles()
            for number, one in enumerate(self._databases):
                run.say("restoring", number, len(self._databases))
                self._restore(one)
        except BaseException:
            self.close()
            raise
        own = (
            point["own"] if any(one["name"] == point["own"] for one in self._databases) else self._databases[0]["name"]
        )
        self.component: Mapping[str, Any] = {"dsn": self.scratch.conninfo(own)}

    def _started(self, major: int) -> Scratch | FarScratch:
        """An empty server."""
        return Scratch(self._run.directory, major, self._run.until)

    def _read(self, name: str) -> str:
        """A file of the copy."""
        return (self._copy / name).read_text()

    def _loaded(self, one: Mapping[str, Any], words: Sequence[str]) -> program.Ended:
        """A dump, by ``pg_restore``."""
        argv = [client("pg_restore", int(self._point["major"])), *words]
        argv += [f"--dbname={self.scratch.conninfo(one['name'])}", str(self._copy / one["directory"])]
        return program.run(argv, until=self._run.until, limits=_POLITE)

    def _roles(self) -> None:
        """Who owns what. Passwords, where the copy has them, open nothing here."""
        text = self._read(str(self._point["globals"]))
        if "PostgreSQL database cluster dump complete" not in text:
            raise ToolFailed("incomplete", "the list of roles has no end")
        kept = [line for line in text.splitlines() if not _NOT_HERE.match(line)]
        own = self.scratch.home / "roles.sql"
        own.touch(mode=0o600)
        own.write_text("\n".join(kept))
        words = [client("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.scratch.conninfo()]
        ended = program.run(words, until=self._run.until, stdin=own)
        own.unlink()
        if ended.code:
            raise ToolFailed("failed", f"the roles could not be made: {_first(ended.err)}")

    def _restore(self, one: Mapping[str, Any]) -> None:
        self._create(one)
        words = ["--exit-on-error", "--no-tablespaces", "--jobs=2", "--no-subscriptions", "--no-publications"]
        if self._tables:
            words += self._selection(one)
        ended = self._loaded(one, words)
        if ended.code >= 128:
            raise ToolFailed("killed", f"pg_restore was ended by signal {ended.code - 128}", retry=True)
        if ended.code:
            raise _failure(ended.err)
        with closing(psycopg.connect(self.scratch.conninfo(one["name"]), autocommit=True)) as db:
            db.execute("analyze")

    def _selection(self, one: Mapping[str, Any]) -> list[str]:
        chosen = self.scratch.home / "list"
        chosen.write_text(selected(self._copy / one["directory"], self._tables, self._run.until))
        return [f"--use-list={chosen}"]

    def _create(self, one: Mapping[str, Any]) -> None:
        """As it was there; where this machine lacks its language, with plain order, and that is noted."""
        words = sql.SQL("create database {} template template0 encoding {} lc_collate {} lc_ctype {}")
        name, encoding = sql.Identifier(one["name"]), sql.Literal(one.get("encoding", "UTF8"))
        with closing(psycopg.connect(self.scratch.conninfo("template1"), autocommit=True)) as db:
            if one["name"] == "postgres":
                db.execute("drop database postgres")
            try:
                db.execute(words.format(name, encoding, sql.Literal(one.get("collate")), sql.Literal(one.get("ctype"))))
            except psycopg.Error:
                self._locales.append(f"{one['name']}: {one.get('collate')}")
                db.execute(words.format(name, *map(sql.Literal, ("UTF8", "C.UTF-8", "C.UTF-8"))))

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        whole: dict[str, Any] = {"schema": [], "rows": {}, "totals": {}, "sums": {}}
        for one in self._databases:
            own = one["name"] == self._point["own"]
            with closing(psycopg.connect(self.scratch.conninfo(one["name"]), autocommit=True)) as db:
                postgresql_fingerprint.settle(db, self._run.until)
                totals, tables = (source.totals, source.tables) if own else ({}, ())
                try:
                    found = postgresql_fingerprint.take(db, totals, tables, f"{one['name']}.")
                except psycopg.errors.QueryCanceled:
                    raise ToolFailed("timeout", "the restored copy was not read at its deadline") from None
                except postgresql_fingerprint.NO_ROOM as error:
                    raise ToolFailed("no-space", f"to read the restored copy: {_first(str(error))}") from None
                except psycopg.Error as error:
                    raise ToolFailed("damaged", f"the restored copy cannot be read: {_first(str(error))}") from None
            whole["schema"].append(found["schema"])
            for part in ("rows", "totals", "sums"):
                whole[part] |= found[part]
        return {**whole, "schema": "-".join(whole["schema"])}

    def checks(self) -> Sequence[Checked]:
        checked = [self._amcheck(one["name"]) for one in self._databases]
        if self._locales:
            checked.append(Checked("locale", None, f"not on this machine: {', '.join(self._locales)}"))
        return checked

    def _amcheck(self, database: str) -> Checked:
        """The server's own look through every table and index of its."""
        name = f"pg_amcheck {database}"
        try:
            words = [client("pg_amcheck", 14), "--install-missing", "--heapallindexed", "--parent-check", "--jobs=2"]
            ended = program.run([*words, self.scratch.conninfo(database)], until=self._run.until)
        except ToolFailed as error:
            return Checked(name, None, error.detail)
        if ended.code == 0:
            return Checked(name, True)
        if "extension control file" in ended.err or "is not available" in ended.err:
            return Checked(name, None, _first(ended.err))
        return Checked(name, False, (ended.out.strip() or ended.err.strip())[:500])

    def close(self) -> None:
        self.scratch.close()


class FarRestored(FarCopy, Restored):
    """The same on another host, where the copy lies in ``copy`` of its scratch place."""

    scratch: FarScratch

    def __init__(self, run: Run, point: Mapping[str, Any], host: FarHost) -> None:
        """Raises ToolFailed."""
        FarCopy.__init__(self, host)
        with self.told():
            Restored.__init__(self, run, point)

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        with self.told():
            return super().fingerprint(source)

    def _started(self, major: int) -> FarScratch:
        self._far = far = FarScratch(self._host, self._run.directory, major, self._run.until)
        return far

    def _read(self, name: str) -> str:
        return self._host.run(["cat", f"copy/{name}"], until=self._run.until).out

    def _loaded(self, one: Mapping[str, Any], words: Sequence[str]) -> program.Ended:
        target = self.scratch.conninfo_there(one["name"])
        argv = [str(self.scratch.programs / "pg_restore"), *words, f"--dbname={target}", f"copy/{one['directory']}"]
        return self._host.run(argv, until=self._run.until, judged=False)


def selected(dump: Path, tables: Sequence[str], until: float) -> str:
    """Of a dump's table of contents only what belongs to the tables, with their schemas and types. Raises
    ToolFailed."""
    listed = program.run([client("pg_restore"), "-l", str(dump)], until=until)
    wanted = {tuple(name.split(".", 1)) for name in tables}
    lines = [line for line in listed.out.splitlines() if _belongs(line, wanted)]
    if not any(" TABLE DATA " in line for line in lines):
        raise ToolFailed("absent", f"the copy holds no table {', '.join(tables)}")
    return "\n".join(lines) + "\n"


def _belongs(line: str, wanted: set[tuple[str, ...]]) -> bool:
    """Of ``pg_restore -l``: ``id; oid oid KIND schema name … owner``."""
    found = re.match(r"\d+; \d+ \d+ (.+)", line)
    if not found:
        return False
    rest = found[1]
    if rest.startswith(("SCHEMA - ", "EXTENSION - ", "TYPE ", "DOMAIN ", "FUNCTION ")):
        return True
    if rest.startswith("SEQUENCE ") and not rest.startswith(("SEQUENCE OWNED BY ", "SEQUENCE SET ")):
        return True
    for kind in ("TABLE DATA", "TABLE", "CONSTRAINT", "DEFAULT", "SEQUENCE SET", "INDEX"):
        if rest.startswith(f"{kind} "):
            words = rest.removeprefix(f"{kind} ").split(" ")
            return tuple(words[:2]) in wanted
    return False


def _first(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return "; ".join(lines[:2])[:400]


def _failure(text: str) -> ToolFailed:
    if re.search(r"no space left|could not (write|extend)", text, re.IGNORECASE):
        return ToolFailed("no-space", _first(text))
    if "extension control file" in text or "is not available" in text:
        return ToolFailed("missing", f"an extension is not on this machine: {_first(text)}")
    if "does not exist" in text and "role" in text:
        return ToolFailed("incomplete", _first(text))
    return ToolFailed("damaged", f"the dump cannot be restored: {_first(text)}")
