"""PostgreSQL's dumps: of one moment, restored in a scratch server and compared; each trap that was measured is here.
Real servers."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Run, Source, Taken, ToolFailed, pg_dump
from mainstay.drivers.postgresql_restore import Restored
from tests import servers
from tests.drivers.installed import major
from tests.processes import wait_for

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
TOTALS = {
    "debit": "select sum(debit) from line",
    "newest": "select max(at) from line",
    "last": "select max(id) from line",
}
TABLES = ["public.line"]
SCHEMA = """
create role keeper login password 'keeper';
create role reader login password 'reader';
create type kind as enum ('sale', 'refund');
create table party (id serial primary key, name varchar not null, state varchar default 'new',
    constraint known check (state in ('new', 'gone')));
create table line (id serial primary key, party int references party, kind kind, debit numeric(12, 2) not null,
    at timestamptz not null, note bytea);
create index on line (at) where kind = 'refund';
create view owed as select party, sum(debit) as debit from line where kind in ('sale', 'refund') group by party;
create function tell() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger told before insert on line for each row execute function tell();
alter table party owner to keeper;
grant select on all tables in schema public to reader;
grant select on all sequences in schema public to reader;
insert into party (name) select '客户 ' || n from generate_series(1, 100) n;
insert into line (party, kind, debit, at, note) select 1 + n % 100, 'sale', n / 100.0,
    '2026-01-01'::timestamptz + n * interval '1 minute', decode(md5(n::text), 'hex') from generate_series(1, 5000) n;
