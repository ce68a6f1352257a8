"""WAL archiving as the pack ``backup`` looks at it, on a real PostgreSQL: none waits, many wait, the command fails."""

import shutil
import tempfile
from pathlib import Path

import psycopg

from mainstay.catalogue import packs
from tests.line.site import until
from tests.servers import postgresql

QUERY = packs.find()["backup"].files["archive.sql"]


def looked(server: psycopg.Connection) -> tuple[int, int]:
    """Segments that wait, and whether the newest try failed."""
    cursor = server.execute(QUERY.encode())
    assert [column.name for column in cursor.description or ()] == ["waiting", "failing"]
    row = cursor.fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def fill_segments(server: psycopg.Connection, count: int) -> None:
    server.execute("create table if not exists x (y int)")
    for _ in range(count):
        server.execute("insert into x values (1)")
        server.execute("select pg_switch_wal()")


def test_what_waits_and_what_fails() -> None:
    """The command succeeds while a file is there, whose whole path everybody may read."""
    sign = Path(tempfile.mkdtemp(prefix="archive-"))
    sign.chmod(0o755)
    there = sign / "open"
    there.touch()
    settings = {"archive_mode": "on", "archive_command": f"test -e {there}", "wal_level": "replica"}
    try:
        with postgresql(settings=settings) as address, psycopg.connect(address, autocommit=True) as server:
            fill_segments(server, 2)
            until(lambda: looked(server) == (0, 0))
            there.unlink()
            fill_segments(server, 3)
            until(lambda: looked(server)[1] == 1)
            assert looked(server)[0] == 3
            there.touch()
            until(lambda: looked(server) == (0, 0))
    finally:
        shutil.rmtree(sign)
