"""SQLite's copies: whole under a writer that never rests, and nothing that is wrong with one passes. Real files."""

import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Run, Source, ToolFailed, sqlite

NOWHERE = NetworkPolicy(())
TOTALS = {"sum": "select sum(amount) from line", "newest": "select max(at) from line"}


def run_in(directory: Path, seconds: float = 60.0) -> Run:
    directory.mkdir(exist_ok=True)
    return Run(directory, time.monotonic() + seconds, lambda *_: None)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Two accounts whose sum is nought after each transaction."""
    path = tmp_path / "books.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table account (id integer primary key)")
        db.execute(
            "create table line (id integer primary key, account integer references account, amount int, at text)"
        )
        db.executemany("insert into account values (?)", [(1,), (2,)])
        db.executemany(
            "insert into line (account, amount, at) values (?, ?, ?)",
            [(1 + number % 2, 5 if number % 2 else -5, f"2026-01-{1 + number % 28:02}") for number in range(20_000)],
        )
        db.commit()
    return path


@pytest.fixture
def busy(books: Path) -> Iterator[Path]:
    """The same, written to all the time."""
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(books, timeout=10)) as db:
            while not stop.is_set():
                with db:
                    db.execute("insert into line (account, amount, at) values (1, 7, '2026-02-01')")
                    db.execute("insert into line (account, amount, at) values (2, -7, '2026-02-01')")

    writer = threading.Thread(target=write)
    writer.start()
    yield books
    stop.set()
    writer.join()


def source(path: Path, **other: object) -> Source:
    return Source({"dsn": f"sqlite://{path}"}, totals=TOTALS, tables=["line"], **other)  # type: ignore[arg-type]


def brought_back(tmp_path: Path, taken_in: Path) -> Run:
    """As a restore leaves it."""
    scratch = run_in(tmp_path / "scratch")
    (scratch.directory / "copy").mkdir()
    (taken_in / sqlite.NAME).rename(scratch.directory / "copy" / sqlite.NAME)
    return scratch


def test_a_copy_under_a_writer_ends_and_is_of_one_moment(busy: Path, tmp_path: Path) -> None:
    one = source(busy)
    taken = sqlite.Tool(one, NOWHERE).take(run_in(tmp_path / "stage"))
    opened = sqlite.Tool(one, NOWHERE).open(brought_back(tmp_path, tmp_path / "stage"), taken.point)
    found = opened.fingerprint(one)
    assert compare(Fingerprint(**taken.fingerprint), Fingerprint(**found)) == []
    assert found["totals"]["sum"] == 0
    assert found["rows"]["line"] >= 20_000
    assert [(look.name, look.ok) for look in opened.checks()] == [
        ("integrity_check", True),
        ("foreign_key_check", True),
    ]
    with closing(sqlite3.connect(busy)) as db:
        assert db.execute("select count(*) from line").fetchone()[0] > found["rows"]["line"]  # they did write


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        ("delete from line where id = 77", "rows"),
        ("update line set amount = amount + 1 where id = 77", "totals"),
        ("update line set at = '2025-12-31' where id = 77", "sums"),
        ("create index i on line (at)", "schema"),
        ("drop table account", "rows"),
    ],
)
def test_what_was_altered_is_seen(books: Path, tmp_path: Path, spoil: str, part: str) -> None:
    one = source(books)
    taken = sqlite.Tool(one, NOWHERE).take(run_in(tmp_path / "stage"))
    scratch = brought_back(tmp_path, tmp_path / "stage")
    with closing(sqlite3.connect(scratch.directory / "copy" / sqlite.NAME)) as db:
        db.execute(spoil)
        db.commit()
    found = sqlite.Tool(one, NOWHERE).open(scratch, taken.point).fingerprint(one)
    assert part in {one.part for one in compare(Fingerprint(**taken.fingerprint), Fingerprint(**found))}


def test_a_damaged_page_is_seen(books: Path, tmp_path: Path) -> None:
    one = source(books)
    taken = sqlite.Tool(one, NOWHERE).take(run_in(tmp_path / "stage"))
    scratch = brought_back(tmp_path, tmp_path / "stage")
    copy = scratch.directory / "copy" / sqlite.NAME
    content = bytearray(copy.read_bytes())
    content[4096 * 20 : 4096 * 20 + 64] = bytes(64)
    copy.write_bytes(content)
    assert sqlite.Tool(one, NOWHERE).open(scratch, taken.point).checks()[0].ok is False


def test_a_damaged_database_is_not_copied(books: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(books)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    content = bytearray(books.read_bytes())
    content[4096 * 20 : 4096 * 20 + 64] = bytes(64)
    books.write_bytes(content)
    with pytest.raises(ToolFailed) as caught:
        sqlite.Tool(source(books), NOWHERE).take(run_in(tmp_path / "stage"))
    assert caught.value.code == "damaged"


def test_a_reference_that_was_broken_before_is_no_fault_of_the_copy(books: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(books)) as db:
        db.execute("insert into line (account, amount, at) values (99, 0, '')")
        db.commit()
    one = source(books)
    taken = sqlite.Tool(one, NOWHERE).take(run_in(tmp_path / "stage"))
    scratch = brought_back(tmp_path, tmp_path / "stage")
    assert all(look.ok for look in sqlite.Tool(one, NOWHERE).open(scratch, taken.point).checks())
    with closing(sqlite3.connect(scratch.directory / "copy" / sqlite.NAME)) as db:
        db.execute("delete from account where id = 1")
        db.commit()
    assert [look.ok for look in sqlite.Tool(one, NOWHERE).open(scratch, taken.point).checks()] == [True, False]


def test_what_cannot_be_copied_is_said(books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(books)) as db:
        db.execute("pragma journal_mode = delete")
    cases = {
        "absent": (source(tmp_path / "none"), 60.0),
        "timeout": (source(books), -1.0),
        "refused": (Source({"dsn": f"sqlite://{books}"}, totals={"x": "delete from line"}), 60.0),
    }
    for code, (one, seconds) in cases.items():
        with pytest.raises(ToolFailed) as caught:
            sqlite.Tool(one, NOWHERE).take(run_in(tmp_path / code, seconds))
        assert caught.value.code == code
    with closing(sqlite3.connect(books)) as db:
        db.execute("begin exclusive")
        monkeypatch.setattr(sqlite, "_BUSY", 0.1)
        with pytest.raises(ToolFailed) as caught:
            sqlite.Tool(source(books), NOWHERE).take(run_in(tmp_path / "locked"))
    assert (caught.value.code, caught.value.retry) == ("locked", True)


def test_a_full_disk_is_foreseen_and_said_when_it_is_met(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(small)], check=False).returncode:
        pytest.skip("only root can make a small file system")
    try:
        with pytest.raises(ToolFailed) as caught:
            sqlite.Tool(source(books), NOWHERE).take(run_in(small))
        assert caught.value.code == "no-space"
        assert not list(small.iterdir())
        monkeypatch.setattr("mainstay.drivers.staging.ensure_room", lambda *_: None)
        with pytest.raises(ToolFailed) as met:
            sqlite.Tool(source(books), NOWHERE).take(run_in(small))
        assert met.value.code == "no-space"
    finally:
        subprocess.run(["umount", str(small)], check=True)
