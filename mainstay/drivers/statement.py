"""A statement that somebody wrote for a check: made sure to be one SELECT, and bounded."""

import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import sqlglot
from sqlglot import exp

from mainstay.domain.saying import say

Dialect = Literal["postgres", "mysql", "sqlite"]

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it cannot read is refused here, in our words

_FORBIDDEN = re.compile(
    # wait, lock, end sessions, speak to others
    r"pg_sleep\w*|pg_(try_)?advisory\w*|pg_terminate_backend|pg_cancel_backend|pg_notify|dblink\w*|http\w*|pg_background\w*|"
    r"postgres_fdw_\w+|pg_export_snapshot|"
    # change the bounds of the session, its counters or the server
    r"set_config|setseed|pg_reload_conf|pg_rotate_logfile|pg_stat\w*_reset\w*|pg_promote|pg_switch_wal|pg_switch_xlog|"
    r"pg_create_\w+|pg_drop_\w+|pg_copy_\w+|pg_wal_replay_\w+|pg_(start_|stop_)?backup(_start|_stop)?|pg_import_\w+|"
    r"pg_logical_\w+|pg_replication_\w+|pg_log_backend\w*|pg_prewarm|brin_\w+|gin_clean_\w+|nextval|setval|"
    # files, and SQL hidden in a text
    r"lo_\w+|pg_read_\w+|pg_ls_\w+|pg_stat_file|pg_file_\w+|pg_logdir_ls|pg_current_logfile|"
    r"(query|table|schema|database|cursor)_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|"
    # MariaDB and MySQL, SQLite
    r"sleep|benchmark|load_file|get_lock|release_(all_)?locks?|(master|source)_\w*wait\w*|wait_\w+_gtid\w*|"
    r"wait_until_\w+|sys_exec|sys_eval|lastval|load_extension|readfile|writefile|edit|fts3_tokenizer",
    re.IGNORECASE,
)
"""Functions that wait, write, lock, reach out or change the bounds of the session."""

_REST = r"""| "(?:[^"]|"")*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$ | :: | :([A-Za-z_]\w*) | %"""
_PLAIN, _ESCAPED = r"'(?:[^']|'')*'", r"'(?:[^'\\]|\\.|'')*'"
_TOKEN: dict[Dialect, re.Pattern[str]] = {
    "postgres": re.compile(rf"\b[eE]{_ESCAPED} | {_PLAIN} {_REST}", re.VERBOSE | re.DOTALL),
    "mysql": re.compile(rf'{_ESCAPED} | "(?:[^"\\]|\\.|"")*" | \#[^\n]* {_REST}', re.VERBOSE | re.DOTALL),
    "sqlite": re.compile(rf"{_PLAIN} {_REST}", re.VERBOSE | re.DOTALL),
}
"""Strings, remarks, and the names among them."""

_HIDING: dict[Dialect, re.Pattern[str]] = {
    "postgres": re.compile(r"(?<!\w)U&['\"]", re.IGNORECASE),  # a name spelt in numbers
    "mysql": re.compile(r"/\*M?!|--(?=[^\s])"),  # a remark that is run, or is none
    "sqlite": re.compile(r"(?!)"),
}
"""What the server reads otherwise than the parser here does."""


class Refused(ValueError):
    """The statement may not go to somebody else's database; the message says why."""


@lru_cache(maxsize=2_000)
def examined(text: str, dialect: Dialect) -> str:
    """The statement without its trailing semicolon, when it is one SELECT that only reads. Raises Refused."""
    if found := _HIDING[dialect].search(text):
        raise Refused(say("%(text)s may hide what is done; write it otherwise", text=found[0].strip()))
    try:
        parsed = sqlglot.parse(text, dialect=dialect)
        statements = [tree for tree in parsed if tree is not None and not isinstance(tree, exp.Semicolon)]
        if len(statements) != 1:
            raise Refused(say("%(n)s statements; write exactly one SELECT", n=len(statements)))
        _look_through(statements[0])
    except sqlglot.errors.SqlglotError as error:
        raise Refused(say("the query could not be read: %(error)s", error=str(error).splitlines()[0])) from None
    except RecursionError:
        raise Refused(say("the query is nested too deeply")) from None
    return _without_end(text, dialect)


def _look_through(tree: exp.Expr) -> None:
    if not isinstance(tree, exp.Query):
        raise Refused(say("%(kind)s is not a SELECT", kind=type(tree).__name__.upper()))
    for node in tree.walk():
        if isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Into | exp.Lock | exp.Command | exp.DDL):
            raise Refused(say("the query does more than read"))
        if isinstance(node, exp.Func) and _FORBIDDEN.fullmatch(_name(node)):
            raise Refused(say("the function %(name)s is not allowed in a check", name=_name(node)))


def _without_end(text: str, dialect: Dialect) -> str:
    """Without the semicolon that ends it and what stands behind that, which can only be a remark."""
    for token in sqlglot.tokenize(text, dialect=dialect):
        if token.token_type is sqlglot.TokenType.SEMICOLON:
            return text[: token.start].rstrip()
    return text.strip()


def _name(node: exp.Func) -> str:
    return str(node.name if isinstance(node, exp.Anonymous) else node.sql_name())


def named(text: str, known: Mapping[str, Any], dialect: Dialect = "postgres") -> str:
    """``:name`` as the drivers of PostgreSQL and MariaDB bind it; strings, comments and ``::`` are left alone."""

    def one(found: re.Match[str]) -> str:
        if found[0] == "%":
            return "%%"
        if found[2] is None:
            return found[0].replace("%", "%%")
        if found[2] not in known:
            raise Refused(say("the query asks for :%(name)s; give it under params", name=found[2]))
        return f"%({found[2]})s"

    return _TOKEN[dialect].sub(one, text)


def missing(text: str, known: Mapping[str, Any]) -> str:
    """The first ``:name`` of a text that ``known`` lacks, or empty (SQLite binds ``:name`` itself)."""
    found = (match[2] for match in _TOKEN["sqlite"].finditer(text))
    return next((name for name in found if name and name not in known), "")
