"""What a MariaDB database holds besides its tables: triggers, views, routines and events. As plain values, which can be
kept and made anew; a table that is renamed into another database takes none of it along."""

import re
from collections.abc import Collection, Sequence
from typing import Any

import pymysql

from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.mariadb_fingerprint import quoted
from mainstay.drivers.mariadb_session import Session, ask

Definition = dict[str, str]
"""``kind`` and ``name``; ``text`` makes it in the session's database; ``mode``, ``collation`` and ``zone`` are the
session's settings under which it means what it meant."""

_TRIGGERS = """select trigger_name, action_timing, event_manipulation, event_object_table, action_statement, definer,
    sql_mode, collation_connection from information_schema.triggers where trigger_schema = %s
    order by event_object_table, action_timing, event_manipulation, action_order"""
_ROUTINES = "select routine_type, routine_name from information_schema.routines where routine_schema = %s order by 1, 2"
_VIEWS = "select table_name from information_schema.views where table_schema = %s order by 1"
_EVENTS = "select event_name from information_schema.events where event_schema = %s order by 1"
_OFF = re.compile(r"( ON COMPLETION (?:NOT )?PRESERVE) DISABLE\b")


def triggers(db: Session, database: str) -> list[Definition]:
    """In the order in which they fire. Written anew: what the server shows of a trigger may name the database."""
    found = []
    for name, timing, event, table, body, definer, mode, collation in ask(db, _TRIGGERS, (database,)):
        user, _, host = str(definer).rpartition("@")
        by = f"{quoted(user)}@{quoted(host)}" if host else quoted(user or host)
        text = f"create definer={by} trigger {quoted(name)} {timing} {event} on {quoted(table)} for each row {body}"
        found.append(_definition("trigger", name, text, mode=mode, collation=collation))
    return found


def others(db: Session, database: str, on: Collection[str] = ()) -> list[Definition]:
    """Routines, views and events; of the events those of ``on`` switched on. The session must be in the database."""
    found = []
    for kind, name in ask(db, _ROUTINES, (database,)):
        row = _shown(db, kind, database, name)
        found.append(_definition(kind, name, row[2], mode=row[1], collation=row[4]))
    for (name,) in ask(db, _VIEWS, (database,)):
        row = _shown(db, "view", database, name)
        found.append(_definition("view", name, row[1], collation=row[3]))
    for (name,) in ask(db, _EVENTS, (database,)):
        row = _shown(db, "event", database, name)
        text = _OFF.sub(r"\1 ENABLE", row[3], count=1) if name in on else row[3]
        found.append(_definition("event", name, text, mode=row[1], collation=row[5], zone=row[2]))
    return found


def _shown(db: Session, kind: str, database: str, name: str) -> tuple[Any, ...]:
    return ask(db, f"show create {kind} {quoted(database, name)}")[0]


def _definition(kind: str, name: str, text: str | None, **settings: str) -> Definition:
    if not text:
        raise ToolFailed("refused", say("the account may not see how %(name)s is defined", name=name))
    return {"kind": kind.lower(), "name": name, "text": text, "mode": "", "zone": "+00:00", **settings}


def drop(db: Session, database: str, *, alone: bool = False) -> None:
    """All of it, or the triggers ``alone``. Raises pymysql.MySQLError."""
    for name, *_ in ask(db, _TRIGGERS, (database,)):
        ask(db, f"drop trigger if exists {quoted(database, name)}")
    if alone:
        return
    for kind, name in ask(db, _ROUTINES, (database,)):  # a package comes before its body, and takes it along
        ask(db, f"drop {kind} if exists {quoted(database, name)}")
    for kind, query in (("view", _VIEWS), ("event", _EVENTS)):
        for (name,) in ask(db, query, (database,)):
            ask(db, f"drop {kind} if exists {quoted(database, name)}")


def make(db: Session, definitions: Sequence[Definition]) -> None:
    """In the session's database. A view may rest upon another: what fails is tried again after the rest. Raises
    pymysql.MySQLError."""
    waiting = list(definitions)
    while waiting:
        failed = []
        for one in waiting:
            try:
                _make(db, one)
            except pymysql.MySQLError as error:
                failed.append((one, error))
        if len(failed) == len(waiting):
            raise failed[0][1]
        waiting = [one for one, _ in failed]


def _make(db: Session, one: Definition) -> None:
    ask(
        db, "set session sql_mode = %s, collation_connection = %s, time_zone = %s",
        (one["mode"], one["collation"], one["zone"]),
    )  # fmt: skip
    ask(db, one["text"])
