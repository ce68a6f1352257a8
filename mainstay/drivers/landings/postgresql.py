"""PostgreSQL: a new database on a server, or the live one.

All is restored into a database beside it, and compared there. The live one is then closed, its guests are sent away,
and both change their names in one transaction; what was there before stays under a name of its own until somebody drops
it.
An empty database that exists is filled in one transaction, so that it is full or empty.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mainstay.domain.fingerprint import Fingerprint, part
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers import postgresql_fingerprint, program
from mainstay.drivers.backup_tools import Run, Source, ToolFailed
from mainstay.drivers.database_postgresql import connected, conninfos
from mainstay.drivers.landings import Target
from mainstay.drivers.postgresql_programs import client
from mainstay.drivers.postgresql_restore import selected
from mainstay.drivers.rows import Unread

SECONDS = 20.0
_LONGEST = 63
"""Bytes of a name."""
_LISTS = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")
"""Settings whose value is a list of names."""
_HAS = """select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
    or exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists
    (select from pg_depend d where d.objid = p.oid and d.deptype = 'e'))"""
_MAY = """select r.rolsuper or r.rolcreatedb as makes,
    coalesce((select pg_has_role(d.datdba, 'USAGE') from pg_database d where d.datname = %s), true) as owns,
    r.rolsuper or pg_has_role('pg_signal_backend', 'USAGE') as ends,
    current_setting('server_version_num')::int / 10000 as major
    from pg_roles r where r.rolname = current_user"""


class Landing:
    """The database that ``target.place`` names."""

    def __init__(self, target: Target, network: NetworkPolicy) -> None:
        self._target, self._network, self._dsn = target, network, target.place
        self._of = _which(target)
        parts = conninfo_to_dict(self._dsn)
        self._name = str(self._of["name"] if target.live else parts.get("dbname") or "")
        self._built = _named(self._name, f"_restore_{target.number}")
        self._before = _named(self._name, f"_before_{target.number}")
        self._tables = [name for name in target.only if "." in name]
        self._filled = False

    def look(self, needed: int) -> None:  # noqa: ARG002 - a server does not say how much room it has
        if not self._name:
            raise ToolFailed("refused", say("the address names no database"))
        if self._target.live and self._tables:
            raise ToolFailed("refused", say("a single table is restored to a new database, never into the live one"))
        with self._server() as db:
            exists = _exists(db, self._name)
            row = db.execute(_MAY, (self._name,)).fetchone()
            assert row is not None  # noqa: S101 - whoever is connected has a role
        makes, owns, ends, major = row
        if major < int(self._target.point["major"]):
            raise ToolFailed("refused", say("the server is older than the one that was copied"))
        self._filled = exists and not self._target.live
        if self._filled:
            self._require_empty()
        elif not makes or (self._target.live and not (owns and ends)):
            raise ToolFailed(
                "refused",
                say("the account may not do it: it needs CREATEDB, and for the live place to own the database and "
                    "pg_signal_backend"),
            )  # fmt: skip

    def _require_empty(self) -> None:
        with self._database(self._name) as db:
            row = db.execute(_HAS).fetchone()
        if row and row[0]:
            raise ToolFailed("refused", say("%(path)s is not empty", path=self._name))

    def rooms(self, loaded: Any) -> list[tuple[Any, tuple[str, ...]]]:
        return [(loaded, ())]

    def build(self, run: Run) -> None:
        """As it was there; at a new place everything belongs to the account that restores."""
        self.sweep()
        name = self._name if self._filled else self._built
        if not self._filled:
            self._make(name)
        words = [client("pg_restore", int(self._target.point["major"])), "--exit-on-error", "--no-tablespaces"]
        words += ["--no-subscriptions", "--no-publications"]
        words += ["--single-transaction"] if self._filled else ["--jobs=2"]
        words += [] if self._target.live else ["--no-owner", "--no-acl"]
        where = run.directory / "copy" / str(self._of["directory"])
        if self._tables:
            chosen = run.directory / "list"
            chosen.write_text(selected(where, self._tables, run.until))
            words.append(f"--use-list={chosen}")
        conninfo, environment = self._for_programs(name)
        run.say("building", 0, 0)
        ended = program.run([*words, f"--dbname={conninfo}", str(where)], until=run.until, environment=environment)
        if ended.code:
            raise _failure(ended.err)

    def _make(self, name: str) -> None:
        of = self._of
        words = sql.SQL("create database {} template template0 encoding {} lc_collate {} lc_ctype {}")
        with self._server() as db:
            db.execute(
                words.format(
                    sql.Identifier(name), sql.Literal(of.get("encoding", "UTF8")), sql.Literal(of.get("collate", "C")),
                    sql.Literal(of.get("ctype", "C")),
                )
            )  # fmt: skip

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        with self._database(self._name if self._filled else self._built) as db:
            for setting in postgresql_fingerprint.SETTINGS:
                db.execute(setting)
            whole = source.totals if self._of["name"] == self._target.point["own"] else {}
            summed = [name for name in self._tables if name in source.tables]
            totals, tables = ({}, summed) if self._tables else (whole, source.tables)
            return postgresql_fingerprint.take(db, totals, tables, f"{self._of['name']}.")

    def expected(self, whole: Fingerprint) -> Fingerprint:
        """What the record says of the tables, or of this database among others."""
        name, own = str(self._of["name"]), self._target.point["own"]
        if self._tables:
            return part(whole, [f"{name}.{table}" for table in self._tables])
        place = [one["name"] for one in self._target.point["databases"]].index(name)
        found = part(whole, [key for key in (*whole.rows, *whole.sums) if key.startswith(f"{name}.")])
        return replace(found, schema=whole.schema.split("-")[place], totals=whole.totals if name == own else {})

    def marks(self) -> dict[str, Any]:
        with self._server() as db:
            return {"oid": _oid(db, self._name if self._filled else self._built)}

    def enter(self, until: float) -> None:  # noqa: ARG002 - each statement has its own end
        if self._filled:
            return
        if not self._target.live:
            with self._server() as db:
                _rename(db, self._built, self._name)
            return
        with self._server() as db:
            exists = _exists(db, self._name)
            try:
                if exists:
                    _close(db, self._name)
                with db.transaction():
                    if exists:
                        _like(db, self._name, self._built)
                        _rename(db, self._name, self._before)
                        db.execute(_open_to_all(self._before, "true"))  # for whoever wants to look
                    _rename(db, self._built, self._name)
            except psycopg.Error:
                if exists and _exists(db, self._name):
                    db.execute(_open_to_all(self._name, "true"))
                raise

    def stands(self, marks: Mapping[str, Any]) -> str:
        with self._server() as db:
            if _oid(db, self._name) == marks["oid"]:
                return "restored"
            if self._target.live and _exists(db, self._name):  # a run died with the door shut
                db.execute(_open_to_all(self._name, "true"))
        return "untouched"

    def before(self) -> str:
        with self._server() as db:
            return self._before if _exists(db, self._before) else ""

    def sweep(self, *, between: bool = False) -> None:  # noqa: ARG002 - it holds nothing of anybody's
        with self._server() as db:
            if self._built != self._name and _exists(db, self._built):
                db.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(self._built)))

    @contextmanager
    def _server(self) -> Iterator[psycopg.Connection[Any]]:
        """Beside the database itself, which is renamed."""
        with self._database("postgres" if self._name != "postgres" else "template1") as db:
            yield db

    @contextmanager
    def _database(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        try:
            with closing(connected(conninfos(make_conninfo(self._dsn, dbname=name), self._network), SECONDS)) as db:
                db.autocommit = True
                db.execute("set lock_timeout = '30s'")
                yield db
        except psycopg.OperationalError as error:
            raise ToolFailed("unreachable", str(error).strip()[:300], retry=True) from None
        except psycopg.Error as error:
            raise _failure(str(error)) from None
        except Unread as error:
            raise ToolFailed("unreachable", error.problem.detail, retry=True) from None

    def _for_programs(self, name: str) -> tuple[str, dict[str, str]]:
        parts = conninfo_to_dict(conninfos(make_conninfo(self._dsn, dbname=name), self._network)[0])
        password = parts.pop("password", None)
        return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}


def _which(target: Target) -> Mapping[str, Any]:
    """The database of the copy that is meant. Raises ToolFailed."""
    held = list(target.point["databases"])
    wanted = [name for name in target.only if "." not in name]
    if any("." in name for name in target.only):
        wanted = [str(target.point["own"])]
    found = [one for one in held if not wanted or one["name"] in wanted]
    if len(found) != 1 or len(wanted) > 1:
        names = ", ".join(str(one["name"]) for one in held)
        raise ToolFailed("refused", say("say which database of the copy: %(names)s", names=names))
    return found[0]  # type: ignore[no-any-return]  # as it was kept


def _named(name: str, end: str) -> str:
    return name.encode()[: _LONGEST - len(end)].decode(errors="ignore") + end


def _exists(db: psycopg.Connection[Any], name: str) -> bool:
    return _oid(db, name) != 0


def _oid(db: psycopg.Connection[Any], name: str) -> int:
    row = db.execute("select oid::bigint from pg_database where datname = %s", (name,)).fetchone()
    return int(row[0]) if row else 0


def _rename(db: psycopg.Connection[Any], name: str, to: str) -> None:
    db.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(name), sql.Identifier(to)))


def _open_to_all(name: str, yes: str) -> sql.Composed:
    return sql.SQL("alter database {} allow_connections {}").format(sql.Identifier(name), sql.SQL(yes))


def _close(db: psycopg.Connection[Any], name: str) -> None:
    """Nobody comes in, and who is there goes; renaming waits for that for some seconds by itself."""
    db.execute(_open_to_all(name, "false"))
    db.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))


def _like(db: psycopg.Connection[Any], name: str, new: str) -> None:
    """What a dump does not hold of a database: its owner, who may enter, and its own settings."""
    row = db.execute(
        "select pg_get_userbyid(datdba), datacl is not null from pg_database where datname = %s", (name,)
    ).fetchone()
    assert row is not None  # noqa: S101 - it was seen just now
    target = sql.Identifier(new)
    db.execute(sql.SQL("alter database {} owner to {}").format(target, sql.Identifier(row[0])))
    if row[1]:
        db.execute(sql.SQL("revoke all on database {} from public").format(target))
        rights = """select case when a.grantee = 0 then null else pg_get_userbyid(a.grantee) end, a.privilege_type
            from pg_database d, aclexplode(d.datacl) a where d.datname = %s"""
        for grantee, right in db.execute(rights, (name,)).fetchall():
            to = sql.Identifier(grantee) if grantee else sql.SQL("public")
            db.execute(sql.SQL("grant {} on database {} to {}").format(sql.SQL(right), target, to))
    settings = """select case when s.setrole = 0 then null else pg_get_userbyid(s.setrole) end, unnest(s.setconfig)
        from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = %s"""
    for role, pair in db.execute(settings, (name,)).fetchall():
        key, _, value = pair.partition("=")
        whose = sql.SQL("role {} in database {}").format(sql.Identifier(role), target) if role else None
        head = whose or sql.SQL("database {}").format(target)
        each = [one.strip().strip('"') for one in value.split(",")] if key in _LISTS else [value]
        said = sql.SQL(", ").join(map(sql.Literal, each))
        db.execute(sql.SQL("alter {} set {} = {}").format(head, sql.Identifier(key), said))


def _failure(text: str) -> ToolFailed:
    lines = "; ".join(line for line in text.strip().splitlines()[:2] if line.strip())[:400]
    if re.search(r"no space left|could not (write|extend)", text, re.IGNORECASE):
        return ToolFailed("no-space", lines)
    if re.search(r"permission denied|must be (owner|superuser|member)|does not exist", text, re.IGNORECASE):
        return ToolFailed("refused", lines)
    return ToolFailed("failed", lines)
