"""The fingerprint of a MariaDB server, taken inside whatever transaction the connection is in."""
# ruff: noqa: S608 - the names are quoted here

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from mainstay.drivers import staging
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.statement import Refused, examined

TABLES = """select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'
    and table_schema not in ('mysql', 'sys', 'performance_schema', 'information_schema') order by 1, 2"""


def take(cursor: Any, totals: Mapping[str, str], tables: Sequence[str]) -> dict[str, Any]:
    """Schema, rows of every table, control totals and sums of tables. Raises ToolFailed, pymysql.MySQLError."""
    digest, rows = hashlib.sha256(), {}
    for space, name in _all(cursor, TABLES):
        ((_, definition),) = _all(cursor, f"show create table {quoted(space, name)}")
        digest.update(str(definition).split("AUTO_INCREMENT=")[0].encode())
        rows[f"{space}.{name}"] = int(_all(cursor, f"select count(*) from {quoted(space, name)}")[0][0])
    sums = {name: str(_all(cursor, f"checksum table {quoted(*name.split('.', 1))}")[0][1]) for name in tables}
    found = {name: _total(cursor, name, query) for name, query in totals.items()}
    return {"schema": digest.hexdigest(), "rows": rows, "totals": found, "sums": sums}


def quoted(*names: str) -> str:
    """As MariaDB writes the name of a table."""
    return ".".join("`{}`".format(name.replace("`", "``")) for name in names)


def _total(cursor: Any, name: str, query: str) -> Any:
    try:
        found = _all(cursor, examined(query, "mysql"))
    except Refused as error:
        raise ToolFailed("refused", f"control total {name}: {error}") from None
    return staging.plain(found[0][0]) if found else None


def _all(cursor: Any, query: str) -> Sequence[Sequence[Any]]:
    cursor.execute(query)
    return list(cursor.fetchall())
