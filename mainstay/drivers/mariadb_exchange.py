"""The tables of two databases of a MariaDB change places at once: one RENAME TABLE over all of them, which happens or
does not, also when the server is killed in it (10.6 and newer; measured).

Triggers, views, routines and events cannot go along. A note, a table of its own, keeps what they are. It is renamed by
the same statement, so that where it lies says what has happened: beside, and the live triggers are made anew; with what
was there before, and the rest of the copy is made until it is all there.
"""

import contextlib
import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pymysql

from mainstay.domain.saying import say
from mainstay.drivers import mariadb_definitions, mariadb_session
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.mariadb_fingerprint import quoted, schema
from mainstay.drivers.mariadb_session import Login, Session, ask
from mainstay.drivers.program import at_least

SINCE = (10, 6, 1)
"""The version of MariaDB since which a kill in the middle of a RENAME TABLE leaves no half of it."""
_LONGEST = 64
_PATIENCE = 40.0
"""Seconds to wait for a statement of a run that died; it waits itself no longer than 30 for somebody's table."""
_NEEDED = frozenset({
    "SELECT", "INSERT", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "LOCK TABLES", "TRIGGER", "CREATE VIEW",
    "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT",
})  # fmt: skip
_RIGHTS = """select privilege_type from information_schema.user_privileges where grantee in (%s, %s)
    union select privilege_type from information_schema.schema_privileges
    where grantee in (%s, %s) and %s like table_schema"""
_TABLES = "select table_name from information_schema.tables where table_schema = %s and table_type <> 'VIEW' order by 1"
_COMMENT = "select schema_comment from information_schema.schemata where schema_name = %s"
_REFERS = """select constraint_schema, table_name from information_schema.referential_constraints
    where unique_constraint_schema = %s and constraint_schema <> %s limit 1"""
_SEQUENCES = """select table_name, column_name, column_default from information_schema.columns
    where table_schema = %s and instr(column_default, %s)"""
_GUESTS = """select id from information_schema.processlist where db = %s and id <> connection_id()
    and user not in ('system user', 'event_scheduler')"""