"""


def run_in(directory: Path, seconds: float = 120.0) -> Run:
    directory.mkdir(exist_ok=True)
    return Run(directory, time.monotonic() + seconds, lambda *_: None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.postgresql() as address:
        yield address


def execute(address: str, text: str) -> None:
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(text.encode())


def other(address: str, database: str, **more: str) -> str:
    return make_conninfo(address, dbname=database, **more)


@pytest.fixture(scope="module")
def books(server: str) -> str:
    execute(server, "create database erp template template0 lc_collate 'C' lc_ctype 'C.UTF-8'")
    execute(other(server, "erp"), SCHEMA)
    return other(server, "erp")


def source(address: str, **more: Any) -> Source:
    return Source({"dsn": address}, **{"totals": TOTALS, "tables": TABLES, **more})


def tool(one: Source) -> pg_dump.Tool:
    return pg_dump.Tool(one, LOOPBACK)


@pytest.fixture(scope="module")
def copy(books: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Taken]:
    here = tmp_path_factory.mktemp("copy") / "stage"
    return here, tool(source(books)).take(run_in(here))


@pytest.fixture
def scratch(copy: tuple[Path, Taken], tmp_path: Path) -> tuple[Run, Taken]:
    """The copy, as a restore leaves it."""
    run = run_in(tmp_path / "scratch")
    shutil.copytree(copy[0], run.directory / "copy")
    return run, copy[1]


def differences(taken: Taken, opened: Restored, one: Source) -> set[str]:
    found = compare(Fingerprint(**taken.fingerprint), Fingerprint(**opened.fingerprint(one)))
    return {difference.part for difference in found}


def test_what_comes_back_is_what_was_there(scratch: tuple[Run, Taken], books: str) -> None:
    run, taken = scratch
    one = source(books)
    assert taken.fingerprint["rows"] == {"erp.public.line": 5000, "erp.public.party": 100}
    assert taken.fingerprint["totals"]["debit"] == "125025.00"
    assert abs(taken.at - datetime.now(UTC)) < timedelta(minutes=10)
    with closing(tool(one).open(run, taken.point)) as opened:
        assert differences(taken, opened, one) == set()
        (look,) = opened.checks()
        assert look.ok is True, look.detail
        address = str(opened.component["dsn"])
        assert conninfo_to_dict(address)["host"].startswith("/")
        with psycopg.connect(address, autocommit=True) as db:
            assert db.execute("show listen_addresses").fetchone() == ("",)
            assert db.execute("show archive_mode").fetchone() == ("off",)
            assert db.execute("select datcollate from pg_database where datname = 'erp'").fetchone() == ("C",)
            assert db.execute("select tableowner from pg_tables where tablename = 'party'").fetchone() == ("keeper",)
            for statement, part in (
                ("update line set debit = debit + 0.01 where id = 7", "totals"),
                ("update line set debit = debit - 0.01, note = '' where id = 7", "sums"),
                ("delete from party where false; alter table party drop constraint known", "schema"),
                ("delete from line where id = 8", "rows"),
            ):
                db.execute(statement)
                assert part in differences(taken, opened, one)
        home = opened.scratch.home
    assert not home.exists()
    assert not (run.directory / "scratch-postgresql").is_symlink()


def test_one_table_comes_back_alone(scratch: tuple[Run, Taken], books: str) -> None:
    run, taken = scratch
    with (
        closing(tool(source(books)).open(run, taken.point, ["public.party"])) as opened,
        psycopg.connect(str(opened.component["dsn"])) as db,
    ):
        assert db.execute("select count(*), max(name) from party").fetchone() == (100, "客户 99")
        assert db.execute("select to_regclass('line')").fetchone() == (None,)
    for name in ("public.nothing", "nothing"):
        with pytest.raises(ToolFailed) as caught:
            tool(source(books)).open(run, taken.point, [name])
        assert caught.value.code == "absent"


def test_several_databases_of_which_one_comes_back(server: str, books: str, tmp_path: Path) -> None:
    execute(server, "create database side")
    execute(other(server, "side"), "create table only_here as select 1 as x; select lo_from_bytea(0, 'scan')")
    one = source(books, databases=["erp", "side"])
    taken = tool(one).take(run_in(tmp_path / "stage"))
    assert taken.fingerprint["rows"]["side.public.only_here"] == 1
    assert taken.fingerprint["rows"]["side.large objects"] == 1
    run = run_in(tmp_path / "scratch")
    shutil.move(tmp_path / "stage", run.directory / "copy")
    with (
        closing(tool(one).open(run, taken.point, ["side"])) as opened,
        psycopg.connect(str(opened.component["dsn"])) as db,
    ):
        assert db.execute("select x from only_here").fetchone() == (1,)
        assert opened.fingerprint(one)["rows"]["side.large objects"] == 1


# What writes meanwhile


def test_the_fingerprint_is_of_the_dumps_own_moment(books: str, tmp_path: Path) -> None:
    """A writer that never rests, and whose every transaction adds nothing in all."""
    execute(books, "create table ledger (account int, amount int)")
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(books) as db:
            while not stop.is_set():
                db.execute("insert into ledger values (1, 5), (2, -5)")
                db.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        one = source(books, totals={"all": "select sum(amount) from ledger"}, tables=["public.ledger"])
        wait_for(lambda: _count(books, "ledger") > 0)
        run = run_in(tmp_path / "stage")
        taken = tool(one).take(run)
        wait_for(lambda: _count(books, "ledger") > taken.fingerprint["rows"]["erp.public.ledger"])
    finally:
        stop.set()
        writer.join()
        scratch = run_in(tmp_path / "scratch")
        shutil.move(tmp_path / "stage", scratch.directory / "copy")
    with closing(tool(one).open(scratch, taken.point)) as opened:
        assert differences(taken, opened, one) == set()
        assert opened.fingerprint(one)["totals"] == {"all": 0}
    execute(books, "drop table ledger")


def _count(address: str, table: str) -> int:
    with psycopg.connect(address) as db:
        row = db.execute(f"select count(*) from {table}".encode()).fetchone()
        assert row is not None
        return int(row[0])


def test_a_table_that_somebody_alters_is_waited_for_and_then_said(
    books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_dump, "LOCK_WAIT", 1)
    with psycopg.connect(books) as db:
        db.execute("alter table party add column more int")
        with pytest.raises(ToolFailed) as caught:
            tool(source(books)).take(run_in(tmp_path / "stage"))
        db.rollback()
    assert (caught.value.code, caught.value.retry) == ("locked", True)


def test_a_table_cannot_change_between_the_snapshot_and_the_dump(
    books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emptying a table is seen by older snapshots too; here it must wait until the dump is over."""
    execute(books, "create table emptied as select generate_series(1, 10) as n")
    real = pg_dump.Tool._dump

    def slow(self: pg_dump.Tool, *args: Any, **more: Any) -> None:
        with psycopg.connect(books, autocommit=True) as db:
            db.execute("set lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                db.execute("truncate emptied")
        real(self, *args, **more)

    monkeypatch.setattr(pg_dump.Tool, "_dump", slow)
    taken = tool(source(books)).take(run_in(tmp_path / "stage"))
    assert taken.fingerprint["rows"]["erp.public.emptied"] == 10
    execute(books, "drop table emptied")


def test_a_role_that_may_not_wait_still_makes_a_whole_copy(server: str, books: str, tmp_path: Path) -> None:
    execute(server, "alter role reader set idle_in_transaction_session_timeout = '1ms'")
    one = source(other(books, "erp", user="reader", password="reader"))
    taken = tool(one).take(run_in(tmp_path / "stage"))
    assert taken.fingerprint["rows"]["erp.public.line"] == 5000
    roles = (tmp_path / "stage" / "globals.sql").read_text()
    assert "CREATE ROLE keeper" in roles
    assert "SCRAM" not in roles  # it may not read them


# What goes wrong


def test_a_permission_that_was_withdrawn_is_said(server: str, books: str, tmp_path: Path) -> None:
    execute(books, "revoke select on party from reader")
    try:
        with pytest.raises(ToolFailed) as caught:
            tool(source(other(books, "erp", user="reader", password="reader"))).take(run_in(tmp_path / "stage"))
    finally:
        execute(books, "grant select on party to reader")
    assert (caught.value.code, caught.value.retry) == ("refused", False)


CASES: Mapping[str, tuple[Callable[[str], Source], str]] = {
    "wrong password": (lambda a: source(other(a, "erp", user="reader", password="old")), "refused"),
    "no such database": (lambda a: source(other(a, "nothing")), "absent"),
    "nobody there": (lambda a: source(other(a, "erp", port=str(servers.free_port()))), "unreachable"),
    "total that writes": (lambda a: source(a, totals={"x": "delete from line"}), "refused"),
    "total of nothing": (lambda a: source(a, totals={"x": "select n from nothing"}), "refused"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_copied_is_said(books: str, tmp_path: Path, name: str) -> None:
    make, code = CASES[name]
    with pytest.raises(ToolFailed) as caught:
        tool(make(books)).take(run_in(tmp_path / "stage"))
    assert caught.value.code == code, caught.value
    assert "old" not in caught.value.detail


def test_addresses_obey_the_policy(books: str, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="allowed network"):
        pg_dump.Tool(source(books), NetworkPolicy(())).take(run_in(tmp_path / "stage"))


def test_a_killed_dump_leaves_no_copy(books: str, tmp_path: Path) -> None:
    """The trap: its table of contents would be accepted."""
    execute(books, "create table big as select n, repeat(md5(n::text), 30) as t from generate_series(1, 60000) n")
    run = run_in(tmp_path / "stage")

    def kill() -> None:
        found: list[int] = []
        wait_for(lambda: bool(found.extend(_dumping(run.directory)) or found))
        for pid in found:
            subprocess.run(["kill", "-9", str(pid)], check=False)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(ToolFailed) as caught:
            tool(source(books)).take(run)
    finally:
        killer.join()
        execute(books, "drop table big")
    assert caught.value.code in ("killed", "failed", "unreachable")
    wait_for(lambda: not _dumping(run.directory))


def _dumping(directory: Path) -> list[int]:
    """The processes that dump into a directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"pg_dump") and any(str(directory).encode() in word for word in words):
            found.append(int(path.parent.name))
    return found


def test_a_truncated_dump_is_not_taken_for_whole(scratch: tuple[Run, Taken], books: str) -> None:
    run, taken = scratch
    dump = run.directory / "copy" / "db0"
    largest = max(dump.glob("*.dat"), key=lambda path: path.stat().st_size)
    content = largest.read_bytes()
    listing = [str(Path(pg_dump.client("pg_restore"))), "-l", str(dump)]
    for spoilt in (content[: len(content) // 2], b""):
        largest.write_bytes(spoilt)
        assert subprocess.run(listing, capture_output=True, check=False).returncode == 0  # the trap
        problem: set[str] | str
        try:
            with closing(tool(source(books)).open(run, taken.point)) as opened:
                problem = differences(taken, opened, source(books))
        except ToolFailed as error:
            problem = error.code
        assert problem, "a dump that was cut off passed"
    largest.unlink()
    with pytest.raises(ToolFailed) as caught:
        tool(source(books)).open(run, taken.point)
    assert caught.value.code == "damaged"
    assert not (run.directory / "scratch-postgresql").is_symlink()  # nothing is left of the server


def test_a_copy_of_another_or_an_empty_database_is_not_taken_for_it(
    server: str, books: str, scratch: tuple[Run, Taken], tmp_path: Path
) -> None:
    execute(server, "create database hollow")
    one = source(books)
    tool(Source({"dsn": other(server, "hollow")})).take(run_in(tmp_path / "stage"))
    run, taken = scratch
    shutil.rmtree(run.directory / "copy" / "db0")
    shutil.move(tmp_path / "stage" / "db0", run.directory / "copy" / "db0")
    with closing(tool(one).open(run, taken.point)) as opened, pytest.raises(ToolFailed, match="control total"):
        opened.fingerprint(one)
    assert taken.fingerprint["rows"]


def test_a_full_disk_is_foreseen_and_said_when_it_is_met(
    books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(small)], check=False).returncode:
        pytest.skip("only root can make a small file system")
    try:
        with pytest.raises(ToolFailed) as foreseen:
            tool(source(books)).take(run_in(small))
        monkeypatch.setattr("mainstay.drivers.staging.ensure_room", lambda *_: None)
        with pytest.raises(ToolFailed) as met:
            tool(source(books)).take(run_in(small))
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert (foreseen.value.code, met.value.code) == ("no-space", "no-space")


def test_a_dump_has_a_deadline(books: str, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed) as caught:
        tool(source(books)).take(run_in(tmp_path / "stage", 0.0))
    assert caught.value.code == "timeout"


def test_the_fingerprint_has_a_deadline(books: str, tmp_path: Path) -> None:
    endless = {"x": "select count(*) from line a, line b, line c where a.note < b.note and b.note < c.note"}
    with pytest.raises(ToolFailed) as caught:
        tool(source(books, totals=endless)).take(run_in(tmp_path / "stage", 4.0))
    assert caught.value.code == "timeout"


def test_a_missing_program_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    servers.program("restic")
    major()
    monkeypatch.setattr("mainstay.drivers.postgresql_programs._DEBIAN", Path("/nowhere"))
    monkeypatch.setenv("PATH", "/nowhere")
    found = {missing.program: missing.install for missing in pg_dump.lacks()}
    assert found["pg_dump"] == "apt-get install postgresql-client"
    assert found["initdb"] == "apt-get install postgresql"
