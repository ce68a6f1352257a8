"""A small shop under care with a backup policy: books in SQLite, two stores on this machine, and the acts by hand."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mainstay.backups import actions
from mainstay.backups.models import Job
from mainstay.catalogue.actions import apply, make_secret
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Policy, Store
from mainstay.domain.actor import Actor, Role
from mainstay.drivers.restic import Restic
from mainstay.drivers.stores import Place
from mainstay.engine import backup_worker
from mainstay.engine.jobs import places
from mainstay.engine.jobs.bench import Progress
from tests.quick_keys import quicken

ROOT = Actor("test", Role.ADMINISTRATOR)
ANN = Actor("person:ann", Role.OPERATOR)
SYSTEM = """
system: shop
tier: 1
objectives: {{rto: 1h, rpo: 1d}}
components:
  books:
    kind: sqlite
    dsn: "sqlite://{books}"
    packs: [{{generic-orders: {{every: 5m}}}}]
checks:
  unbalanced:
    probe: {{kind: integrity, on: books, query: "{rule}"}}
    every: 5m
    category: data
backups:
  nightly: {policy}
"""
BALANCE = "select move, sum(debit) - sum(credit) as amount from ledger group by move having sum(debit) <> sum(credit)"
STORES = "stores: {{vault: {{kind: directory, path: {vault}}}, away: {{kind: directory, path: {away}}}}}"
PASSWORD = "the-key-of-the-tests-" + "x" * 30
BOOKS = """
create table orders (id integer primary key, number text, state text, created_at text, changed_at text, amount text);
create table order_lines (id integer primary key, order_id integer, text text);
create table ledger (id integer primary key, move integer, debit integer, credit integer);
"""


class Shop:
    """Its directory, its books, its policy ``shop/nightly``."""

    def __init__(self, folder: Path, **policy: Any) -> None:
        self.folder, self.books = folder, folder / "books.sqlite3"
        self.vault, self.away = folder / "vault", folder / "away"
        for store in (self.vault, self.away):
            shutil.copytree(empty_repositories() / store.name, store / "shop" / "nightly")
        make_secret("BACKUP_KEY_SHOP__NIGHTLY", PASSWORD)
        make_books(self.books)
        self.apply(**policy)

    def apply(self, rule: str = BALANCE, **policy: Any) -> None:
        """Make the policy what is given: by default finance data in the first store."""
        wanted = {"of": "books", "data": "finance", "stores": ["vault"], **policy}
        files = {
            "shop.yaml": SYSTEM.format(books=self.books, policy=wanted, rule=rule).encode(),
            "shared.yaml": STORES.format(vault=self.vault, away=self.away).encode(),
        }
        apply(examine(files).catalogue, actor=ROOT)
        self.policy = Policy.objects.get(name="nightly")
        self.stores = {store.name: store for store in Store.objects.all()}

    def change(self, *statements: str) -> None:
        with sqlite3.connect(self.books) as books:
            for statement in statements:
                books.execute(statement)
        books.close()

    def run(self, act: str = "backup", **more: Any) -> Job:
        """An act asked for by hand, and done."""
        return done(self.asked(act, **more))

    def asked(self, act: str, **more: Any) -> Job:
        """An act asked for by hand."""
        if act == "prove":
            return actions.ask_for_proof("shop/nightly", more.get("copy"), actor=ANN)
        return actions.ask("shop/nightly", act, actor=ANN, **more)  # type: ignore[arg-type]  # the tests' own words


@cache
def empty_repositories() -> Path:
    """One for each store, made once and quick to open; Mainstay finds them as it would find those of a former life."""
    folder = Path(tempfile.mkdtemp(prefix="repositories-", dir=os.environ["MAINSTAY_TEST_WORKSPACE"]))
    first, second = (Restic(Place(str(folder / name)), PASSWORD, host="x", cache=None) for name in ("vault", "away"))
    first.make()
    quicken(folder / "vault", PASSWORD)
    second.make(like=first)
    quicken(folder / "away", PASSWORD)
    return folder


def make_books(path: Path) -> None:
    now = datetime.now(UTC)
    with sqlite3.connect(path) as books:
        books.executescript(BOOKS)
        for number in range(1, 41):
            at = (now - timedelta(hours=number)).isoformat()
            order = (number, f"S{number:05}", at, at, "10.50")
            books.execute("insert into orders values (?, ?, 'done', ?, ?, ?)", order)
            books.execute("insert into order_lines (order_id, text) values (?, ?)", (number, "goods " * 20))
            books.execute("insert into ledger (move, debit, credit) values (?, 1050, 0)", (number,))
            books.execute("insert into ledger (move, debit, credit) values (?, 0, 1050)", (number,))
    books.close()


def work_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs have a directory of this test's own: others number their jobs alike."""
    (folder / "work").mkdir()
    monkeypatch.setattr(places, "work", lambda: folder / "work")


def done(job: Job) -> Job:
    """The job, run here and now as a worker runs it."""
    leased = actions.lease(f"run-{job.pk}-{job.attempt}", datetime.now(UTC))
    assert leased is not None
    assert leased.pk == job.pk
    backup_worker.work(leased, Progress())
    return Job.objects.get(pk=job.pk)


def all_done(limit: int = 20) -> list[Job]:
    """Every job that waits, one after the other."""
    found = []
    for number in range(limit):
        leased = actions.lease(f"all-{number}", datetime.now(UTC))
        if leased is None:
            return found
        backup_worker.work(leased, Progress())
        found.append(Job.objects.get(pk=leased.pk))
    raise AssertionError("jobs without end")


def outcomes(gates: list[Mapping[str, Any]]) -> dict[str, str]:
    """Gate → verdict."""
    return {gate["name"]: gate["verdict"] for gate in gates}