class Exchange:
    """``live``'s tables go to ``before``, and ``built``'s take their place."""

    def __init__(self, login: Login, live: str, number: int) -> None:
        self._login, self.live = login, live
        self.built, self.before = beside(live, f"_restore_{number}"), beside(live, f"_before_{number}")
        self._note, self._mark = f"mainstay_restore_{number}", f"mainstay restore {number}: what was there before"

    def look(self, db: Session) -> None:
        """Raises ToolFailed for what cannot end well on a MariaDB."""
        version = str(ask(db, "select version()")[0][0])
        if not at_least(version, *SINCE):
            text = say("only MariaDB 10.6 and newer exchanges tables in one step; restore to a new database instead")
            raise ToolFailed("refused", text)
        for name in (self.live, self.built, self.before):
            if lacks := sorted(_NEEDED - _rights(db, name)):
                text = say("the account may not do it: on %(database)s it lacks %(rights)s", database=name,
                           rights=", ".join(lacks))  # fmt: skip
                raise ToolFailed("refused", text)
        for space, table in ask(db, _REFERS, (self.live, self.live)):
            text = say("%(table)s of another database refers to a table of this one, and would go on to refer to the "
                       "former one", table=f"{space}.{table}")  # fmt: skip
            raise ToolFailed("refused", text)

    def enter(self, on: Collection[str], form: Sequence[str] = ()) -> None:
        """``on``: the events that are to be switched on; ``form``: character set and collation that the live database
        is to have, if they are known. Raises ToolFailed; then all is as it was, or ``settled`` is to be asked once
        more."""
        failed: ToolFailed | None = None
        try:
            with self._session(self.built) as db:
                self._keep(db, on, form)
                self._change(db)
        except ToolFailed as error:
            failed = error
        if not self.settled() and failed:
            raise failed

    def _keep(self, db: Session, on: Collection[str], form: Sequence[str]) -> None:
        """All that will be needed after the change, and should it not happen."""
        said = {
            "form": list(form),
            "schema": schema(db, self.built, self.live),
            "here": mariadb_definitions.triggers(db, self.live),
            "rest": [*mariadb_definitions.triggers(db, self.built), *mariadb_definitions.others(db, self.built, on)],
        }
        draft, note = quoted(self.built, f"{self._note}_draft"), quoted(self.built, self._note)
        ask(db, f"create table {draft} (said longtext) engine=InnoDB character set utf8mb4")
        ask(db, f"insert into {draft} values (%s)", (json.dumps(said),))  # noqa: S608 - quoted
        ask(db, f"rename table {draft} to {note}")  # a row may be lost with the server, what is renamed is on its disk
        if not self._marked(db):
            ask(db, f"create database {quoted(self.before)} comment %s", (self._mark,))

    def _change(self, db: Session) -> None:
        mariadb_definitions.drop(db, self.built, alone=True)
        moves = [(self.live, name, self.before) for name in _tables(db, self.live)]
        moves += [(self.built, name, self.live) for name in _tables(db, self.built) if name != self._note]
        moves.append((self.built, self._note, self.before))
        words = ", ".join(f"{quoted(old, name)} to {quoted(new, name)}" for old, name, new in moves)
        _send_away(db, self.live)
        mariadb_definitions.drop(db, self.live, alone=True)  # a table with triggers cannot leave its database
        ask(db, f"rename table {words}")

    def settled(self) -> bool:
        """Brings to its end whatever was begun. Whether the tables have changed places. Raises ToolFailed."""
        with self._session() as db:
            self._stop(db)
            if self._note in _tables(db, self.before):
                self._finish(db)
                return True
            if self._note in _tables(db, self.built):
                self._undo(db)
                return False
            return self._marked(db)

    def _stop(self, db: Session) -> None:
        """The statement of a run that died may still wait in the server, and change everything after we looked."""
        end = time.monotonic() + _PATIENCE
        while _send_away(db, self.built):
            if time.monotonic() > end:
                raise ToolFailed("locked", say("a former run is not over yet in the server"), retry=True)
            time.sleep(0.1)

    def _finish(self, db: Session) -> None:
        said = self._said(db, self.before)
        if said["form"]:
            ask(db, f"alter database {quoted(self.live)} character set %s collate %s", said["form"])
        ask(db, f"use {quoted(self.live)}")
        mariadb_definitions.drop(db, self.live)
        there, here = f"nextval({quoted(self.built)}.", f"nextval({quoted(self.live)}."
        for table, column, value in ask(db, _SEQUENCES, (self.live, there)):
            default = value.replace(there, here)
            ask(db, f"alter table {quoted(self.live, table)} alter column {quoted(column)} set default ({default})")
        mariadb_definitions.make(db, said["rest"])
        if schema(db, self.live) != said["schema"]:
            raise ToolFailed("differs", say("it is not what was copied: %(shown)s", shown="schema"))
        ask(db, f"drop table {quoted(self.before, self._note)}")

    def _undo(self, db: Session) -> None:
        here = self._said(db, self.built)["here"]
        if {one["name"] for one in here} <= {one["name"] for one in mariadb_definitions.triggers(db, self.live)}:
            return
        ask(db, f"use {quoted(self.live)}")
        mariadb_definitions.drop(db, self.live, alone=True)
        mariadb_definitions.make(db, here)

    def _said(self, db: Session, database: str) -> dict[str, Any]:
        ((text,),) = ask(db, f"select said from {quoted(database, self._note)}")  # noqa: S608 - quoted
        said: dict[str, Any] = json.loads(text)
        return said

    def kept(self) -> str:
        """The database with the tables that were there before; empty when there is none."""
        with self._session() as db:
            return self.before if _tables(db, self.before) else ""

    def sweep(self) -> None:
        """A place for what was there before that nothing came to."""
        with self._session() as db:
            if self._marked(db) and not _tables(db, self.before):
                ask(db, f"drop database {quoted(self.before)}")

    def _marked(self, db: Session) -> bool:
        return comment(db, self.before) == self._mark

    @contextmanager
    def _session(self, database: str = "") -> Iterator[Session]:
        with mariadb_session.session(replace(self._login, database=database)) as db:
            yield db


def beside(name: str, end: str) -> str:
    """The name of a database that lies beside another."""
    return name[: _LONGEST - len(end)] + end


def comment(db: Session, database: str) -> str | None:
    """What is written at a database; None where there is none of that name."""
    rows = ask(db, _COMMENT, (database,))
    return str(rows[0][0] or "") if rows else None


def _send_away(db: Session, database: str) -> bool:
    """Whoever is in a database; whether anybody was. Who is not ours to send away stays, and is waited for."""
    guests = ask(db, _GUESTS, (database,))
    for (guest,) in guests:
        with contextlib.suppress(pymysql.MySQLError):
            ask(db, f"kill {int(guest)}")
    return bool(guests)


def _tables(db: Session, database: str) -> list[str]:
    """Sequences too, which are renamed like tables."""
    return [str(row[0]) for row in ask(db, _TABLES, (database,))]


def _rights(db: Session, database: str) -> set[str]:
    """Of this session's account and role."""
    ((user, role),) = ask(db, "select current_user(), coalesce(current_role(), '')")
    name, _, host = str(user).rpartition("@")
    who = (f"'{name}'@'{host}'", f"'{role}'@''")
    return {str(row[0]) for row in ask(db, _RIGHTS, (*who, *who, database))}
