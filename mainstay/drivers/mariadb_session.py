"""A session with MariaDB for a backup: its address judged, its programs told the same."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.database_connection import allow_socket, allowed_address
from mainstay.drivers.database_mariadb import ssl_settings
from mainstay.drivers.rows import Unread

if TYPE_CHECKING:
    Session = pymysql.connections.Connection[Any]
else:
    Session = pymysql.connections.Connection


@dataclass(frozen=True, slots=True)
class Login:
    """What a ``dsn`` says."""

    user: str
    password: str = field(repr=False)
    host: str
    port: int
    socket: str
    database: str
    options: Mapping[str, str]


def login(dsn: str, network: NetworkPolicy) -> Login:
    """With the address that may be connected to. Raises ToolFailed."""
    parts = urlsplit(dsn)
    options = dict(parse_qsl(parts.query))
    try:
        host, port = parts.hostname or "localhost", parts.port or 3306
        if socket := options.pop("socket", ""):
            allow_socket(port, network)
        else:
            host = allowed_address(host, port, network)
    except (Unread, ValueError) as error:
        raise ToolFailed("refused", str(error)) from None
    database = unquote(parts.path.lstrip("/"))
    return Login(unquote(parts.username or ""), unquote(parts.password or ""), host, port, socket, database, options)


@contextmanager
def session(one: Login, lock_wait: int = 30, database: str = "", *, until: float | None = None) -> Iterator[Session]:
    """An open session, each of whose statements is over by ``until``; what goes wrong in it is a ToolFailed."""
    try:
        db = pymysql.connect(
            host=one.host, port=one.port, user=one.user, password=one.password, unix_socket=one.socket or None,
            database=database or one.database or None, charset="utf8mb4", connect_timeout=20, autocommit=True,
            **ssl_settings(one.options),
        )  # fmt: skip
        try:
            ask(db, f"set session lock_wait_timeout = {int(lock_wait)}, innodb_lock_wait_timeout = {int(lock_wait)}")
            ask(db, "set session wait_timeout = 86400, time_zone = '+00:00'")
            if "MariaDB" in str(ask(db, "select version()")[0][0]):  # MySQL has the like for a SELECT alone
                seconds = 0.0 if until is None else max(0.1, until - time.monotonic())
                ask(db, f"set session max_statement_time = {seconds:.1f}")
            yield db
        finally:
            db.close()
    except pymysql.MySQLError as error:
        raise worded(error) from None
    except Unread as error:
        raise ToolFailed("refused", error.problem.detail) from None


def ask(db: Session, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows. Raises pymysql.MySQLError."""
    with db.cursor() as cursor:
        cursor.execute(text, values or None)
        return list(cursor.fetchall())


def for_programs(one: Login) -> tuple[list[str], dict[str, str]]:
    """The words and the environment by which a program reaches the same server."""
    words = ["--no-defaults", f"--user={one.user}", "--default-character-set=utf8mb4"]
    if one.socket:
        words += ["--protocol=socket", f"--socket={one.socket}"]
    else:
        words += ["--protocol=tcp", f"--host={one.host}", f"--port={one.port}"]
    mode = one.options.get("sslmode", "prefer")
    if mode not in ("prefer", "disable"):
        words += ["--ssl"]
    for option, word in (("sslrootcert", "--ssl-ca"), ("sslcert", "--ssl-cert"), ("sslkey", "--ssl-key")):
        words += [f"{word}={one.options[option]}"] if option in one.options else []
    words += ["--ssl-verify-server-cert"] if mode == "verify-full" else []
    return words, {"MYSQL_PWD": one.password}


_NUMBERS = {
    1044: "refused", 1045: "refused", 1142: "refused", 1143: "refused", 1227: "refused", 1698: "refused",
    1969: "timeout", 3024: "timeout",
    1205: "locked", 1213: "locked", 1049: "absent", 1146: "changed", 1412: "changed", 2003: "unreachable",
    2002: "unreachable", 2006: "unreachable", 2013: "unreachable", 1053: "unreachable", 1040: "unreachable",
    1030: "damaged", 1034: "damaged", 1194: "damaged", 1877: "damaged", 1021: "no-space", 3: "no-space", 28: "no-space",
}  # fmt: skip
_RETRY = {"locked", "changed", "unreachable"}


def worded(error: Exception) -> ToolFailed:
    """An error of the server in our words."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    code = _NUMBERS.get(number, "failed")
    return ToolFailed(code, str(error.args[-1] if error.args else error)[:400], retry=code in _RETRY)


def judge(code: int, text: str, name: str) -> None:
    """The end of one of its programs. Raises ToolFailed for a code that is not 0."""
    if code == 0:
        return
    if code >= 128:
        raise ToolFailed("killed", f"{name} was ended by signal {code - 128}", retry=True)
    detail = "; ".join(line for line in text.strip().splitlines()[-2:])[:400] or f"{name} ended with {code}"
    if re.search(r"no space left|disk full|errcode: 28", text, re.IGNORECASE):
        raise ToolFailed("no-space", detail)
    found = re.search(r"(?:error:? |ERROR )(\d+)|\((\d{4})\)", text)
    word = _NUMBERS.get(int(found[1] or found[2]) if found else 0, "failed")
    raise ToolFailed(word, detail, retry=word in _RETRY)
