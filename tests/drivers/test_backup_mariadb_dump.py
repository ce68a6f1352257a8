"""MariaDB's dumps: of one moment, with their end, restored in a scratch server and compared. Real servers."""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Run, Source, Taken, ToolFailed, mariadb_dump
from tests import servers
from tests.processes import wait_for

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
TOTALS = {"debit": "select sum(debit) from line", "newest": "select max(at) from line"}
SCHEMA = """
create table party (id int primary key auto_increment, name varchar(100) not null) character set utf8mb4;
create table line (id int primary key auto_increment, party int, debit decimal(12,2) not null, at datetime not null,
    note varbinary(40), key (at), foreign key (party) references party (id));
create view owed as select party, sum(debit) as debit from line group by party;
create trigger told before insert on line for each row set new.debit = coalesce(new.debit, 0);
create procedure nothing() select 1;
create event nightly on schedule every 1 day starts '2030-01-01' do select 1;
insert into party (name) select concat('客户 ', seq) from seq_1_to_100;
insert into line (party, debit, at, note) select 1 + seq % 100, seq / 100, '2026-01-01' + interval seq minute,
    unhex(md5(seq)) from seq_1_to_5000;
create user reader@'127.0.0.1' identified by 'reader';
grant select, show view, trigger, event, lock tables on shop.* to reader@'127.0.0.1'
"""


def run_in(directory: Path, seconds: float = 120.0) -> Run:
    directory.mkdir(exist_ok=True)
    return Run(directory, time.monotonic() + seconds, lambda *_: None)


def connected(dsn: str) -> Any:
    parts = urlsplit(dsn)
    return pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or "",
        database=parts.path.lstrip("/"), charset="utf8mb4", autocommit=True,
    )  # fmt: skip


def execute(dsn: str, text: str) -> None:
    with connected(dsn) as db, db.cursor() as cursor:
        for statement in text.split(";\n"):
            cursor.execute(statement)


@pytest.fixture(scope="module")
def books() -> Iterator[str]:
    with servers.mariadb() as dsn:
        execute(dsn, SCHEMA)
        yield dsn


def source(dsn: str, **more: Any) -> Source:
    return Source({"dsn": dsn}, **{"totals": TOTALS, "tables": ["line"], **more})


def as_reader(dsn: str, password: str = "reader") -> str:
    return dsn.replace("admin:pass", f"reader:{password}")


def tool(one: Source) -> mariadb_dump.Tool:
    return mariadb_dump.Tool(one, LOOPBACK)


@pytest.fixture(scope="module")
def copy(books: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Taken]:
    here = tmp_path_factory.mktemp("copy") / "stage"
    return here, tool(source(books)).take(run_in(here))


@pytest.fixture
def scratch(copy: tuple[Path, Taken], tmp_path: Path) -> tuple[Run, Taken]:
    run = run_in(tmp_path / "scratch")
    shutil.copytree(copy[0], run.directory / "copy")
    return run, copy[1]


def differences(taken: Taken, found: Mapping[str, Any]) -> set[str]:
    return {one.part for one in compare(Fingerprint(**taken.fingerprint), Fingerprint(**found))}


def test_what_comes_back_is_what_was_there(scratch: tuple[Run, Taken], books: str) -> None:
    run, taken = scratch
    one = source(books)
    assert taken.fingerprint["rows"] == {"shop.line": 5000, "shop.party": 100}
    assert taken.fingerprint["totals"] == {"debit": "125025.00", "newest": "2026-01-04T11:20:00"}
    assert taken.point["moment"] == "snapshot"
    with closing(tool(one).open(run, taken.point)) as opened:
        assert differences(taken, opened.fingerprint(one)) == set()
        assert [look.ok for look in opened.checks()] == [True]
        socket = opened.scratch.socket
        with pymysql.connect(unix_socket=socket, user="root", database="shop", autocommit=True) as db, db.cursor() as c:
            c.execute("select @@skip_networking, @@event_scheduler, (select max(name) from party)")
            assert c.fetchone() == (1, "OFF", "客户 99")
            for statement, part in (
                ("update line set debit = debit + 0.01 where id = 7", "totals"),
                ("update line set debit = debit - 0.01, note = '' where id = 7", "sums"),
                ("drop trigger told", "schema"),
                ("delete from line where id = 8", "rows"),
            ):
                c.execute(statement)
                assert part in differences(taken, opened.fingerprint(one))
        home = opened.scratch.home
    assert not home.exists()


def test_the_fingerprint_is_of_the_dumps_own_moment(books: str, tmp_path: Path) -> None:
    execute(books, "create table ledger (account int, amount int)")
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with connected(books) as db, db.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("insert into ledger values (1, 5), (2, -5)")
                written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    one = source(books, totals={"all": "select sum(amount) from ledger"}, tables=["ledger"])
    try:
        wait_for(lambda: len(written) > 10)
        taken = tool(one).take(run_in(tmp_path / "stage"))
        before = len(written)
        wait_for(lambda: len(written) > before)  # nobody is held any more
    finally:
        stop.set()
        writer.join()
    scratch = run_in(tmp_path / "scratch")
    shutil.move(tmp_path / "stage", scratch.directory / "copy")
    assert taken.point["moment"] == "snapshot"
    with closing(tool(one).open(scratch, taken.point)) as opened:
        assert differences(taken, opened.fingerprint(one)) == set()
    execute(books, "drop table ledger")


