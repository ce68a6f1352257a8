"""A ledger under load, and a log of what was committed in it that nobody reads from the database.

Each transfer takes the next number of the journal, without gaps, as books must; so the order of the commits is
that of the numbers. Beside it others write, and roll back, for themselves.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import NamedTuple

import psycopg

ACCOUNTS = 20
OPENING = 1_000_000
"""Cents on each account at the beginning."""

_MAKE = f"""
create table journal (last bigint not null);
insert into journal values (0);
create table account (id int primary key, balance numeric(14, 2) not null);
insert into account select g, {OPENING / 100} from generate_series(1, {ACCOUNTS}) g;
create table entry (number bigint not null, account int not null references account, amount numeric(14, 2) not null);
create table noise (id bigserial primary key, text text);
"""


_NEXT = "update journal set last = last + 1 returning last, pg_current_xact_id()::text"


class Transfer(NamedTuple):
    """As its client knows it: the number, and what went where, in cents."""

    number: int
    xid: int
    giver: int
    taker: int
    cents: int


@dataclass
class Log:
    """What clients were told is committed, in the order in which they heard it."""

    transfers: list[Transfer] = field(default_factory=list)

    def moments(self, dsn: str) -> list[tuple[datetime, Transfer]]:
        """With the moment of each commit, as the live server keeps it (``track_commit_timestamp``)."""
        with psycopg.connect(dsn) as db:
            rows = db.execute(
                "select x, pg_xact_commit_timestamp(x::text::xid) from unnest(%s::bigint[]) x",
                ([one.xid for one in self.transfers],),
            ).fetchall()
        at = dict(rows)
        return sorted((at[one.xid], one) for one in self.transfers)


class Books(NamedTuple):
    """The whole ledger in cents: account → balance, account → sum of its entries, and the numbers of the journal."""

    balances: dict[int, int]
    entries: dict[int, int]
    last: int
    numbers: int


def expected(transfers: Sequence[Transfer]) -> Books:
    """What the books must be after these."""
    moved = dict.fromkeys(range(1, ACCOUNTS + 1), 0)
    for one in transfers:
        moved[one.giver] -= one.cents
        moved[one.taker] += one.cents
    touched = {one.giver for one in transfers} | {one.taker for one in transfers}
    balances = {account: OPENING + cents for account, cents in moved.items()}
    entries = {account: moved[account] for account in touched}
    return Books(balances, entries, max((one.number for one in transfers), default=0), len(transfers))


def found(dsn: str) -> Books:
    """What they are."""
    with psycopg.connect(dsn) as db:
        balances = dict(db.execute("select id, (balance * 100)::bigint from account").fetchall())
        entries = dict(db.execute("select account, (sum(amount) * 100)::bigint from entry group by 1").fetchall())
        row = db.execute("select last, (select count(distinct number) from entry) from journal").fetchone()
    assert row is not None
    return Books(balances, entries, *row)


@contextmanager
def busy(dsn: str, log: Log, clerks: int = 2, pause: float = 0.0) -> Iterator[threading.Event]:
    """Clerks who post, and one who makes noise, for as long as the block lasts. ``pause`` seconds after each post."""
    over = threading.Event()
    workers = [threading.Thread(target=_post, args=(dsn, log, over, number, pause)) for number in range(clerks)]
    workers.append(threading.Thread(target=_noise, args=(dsn, over, pause)))
    for one in workers:
        one.start()
    try:
        yield over
    finally:
        over.set()
        for one in workers:
            one.join()


def make(dsn: str) -> None:
    """The tables, with nothing posted yet."""
    with psycopg.connect(dsn) as db:
        db.execute(_MAKE.encode())


def _post(dsn: str, log: Log, over: threading.Event, seed: int, pause: float) -> None:
    random = Random(seed)
    with psycopg.connect(dsn, autocommit=True) as db:
        while not over.wait(pause):
            giver, taker = random.sample(range(1, ACCOUNTS + 1), 2)
            cents = random.randint(1, 99_999)
            with db.transaction():
                row = db.execute(_NEXT.encode()).fetchone()
                assert row is not None
                number = row[0]
                for account, amount in ((giver, -cents), (taker, cents)):
                    db.execute("update account set balance = balance + %s / 100.0 where id = %s", (amount, account))
                    db.execute("insert into entry values (%s, %s, %s / 100.0)", (number, account, amount))
            log.transfers.append(Transfer(number, int(row[1]), giver, taker, cents))


def _noise(dsn: str, over: threading.Event, pause: float) -> None:
    random = Random(99)
    with psycopg.connect(dsn, autocommit=True) as db:
        while not over.wait(max(pause, 0.005)):
            with db.transaction(force_rollback=random.random() < 0.3):
                db.execute("insert into noise (text) values (repeat(md5(%s), 20))", (str(random.random()),))
