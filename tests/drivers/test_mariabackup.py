"""Physical copies of a real MariaDB: full, increments upon it, and what the tool's exit codes do not say."""

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Run, Source, Taken, ToolFailed
from mainstay.drivers.backup_tools.mariabackup import Tool
from mainstay.drivers.database import connect
from tests import servers

pytestmark = pytest.mark.mariadb
LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
TOTALS = {"sum": "select sum(amount) from shop.line", "newest": "select max(id) from shop.line"}


class Shop:
    """A server with one table, and a place for copies."""

    def __init__(self, dsn: str, home: Path) -> None:
        self.dsn, self.home, self._numbers = dsn, home, count(1)
        self.source = Source({"dsn": dsn}, totals=TOTALS, tables=["line"])
        self.tool = Tool(self.source, LOOPBACK)
        self.sql("create table line (id int auto_increment primary key, amount decimal(12, 2), note varchar(90))"
                 " charset utf8mb4")  # fmt: skip
        self.sql("insert into line (amount, note) select seq * 0.01, concat('第', seq) from seq_1_to_3000")

    def sql(self, text: str) -> Any:
        parts = urlsplit(self.dsn)
        with pymysql.connect(
            host="127.0.0.1", port=parts.port or 0, user="admin", password="pass", database="shop", autocommit=True,
            charset="utf8mb4",
        ) as db, db.cursor() as cursor:  # fmt: skip
            cursor.execute(text)
            return cursor.fetchall()

    def run(self, level: str = "full", base: Taken | None = None) -> Run:
        here = self.home / f"run-{next(self._numbers)}"
        here.mkdir(mode=0o755)
        return Run(here, time.monotonic() + 60, lambda *_: None, level, base.point if base else {})

    def loaded(self, *chain: Path) -> Run:
        """As the stage of an increment and of what it rests on come out of their repository."""
        run = self.run()
        for number, one in enumerate(chain[:-1]):
            shutil.copytree(one, run.directory / "bases" / str(number))
        shutil.copytree(chain[-1], run.directory / "copy")
        return run


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    servers.program("mariadb-backup")
    with servers.directory("copies") as home, servers.mariadb() as dsn:
        yield Shop(dsn, home)


@pytest.fixture(scope="module")
def chain(shop: Shop) -> Sequence[tuple[Taken, Path]]:
    """A full copy and two increments, with changes before each."""
    taken: list[tuple[Taken, Path]] = []
    for text in ("select 1", "update line set amount = amount + 1 where id <= 500", "delete from line where id = 7"):
        shop.sql(text)
        run = shop.run("incremental" if taken else "full", taken[-1][0] if taken else None)
        taken.append((shop.tool.take(run), run.directory))
    return taken


def test_each_copy_of_a_chain_opens_as_it_was(shop: Shop, chain: Sequence[tuple[Taken, Path]]) -> None:
    assert [one.point["level"] for one, _ in chain] == ["full", "incremental", "incremental"]
    assert chain[1][0].size < chain[0][0].size / 2
    for length in (1, 3):
        taken = chain[length - 1][0]
        assert taken.point["exact"]
        run = shop.loaded(*(path for _, path in chain[:length]))
        copy = shop.tool.open(run, taken.point)
        try:
            assert copy.fingerprint(shop.source) == taken.fingerprint
            assert [one.ok for one in copy.checks()] == [True, True]
            assert (
                connect(copy.component["dsn"], LOOPBACK, 3).ask("select count(*) as n from line", 1, 3).rows[0]["n"] > 0
            )
        finally:
            copy.close()
    assert chain[0][0].fingerprint != chain[2][0].fingerprint


def test_a_damaged_page_goes_through_prepare_and_is_found(shop: Shop, chain: Sequence[tuple[Taken, Path]]) -> None:
    taken, path = chain[0]
    run = shop.loaded(path)
    file = run.directory / "copy" / "mysql" / "gtid_slave_pos.ibd"  # no log of the copy writes it anew
    content = bytearray(file.read_bytes())
    content[3 * 16384 + 9000] ^= 1
    file.write_bytes(content)
    copy = shop.tool.open(run, taken.point)
    try:
        assert [one.name for one in copy.checks() if one.ok is False and file.name in one.detail] == ["innochecksum"]
    finally:
        copy.close()


def test_a_chain_with_a_link_missing_or_another_in_it_is_refused(
    shop: Shop, chain: Sequence[tuple[Taken, Path]]
) -> None:
    (_, full), (_, first), (last, second) = chain
    for given in ((full, second), (second,), (full, full, second), (first, full, second)):
        with pytest.raises(ToolFailed) as refused:
            shop.tool.open(shop.loaded(*given), last.point)
        assert refused.value.code == "missing"
    with pytest.raises(ToolFailed) as refused:
        shop.tool.open(shop.loaded(full), {**chain[0][0].point, "to_lsn": "1"})
    assert refused.value.code == "changed"


def test_what_a_killed_run_left_is_no_copy(shop: Shop, chain: Sequence[tuple[Taken, Path]]) -> None:
    taken, path = chain[0]
    run = shop.loaded(path)
    (run.directory / "copy" / "xtrabackup_checkpoints").unlink()
    with pytest.raises(ToolFailed) as refused:
        shop.tool.open(run, taken.point)
    assert refused.value.code == "incomplete"


def test_an_increment_upon_another_servers_copy_becomes_a_full_one(shop: Shop) -> None:
    foreign = Taken(datetime.now(UTC), {"server": "another", "to_lsn": "1"}, {}, {}, 0)
    assert shop.tool.take(shop.run("incremental", foreign)).point["level"] == "full"


def test_another_password_is_refused_and_not_repeated(shop: Shop) -> None:
    wrong = Tool(Source({"dsn": shop.dsn.replace(":pass@", ":not-this-one@")}), LOOPBACK)
    with pytest.raises(ToolFailed) as refused:
        wrong.take(shop.run())
    assert refused.value.code == "refused"
    assert "not-this-one" not in str(refused.value)