def test_an_account_that_may_not_hold_others_says_so(books: str, tmp_path: Path) -> None:
    execute(books, "drop procedure nothing")
    taken = tool(source(as_reader(books))).take(run_in(tmp_path / "stage"))
    assert taken.point["moment"] == "beside"
    assert taken.fingerprint["rows"]["shop.line"] == 5000


def test_a_table_that_no_snapshot_protects_is_named(books: str, tmp_path: Path) -> None:
    execute(books, "create table old (id int) engine = MyISAM")
    taken = tool(source(books)).take(run_in(tmp_path / "stage"))
    execute(books, "drop table old")
    assert taken.point["databases"][0]["unprotected"] == ["old"]
    scratch = run_in(tmp_path / "scratch")
    shutil.move(tmp_path / "stage", scratch.directory / "copy")
    with closing(tool(source(books)).open(scratch, taken.point)) as opened:
        assert [look.ok for look in opened.checks()] == [True, None]


def test_a_form_that_changed_meanwhile_is_seen(books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = mariadb_dump._Dump._judge_end

    def late(self: Any) -> None:
        execute(books, "create table between_times (id int)")
        real(self)

    monkeypatch.setattr(mariadb_dump._Dump, "_judge_end", late)
    with pytest.raises(ToolFailed) as caught:
        tool(source(books)).take(run_in(tmp_path / "stage"))
    execute(books, "drop table between_times")
    assert (caught.value.code, caught.value.retry) == ("changed", True)


def test_a_table_that_somebody_holds_is_said(books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mariadb_dump, "LOCK_WAIT", 1)
    with connected(books) as db, db.cursor() as cursor:
        cursor.execute("lock tables line write")
        with pytest.raises(ToolFailed) as caught:
            tool(source(books)).take(run_in(tmp_path / "stage"))
    assert (caught.value.code, caught.value.retry) == ("locked", True)


@pytest.mark.parametrize(
    ("change", "code"),
    [("password", "refused"), ("database", "refused"), ("port", "unreachable"), ("total", "refused")],
)
def test_what_cannot_be_copied_is_said(books: str, tmp_path: Path, change: str, code: str) -> None:
    one = {
        "password": source(as_reader(books, "old-password")),
        "database": source(as_reader(books).replace("/shop", "/mysql")),
        "port": source(f"mariadb://admin:pass@127.0.0.1:{servers.free_port()}/shop"),
        "total": source(books, totals={"x": "delete from line"}),
    }[change]
    with pytest.raises(ToolFailed) as caught:
        tool(one).take(run_in(tmp_path / "stage"))
    assert caught.value.code == code, caught.value
    assert "old-password" not in str(caught.value)


def test_a_permission_that_was_withdrawn_is_said(books: str, tmp_path: Path) -> None:
    execute(books, "create user poor@'127.0.0.1' identified by 'poor';\ngrant select on shop.party to poor@'127.0.0.1'")
    with pytest.raises(ToolFailed) as caught:
        tool(source(books.replace("admin:pass", "poor:poor"))).take(run_in(tmp_path / "stage"))
    assert caught.value.code == "refused"


def test_addresses_obey_the_policy(books: str, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="allowed network"):
        mariadb_dump.Tool(source(books), NetworkPolicy(())).take(run_in(tmp_path / "stage"))


def test_a_dump_that_was_cut_off_is_no_copy(scratch: tuple[Run, Taken], books: str) -> None:
    run, taken = scratch
    dump = run.directory / "copy" / "db0.sql"
    whole = dump.read_bytes()
    for cut in (len(whole) // 2, len(whole) - 20, 0):
        dump.write_bytes(whole[:cut])
        with pytest.raises(ToolFailed) as caught:
            tool(source(books)).open(run, taken.point)
        assert caught.value.code == "damaged"
    dump.write_bytes(whole.replace(b"INSERT INTO `line`", b"INSERT INT `line`"))
    with pytest.raises(ToolFailed) as caught:
        tool(source(books)).open(run, taken.point)
    assert caught.value.code == "damaged"
    assert not (run.directory / "scratch-mariadb").is_symlink()


def test_a_program_that_leaves_no_end_is_not_believed(
    books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As though it had been killed, and said that all is well."""
    false = tmp_path / "bin" / "mariadb-dump"
    false.parent.mkdir()
    false.write_text(
        '#!/bin/sh\nfor word; do case $word in --result-file=*) echo "-- half" >"${word#*=}";; esac; done\n'
    )
    false.chmod(0o755)
    monkeypatch.setenv("PATH", f"{false.parent}:{os.environ['PATH']}")
    with pytest.raises(ToolFailed) as caught:
        tool(source(books)).take(run_in(tmp_path / "stage"))
    assert caught.value.code == "incomplete"


def test_the_fingerprint_has_a_deadline(books: str, tmp_path: Path) -> None:
    endless = {"x": "select count(*) from line a join line b join line c where a.note < b.note and b.note < c.note"}
    with pytest.raises(ToolFailed) as caught:
        tool(source(books, totals=endless)).take(run_in(tmp_path / "stage", 4.0))
    assert caught.value.code == "timeout"


def test_a_missing_program_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in ("mariadb-dump", "mariadbd", "restic"):
        servers.program(one)
    assert mariadb_dump.lacks() == []
    monkeypatch.setattr("mainstay.drivers.program._PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    found = {missing.program: missing.install for missing in mariadb_dump.lacks()}
    assert found["mariadb-dump"] == "apt-get install mariadb-client"
    assert found["mariadbd"] == "apt-get install mariadb-server"
