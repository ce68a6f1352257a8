"""A dump by ``mariadb-dump`` as the text that it is: fitted to the database that it is loaded into, and loaded.

What is known, measured, of a dump that is loaded under another name on the server that it came from:

* A trigger that was written with its database's name is made in that database: in the live one.
* Around triggers, routines and events the dump changes the database's character set, by the name that it had.
* A column that takes its value from a sequence names it with the database.
* Events run as soon as they are there. Here they come switched off.

What a view, a trigger's body or a routine names with its database goes on meaning that one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mainstay.domain.saying import say
from mainstay.drivers import mariadb_session, program
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.mariadb_fingerprint import quoted
from mainstay.drivers.mariadb_session import Login, Session, ask
from mainstay.drivers.program import Limits

_END = re.compile(rb"^-- Dump completed", re.MULTILINE)
_SECTION = re.compile(
    rb"-- (Table structure for table|Sequence structure for|Temporary (?:table|view) structure for view|"
    rb"Dumping (?:events|routines) for database|Final view structure for view) (.+)\n"
)
_ROWS_END = re.compile(rb"/\*!40000 ALTER TABLE .* ENABLE KEYS \*/;\n")
_TAIL = b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;"
_NAME = rb"(?:`(?:[^`]|``)+`|[\w$\x80-\xff]+)"
_TRIGGER = re.compile(
    rb"(/\*!50003 CREATE\*/ (?:/\*!50017 DEFINER=.+?\*/ )?/\*!50003 TRIGGER\s+(?:IF\s+NOT\s+EXISTS\s+)?)"
    rb"(?:" + _NAME + rb"\s*\.\s*)?(" + _NAME + rb"\s+(?:BEFORE|AFTER)\s+(?:INSERT|UPDATE|DELETE)\s+ON\s+)"
    rb"(?:" + _NAME + rb"\s*\.\s*)?(" + _NAME + rb"\s+FOR\s+EACH\s+ROW\b)",
    re.IGNORECASE,
)  # fmt: skip
_EVENT = re.compile(rb"(/\*!50106 CREATE\*/ .*?EVENT (" + _NAME + rb") ON SCHEDULE .*?PRESERVE) ENABLE\b")


TAIL = 300
"""Bytes at the end of a dump among which its last line is."""
LOADING = ("--binary-mode",)
"""Words for the client that loads a dump."""


def ends_well(file: Path) -> bool:
    """Whether a dump has its last line."""
    with file.open("rb") as dump:
        dump.seek(max(0, file.stat().st_size - TAIL))
        return is_end(dump.read())


def is_end(tail: bytes) -> bool:
    """Whether what a dump ends with is the end of a dump."""
    return bool(_END.search(tail))


def fitted(dump: Path, out: Path, old: str, new: str, tables: Sequence[str] = ()) -> set[str]:
    """The dump of the database ``old`` as it may be loaded into ``new``, into ``out``; of ``tables`` alone where some
    are named, without their triggers. Returns the events that were switched on. Raises ToolFailed."""
    events: set[str] = set()
    with dump.open("rb") as whole, out.open("wb") as to:
        lines = _chosen(whole, tables) if tables else whole
        for line in _whole_triggers(lines):
            to.write(_fitted(line, old, new, events))
    return events


def _chosen(lines: Iterable[bytes], tables: Sequence[str]) -> Iterator[bytes]:
    """The head of the dump, its sequences, of each table the definition and the rows, and the end. Raises ToolFailed
    (absent)."""
    wanted = {quoted(name).encode(): name for name in tables}
    found, taking, over = set(), True, False
    for line in lines:
        if not over and (head := _SECTION.match(line)):
            meant = head[1].startswith(b"Table") and head[2] in wanted
            taking = meant or head[1].startswith(b"Sequence")
            found |= {wanted[head[2]]} if meant else set()
            over = head[1].startswith((b"Dumping", b"Final"))  # what follows is text that people wrote
        elif line.startswith(_TAIL):
            taking = True
        if taking or line == b"UNLOCK TABLES;\n":
            yield line
        if _ROWS_END.match(line):  # what follows of this table are its triggers
            taking = False
    if missing := sorted(set(tables) - found):
        raise ToolFailed("absent", say("the copy holds no table or database %(name)s", name=missing[0]))


def _whole_triggers(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, those of a trigger's definition as one."""
    held = b""
    for line in lines:
        if held or line.startswith(b"/*!50003 CREATE*/"):
            held += line
            if line.endswith(b";;\n"):
                yield held
                held = b""
        else:
            yield line
    yield held


def _fitted(line: bytes, old: str, new: str, events: set[str]) -> bytes:
    there, here = quoted(old).encode(), quoted(new).encode()
    if line.startswith(b"/*!50106 CREATE*/") and (event := _EVENT.match(line)):
        events.add(event[2][1:-1].replace(b"``", b"`").decode())
        return event[1] + b" DISABLE" + line[event.end() :]
    if line.startswith(b"ALTER DATABASE " + there + b" CHARACTER SET"):
        return line.replace(there, here, 1)
    if line.startswith(b"/*!50003 CREATE*/") and old != new:
        text, count = _TRIGGER.subn(rb"\1\2\3", line, count=1)
        if not count:
            shown = line[:80].decode("utf-8", "replace")
            raise ToolFailed("refused", say("a trigger may lead into another database: %(text)s", text=shown))
        return text
    if line.startswith(b"  `"):  # of a table's definition; rows begin otherwise
        return line.replace(b"nextval(" + there + b".", b"nextval(" + here + b".")
    return line


def create(db: Session, name: str, of: Mapping[str, Any], comment: str = "") -> None:
    """An empty database with the character set of the one that was copied. Raises pymysql.MySQLError."""
    words, values = " character set %s", [of.get("charset") or "utf8mb4"]
    if of.get("collation"):
        words, values = f"{words} collate %s", [*values, of["collation"]]
    if comment:
        words, values = f"{words} comment %s", [*values, comment]
    ask(db, f"create database {quoted(name)}{words}", values)


def load(login: Login, database: str, file: Path, until: float, limits: Limits) -> None:
    """A script, by the server's own client. Raises ToolFailed."""
    words, environment = mariadb_session.for_programs(login)
    ended = program.run(
        ["mariadb", *words, *LOADING, f"--database={database}"], until=until, stdin=file,
        environment=environment, limits=limits,
    )  # fmt: skip
    mariadb_session.judge(ended.code, ended.err, "mariadb")
