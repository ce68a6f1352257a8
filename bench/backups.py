"""What Mainstay costs around the tools that it drives, what an increment saves, and what a proof takes beside a plain
restore; on one database, by the same programs in the same minutes."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from mainstay.drivers import postgresql_fingerprint
from mainstay.drivers.backup_tools import Run, Source, Taken, pg_dump
from mainstay.drivers.backup_tools.pgbackrest import Tool
from mainstay.drivers.restic import Restic, Saved
from mainstay.drivers.scratch_postgresql import Scratch
from mainstay.drivers.stores import Place
from tests.drivers.archived import KEY, LOOPBACK, Archive, archived

_MAKE = """
create table orders (id bigserial primary key, customer int not null, amount numeric(12, 2) not null, at timestamptz
    not null, lines jsonb not null, note text);
insert into orders (customer, amount, at, lines, note)
    select g % 5000, (g % 99999) * 0.01, '2026-01-01'::timestamptz + g * interval '20 seconds',
    jsonb_build_object('sku', md5(g::text), 'quantity', g % 7, 'place', md5((g * 7)::text)), '订单 ' || g
    from generate_series(1, {orders}) g;
create index on orders (customer);
create table scan (id bigserial primary key, order_id bigint not null, image bytea not null);
create extension pgcrypto;
insert into scan (order_id, image) select g, {image} from generate_series(1, {scans}) g;
"""
_CHANGE = """update orders set note = note || '!', amount = amount + 0.01 where id > {orders} * 99 / 100;
insert into scan (order_id, image) select g, {image} from generate_series(1, greatest(1, {scans} / 100)) g"""
_IMAGE = "||".join(["gen_random_bytes(1000)"] * 8)


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes. ``hand`` and ``ours``: pg_dump and restic by hand and by our drivers, the better of two each,
    with ``fingerprint`` seconds of ours for what no tool does; ``dump_added``: what restic kept of the first and of the
    second dump, between which 1 % was changed;
    ``full`` and ``increment``: pgBackRest by our driver, before and after 1 % was changed; ``plain``: the dump loaded
    from the repository and restored by hand; ``proof``: the same with the fingerprint and all checks."""

    database: int
    hand: float
    ours: float
    fingerprint: float
    dump_added: tuple[int, int]
    full: float
    full_bytes: int
    increment: float
    increment_bytes: int
    plain: float
    proof: float


def measure(gigabytes: float) -> Measured:
    """On a database of about that size."""
    orders, scans = int(gigabytes * 1.7e6), int(gigabytes * 7.4e4)
    with archived(max_wal_size="2GB", shared_buffers="256MB") as archive:
        _physical_tool(archive).prepare(time.monotonic() + 60)  # so that the log is archived as it is written
        archive.sql(_MAKE.format(orders=orders, scans=scans, image=_IMAGE))
        archive.sql("vacuum analyze")
        archive.sql("checkpoint")
        size = archive.sql("select pg_database_size(current_database())")[0][0]
        print(f"backups: a database of {size / 1e9:.2f} GB", flush=True)
        with _kept(archive) as staged:
            logical = _logical(archive, staged, _CHANGE.format(orders=orders, scans=scans, image=_IMAGE))
        full, increment, times = _physical(archive, orders, scans)
    return Measured(
        database=size, full=times[0], full_bytes=full.point["added"], increment=times[1],
        increment_bytes=increment.point["added"], **logical,
    )  # fmt: skip


@dataclass
class Staged:
    """Our driver and its repository, and one by hand."""

    here: Path
    tool: pg_dump.Tool
    source: Source
    ours: Restic
    hand: dict[str, str]
    dsn: str
    count: int = 0

    def run(self) -> Run:
        """A run with a directory of its own."""
        self.count += 1
        directory = self.here / f"run-{self.count}"
        directory.mkdir(mode=0o755)
        return Run(directory, time.monotonic() + 1800, lambda *_: None)


@contextmanager
def _kept(archive: Archive) -> Iterator[Staged]:
    here = Path(tempfile.mkdtemp(prefix="mainstay-bench-backups-"))
    here.chmod(0o755)
    try:
        source = Source({"dsn": archive.dsn}, totals={"sum": "select sum(amount)::text from orders"})
        ours = Restic(Place(str(here / "ours")), KEY, host="bench", cache=here / "cache-ours")
        ours.make()
        hand = {
            **os.environ, "RESTIC_PASSWORD": KEY, "RESTIC_REPOSITORY": str(here / "hand"),
            "RESTIC_CACHE_DIR": str(here / "cache-hand"),
            "PGPASSWORD": str(conninfo_to_dict(archive.dsn)["password"]),
        }  # fmt: skip
        _do(["restic", "init"], hand)
        yield Staged(here, pg_dump.Tool(source, LOOPBACK), source, ours, hand, archive.dsn)
    finally:
        shutil.rmtree(here)


