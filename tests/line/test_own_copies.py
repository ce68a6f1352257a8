"""Copies of Mainstay itself, through its own command line, on SQLite and on PostgreSQL: taken while rows are written,
brought back elsewhere and in place; and an upgrade over a real step of versions, with the way back."""

import contextlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mainstay import __version__
from mainstay.drivers import own_archive, sealed_file
from tests import forked, servers
from tests.processes import wait_for

PASSPHRASE = "correct horse battery"
SYSTEM = """
system: shop
title: {en: Online shop, zh: 网上商城}
components:
  app: {kind: http, url: "http://127.0.0.1:1/"}
checks:
  home: {probe: {kind: http, on: app}}
"""
STEP = ("own_copies zero", "backups zero", "catalogue 0002", "incidents 0002", "people 0002")
"""Back to the tables of an earlier version."""
BACK = """
from django.core.management import call_command
for step in {steps!r}:
    call_command("migrate", *step.split(), verbosity=0, interactive=False)
"""
AS_THE_OLD_ONE = """
from pathlib import Path
from mainstay.drivers.sealed_file import by_passphrase
from mainstay.own_copies.making import make
make(Path({path!r}), by_passphrase({passphrase!r}), version="0.0.9")
"""


@dataclass
class Home:
    """A workspace and its database. ``server`` is PostgreSQL's address without a database; empty: SQLite."""

    folder: Path
    server: str = ""
    name: str = field(default_factory=lambda: f"own_{secrets.token_hex(6)}")

    @property
    def environment(self) -> dict[str, str]:
        dropped = ("MAINSTAY_DATABASE", "LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
        kept = {key: value for key, value in os.environ.items() if key not in dropped}
        own = {"MAINSTAY_DATABASE": f"{self.server}/{self.name}"} if self.server else {}
        return {**kept, **own, "MAINSTAY_WORKSPACE": str(self.folder), "DJANGO_SETTINGS_MODULE": "mainstay.settings"}

    def try_(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return forked.run("mainstay", *words, environment=self.environment, given=given)

    def do(self, *words: str, given: str = "") -> str:
        done = self.try_(*words, given=given)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def python(self, script: str) -> str:
        done = forked.run("-c", f"import django; django.setup()\n{script}", environment=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.server:
            with psycopg.connect(f"{self.server}/{self.name}") as db:
                return db.execute(query.encode()).fetchall()
        with contextlib.closing(sqlite3.connect(self.folder / "data/mainstay.sqlite3", timeout=30)) as db:
            return db.execute(query).fetchall()

    def secret(self) -> str:
        """What only its keys can open."""
        return self.python(
            "from mainstay.catalogue.secret_book import SecretBook; print(SecretBook().value('SHOP_DSN'))"
        ).strip()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """With a system, a secret and what was done on record."""
    here = tmp_path_factory.mktemp("home") / "ws"
    with ExitStack() as stack:
        server = ""
        if request.param == "postgresql":
            admin = stack.enter_context(servers.postgresql())
            server = admin.rpartition("/")[0]
        made = Home(here, server)
        if server:
            with psycopg.connect(admin, autocommit=True) as db:
                db.execute(f"create database {made.name}".encode())
        (here / "catalogue").mkdir(parents=True)
        (here / "catalogue/shop.yaml").write_text(SYSTEM)
        (here / "plugins").mkdir()
        (here / "plugins/check_it").write_text("#!/bin/sh\n")
        (here / "plugins/check_it").chmod(0o755)
        (here / "mainstay.toml").write_text("port = 8099\n")
        made.do("migrate")
        made.do("apply", str(here / "catalogue"))
        made.do("secret", "set", "SHOP_DSN", given="postgresql://a-secret-of-the-shop\n")
        yield made


only_sqlite = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
"""What is the same with either database."""


class Writer(threading.Thread):
    """Adds a row to two tables at once, again and again: a copy that has one without the other is of no moment."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._home, self._over = home, threading.Event()
        self.written = 0

    def run(self) -> None:
        home = self._home
        db: Any = psycopg.connect(f"{home.server}/{home.name}") if home.server else sqlite3.connect(
            home.folder / "data/mainstay.sqlite3", timeout=60
        )  # fmt: skip
        with contextlib.closing(db):
            while not self._over.is_set():
                db.execute("insert into one values (1)")
                db.execute("insert into other values (1)")
                db.commit()
                self.written += 1

    def __enter__(self) -> "Writer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def written(home: Home, *statements: str) -> None:
    db: Any = psycopg.connect(f"{home.server}/{home.name}") if home.server else sqlite3.connect(
        home.folder / "data/mainstay.sqlite3", timeout=60
    )  # fmt: skip
    with contextlib.closing(db):
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_a_copy_taken_under_writes_comes_back_elsewhere(home: Home, tmp_path: Path) -> None:
    written(home, "create table one (x int)", "create table other (x int)")
    file = tmp_path / "x.owncopy"
    with Writer(home) as writer:
        while not writer.written:
            time.sleep(0.01)
        home.do("backup-self", str(file), "--passphrase-stdin", given=f"{PASSPHRASE}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    for word in (b"a-secret-of-the-shop", b"Online shop", b"audit_record", PASSPHRASE.encode()):
        assert word not in file.read_bytes()
    assert home.try_("restore-self", str(file), "--into", str(tmp_path / "no"), given="another one\n").returncode == 65
    assert [path.name for path in tmp_path.iterdir()] == ["x.owncopy"], "nothing was touched"
    back = Home(tmp_path / "back", home.server)
    back.do("restore-self", str(file), "--into", str(back.folder), given=f"{PASSPHRASE}\n")
    one, other = (back.rows(f"select count(*) from {table}")[0][0] for table in ("one", "other"))
    assert 0 < one == other <= writer.written
    assert back.secret() == "postgresql://a-secret-of-the-shop"
    assert (back.folder / "plugins/check_it").stat().st_mode & 0o777 == 0o755
    assert (back.folder / "data").stat().st_mode & 0o777 == 0o700
    assert (back.folder / "catalogue/shop.yaml").read_text() == SYSTEM
    assert (back.folder / "data/secret.key").read_text() == (home.folder / "data/secret.key").read_text()
    acts = [row[0] for row in back.rows("select act from audit_record order by number")]
    assert acts == ["catalogue.apply", "secret.set", "self.restore"]
    assert [row[0] for row in home.rows("select act from audit_record order by number")][-1] == "self.backup"
    assert back.try_("audit", "verify").returncode == 0


def test_a_restore_in_place_keeps_what_was_there(home: Home, tmp_path: Path) -> None:
    done = home.try_("backup-self", str(tmp_path), "--json")
    told = json.loads(done.stdout)
    assert len(told["passphrase"]) == 39, "made, since none was given"
    written(home, "create table later (x int)")
    words = ("restore-self", told["path"], "--passphrase-stdin")
    refused = home.try_(*words, given=told["passphrase"])
    assert (refused.returncode, "is not empty" in refused.stderr) == (65, True)
    token = forked.run("mainstay", *words, environment={**home.environment, "MAINSTAY_TOKEN": "mst_x"}, given="x")
    assert (token.returncode, "a token cannot" in token.stderr) == (65, True)
    row = json.loads(home.try_(*words, "--replace", "--json", given=told["passphrase"]).stdout)
    with pytest.raises((sqlite3.Error, psycopg.Error)):
        home.rows("select * from later")
    assert home.secret() == "postgresql://a-secret-of-the-shop"
    old = Home(Path(row["beside"]), home.server, row["database"])
    assert old.rows("select count(*) from later") == [(0,)], "the old one is whole, beside"
    assert old.secret() == home.secret()


@only_sqlite
def test_the_engine_makes_what_is_due(home: Home, tmp_path: Path) -> None:
    settings = home.folder / "mainstay.toml"
    before = settings.read_text()
    settings.write_text(f'{before}[own_copies]\ndirectory = "{tmp_path}"\n')
    assert "there is no copy of Mainstay itself" in home.try_("doctor").stdout
    home.do("secret", "set", "OWN_COPY_PASSPHRASE", given=f"{PASSPHRASE}\n")
    engine = subprocess.Popen(
        [sys.executable, "-m", "mainstay.engine.main"],
        env=home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: bool(home.rows("select 1 from own_copies_owncopy where state = 'done' and tick is not null")))
    finally:
        engine.kill()
        engine.wait()
        settings.write_text(before)
    (file,) = tmp_path.iterdir()
    manifest = own_archive.look(file, sealed_file.opening(PASSPHRASE))
    assert {"mainstay.toml", "catalogue/shop.yaml", "data/secret.key"} < {member.name for member in manifest.members}
    assert home.rows("select actor, act from audit_record order by number desc limit 1") == [("engine", "self.backup")]


def test_an_upgrade_copies_first_and_can_be_undone(home: Home, tmp_path: Path) -> None:
    home.python(BACK.format(steps=STEP))
    (home.folder / "data/version").write_text("0.0.9\n")
    then = home.rows("select app, name from django_migrations order by 1, 2")
    trail = home.rows("select number, digest from audit_record order by number")
    home.python(AS_THE_OLD_ONE.format(path=str(older := tmp_path / "old.owncopy"), passphrase=PASSPHRASE))
    said = home.do("migrate")
    assert "restore-self --undo-upgrade" in said
    (copy,) = (home.folder / "data").glob("before-*.owncopy")
    assert copy.name.endswith("-of-0.0.9.owncopy")
    now = home.rows("select app, name from django_migrations order by 1, 2")
    assert len(now) > len(then)
    assert home.rows("select number, digest from audit_record order by number")[: len(trail)] == trail
    assert home.secret() == "postgresql://a-secret-of-the-shop"
    assert (home.folder / "data/version").read_text().strip() == __version__
    assert home.do("migrate").count("before") == 0, "nothing to upgrade, nothing to copy"
    home.do("secret", "rotate")
    assert sealed_file.header(copy)["key"]["key"] in {path.stem for path in (home.folder / "data/keys").glob("*.key")}

    told = home.do("restore-self", "--undo-upgrade")
    assert "needs Mainstay 0.0.9" in told
    assert home.secret() == "postgresql://a-secret-of-the-shop"
    assert home.rows("select app, name from django_migrations order by 1, 2") == then
    assert home.rows("select number, digest from audit_record order by number")[: len(trail)] == trail
    assert home.rows("select act from audit_record order by number desc limit 1") == [("self.restore",)]
    assert list(home.folder.parent.glob("ws.upgraded-*"))

    home.do("migrate")
    assert home.rows("select app, name from django_migrations order by 1, 2") == now

    back = Home(tmp_path / "back", home.server)
    back.do("restore-self", str(older), "--into", str(back.folder), given=f"{PASSPHRASE}\n")
    assert back.rows("select app, name from django_migrations order by 1, 2") == now, "an older copy is brought forward"
    assert back.rows("select number, digest from audit_record order by number")[: len(trail)] == trail
    assert back.secret() == "postgresql://a-secret-of-the-shop"
    assert home.secret() == "postgresql://a-secret-of-the-shop"
    assert home.try_("audit", "verify").returncode == 0


@only_sqlite
def test_an_upgrade_that_cannot_copy_does_nothing(home: Home) -> None:
    home.python(
        "from django.core.management import call_command\ncall_command('migrate', 'own_copies', 'zero', verbosity=0)"
    )
    then = home.rows("select count(*) from django_migrations")
    stage = home.folder / "data/copying.lock"
    with contextlib.ExitStack() as stack:
        stack.callback(stage.unlink)
        stage.unlink(missing_ok=True)
        stage.symlink_to("/dev/full/none")
        refused = home.try_("migrate")
    assert (refused.returncode, "migrate --without-copy" in refused.stderr) == (64, True), refused.stderr
    assert home.rows("select count(*) from django_migrations") == then
    home.do("migrate", "--without-copy")
    assert home.rows("select count(*) from django_migrations") > then
