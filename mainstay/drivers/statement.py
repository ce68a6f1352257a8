"""A statement that somebody wrote for a check: made sure to be one SELECT, and bounded."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import sqlglot
from sqlglot import exp

Dialect = Literal["postgres", "mysql", "sqlite"]

_FORBIDDEN = re.compile(
    r"set_config|pg_advisory\w*|pg_try_advisory\w*|pg_sleep\w*|dblink\w*|pg_terminate_backend|pg_cancel_backend|"
    r"pg_notify|lo_\w+|pg_read_\w+|pg_ls_\w+|pg_stat_file|pg_reload_conf|pg_rotate_logfile|nextval|setval|"
    r"query_to_xml\w*|pg_logical_emit_message|pg_switch_wal|pg_create_restore_point|"
    r"sleep|benchmark|load_file|get_lock|release_lock\w*|sys_exec|sys_eval|"
    r"load_extension|readfile|writefile|edit|fts3_tokenizer",
    re.IGNORECASE,
)
"""Functions that wait, write, lock, reach out or change the bounds of the session."""

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$
      | :: | :([A-Za-z_]\w*) | %""",
    re.VERBOSE | re.DOTALL,
)


class Refused(ValueError):
    """The statement may not go to somebody else's database; the message says why."""


@lru_cache(maxsize=2_000)
def examined(text: str, dialect: Dialect) -> str:
    """The statement without its trailing semicolon, when it is one SELECT that only reads. Raises Refused."""
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect=dialect) if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Refused(f"the query could not be read: {str(error).splitlines()[0]}") from None
    if len(trees) != 1:
        raise Refused(f"{len(trees)} statements; write exactly one SELECT")
    tree = trees[0]
    if not isinstance(tree, exp.Query):
        raise Refused(f"{type(tree).__name__.upper()} is not a SELECT")
    for node in tree.walk():
        if isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Into | exp.Lock | exp.Command | exp.DDL):
            raise Refused("the query does more than read")
        if isinstance(node, exp.Func) and _FORBIDDEN.fullmatch(_name(node)):
            raise Refused(f"the function {_name(node)} is not allowed in a check")
    return text.strip().rstrip(";").rstrip()


def _name(node: exp.Func) -> str:
    return str(node.name if isinstance(node, exp.Anonymous) else node.sql_name())


def named(text: str, known: Mapping[str, Any]) -> str:
    """``:name`` as the drivers of PostgreSQL and MariaDB bind it; strings, comments and ``::`` are left alone."""

    def one(found: re.Match[str]) -> str:
        if found[0] == "%":
            return "%%"
        if found[2] is None:
            return found[0].replace("%", "%%")
        if found[2] not in known:
            raise Refused(f"the query asks for :{found[2]}; give it under params")
        return f"%({found[2]})s"

    return _TOKEN.sub(one, text)


def missing(text: str, known: Mapping[str, Any]) -> str:
    """The first ``:name`` of a text that ``known`` lacks, or empty (SQLite binds ``:name`` itself)."""
    return next((found[2] for found in _TOKEN.finditer(text) if found[2] and found[2] not in known), "")