def _logical(archive: Archive, staged: Staged, change: str) -> dict[str, Any]:
    """By hand and by ours in turn, before and after the change; then restored by hand and proved by ours."""
    hands, ours, added = [], [], []
    for number in range(2):
        hands.append(_seconds(lambda number=number: _by_hand(staged, number)))
        began = time.monotonic()
        taken, saved = _by_ours(staged)
        added.append(saved.added)
        ours.append(time.monotonic() - began)
        print(f"backups: dump and restic by hand {hands[-1]:.1f} s, by ours {ours[-1]:.1f} s", flush=True)
        if number == 0:
            archive.sql(change)
    plain = _seconds(lambda: _restored_by_hand(staged))
    proof = _seconds(lambda: _proved(staged, taken, saved.identifier))
    return {
        "hand": min(hands), "ours": min(ours), "dump_added": tuple(added), "plain": plain, "proof": proof,
        "fingerprint": _seconds(lambda: _fingerprint(staged)),
    }  # fmt: skip


def _fingerprint(staged: Staged) -> None:
    with psycopg.connect(staged.dsn, autocommit=True) as db:
        postgresql_fingerprint.take(db, staged.source.totals, staged.source.tables)


def _by_hand(staged: Staged, number: int) -> None:
    directory = staged.here / f"hand-{number}"
    parts = conninfo_to_dict(staged.dsn)
    where = f"host={parts['host']} port={parts['port']} user={parts['user']} dbname={parts['dbname']}"
    _do(["nice", "pg_dump", "-Fd", "-j2", "-Z0", "-f", str(directory), where], staged.hand)
    _do(["nice", "restic", "backup", "--quiet", str(directory)], staged.hand)
    shutil.rmtree(directory)


def _by_ours(staged: Staged) -> tuple[Taken, Saved]:
    run = staged.run()
    taken = staged.tool.take(run)
    saved = staged.ours.save(run.directory, [f"run={run.directory.name}"], run.until, run.say)
    shutil.rmtree(run.directory)
    return taken, saved


def _restored_by_hand(staged: Staged) -> None:
    """Into an empty server of the kind that a proof uses."""
    run = staged.run()
    _do(["nice", "restic", "--no-cache", "restore", "latest", "--target", str(run.directory / "files")], staged.hand)
    found = next(path.parent for path in (run.directory / "files").rglob("toc.dat"))
    scratch = Scratch(run.directory, 15, run.until)
    try:
        with psycopg.connect(scratch.conninfo(), autocommit=True) as db:
            db.execute("create database plain template template0")
            db.execute("create role estate_admin superuser")
        _do(["nice", "pg_restore", "-j2", "-d", scratch.conninfo("plain"), str(found)], staged.hand)
    finally:
        scratch.close()
        shutil.rmtree(run.directory)


def _proved(staged: Staged, taken: Taken, identifier: str) -> None:
    run = staged.run()
    staged.ours.load(identifier, run.directory / "copy", run.until)
    copy = staged.tool.open(run, taken.point)
    try:
        assert copy.fingerprint(staged.source) == taken.fingerprint
        assert all(one.ok is not False for one in copy.checks())
    finally:
        copy.close()
        shutil.rmtree(run.directory)


def _physical(archive: Archive, orders: int, scans: int) -> tuple[Taken, Taken, tuple[float, float]]:
    tool = _physical_tool(archive)
    tool.reach(archive.run(seconds=1800))  # which waits for the archive
    began = time.monotonic()
    full = tool.take(archive.run(seconds=1800))
    middle = time.monotonic()
    archive.sql(_CHANGE.format(orders=orders, scans=scans, image=_IMAGE))
    archive.sql("checkpoint")
    tool.reach(archive.run(seconds=1800))
    changed = time.monotonic()
    increment = tool.take(archive.run("incremental", full, seconds=1800))
    return full, increment, (middle - began, time.monotonic() - changed)


def _physical_tool(archive: Archive) -> Tool:
    return Tool(Source({"dsn": archive.dsn}), LOOPBACK, archive.keeping(sites=1))


def _seconds(act: Callable[[], Any]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _do(argv: list[str], environment: dict[str, str]) -> None:
    subprocess.run(argv, check=True, env=environment, stdout=subprocess.DEVNULL)


def said(found: Measured) -> str:
    """Four lines."""
    return (
        f"backups: pg_dump and restic by hand {found.hand:.1f} s, driven {found.ours:.1f} s: "
        f"{100 * (found.ours / found.hand - 1):+.1f} %, of which the fingerprint {found.fingerprint:.1f} s\n"
        f"backups: restic after 1 % changed: {found.dump_added[1] / 1e6:.1f} MB of {found.dump_added[0] / 1e6:.1f} MB "
        f"({100 * found.dump_added[1] / found.dump_added[0]:.1f} %)\n"
        f"backups: pgBackRest after 1 % changed: {found.increment:.1f} s of {found.full:.1f} s "
        f"({100 * found.increment / found.full:.0f} %), {found.increment_bytes / 1e6:.1f} MB of "
        f"{found.full_bytes / 1e6:.1f} MB ({100 * found.increment_bytes / found.full_bytes:.1f} %)\n"
        f"backups: proof {found.proof:.1f} s, plain load and pg_restore {found.plain:.1f} s: "
        f"{found.proof / found.plain:.2f} times"
    )
