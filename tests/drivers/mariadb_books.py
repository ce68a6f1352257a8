"""A MariaDB with books of every kind of thing, a copy of them, and landings of it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers import mariadb_definitions, mariadb_exchange
from mainstay.drivers.backup_tools import Run, Source, Taken
from mainstay.drivers.backup_tools.mariadb_dump import Tool
from mainstay.drivers.landings import Target
from mainstay.drivers.landings.mariadb import Landing
from tests import servers

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
TOTALS = {"sum": "select sum(amount) from line"}
BOOKS = """
create sequence numbers;
create table party (id int primary key, name varchar(50)) character set utf8mb4;
create table line (id int primary key default nextval(numbers), party int, parent int, amount decimal(12, 2),
    constraint whose foreign key (party) references party (id),
    constraint above foreign key (parent) references line (id));
create table told (what varchar(50)) engine=Aria;
insert into party values (1, '客户'), (2, 'b');
insert into line (party, amount) select 1 + seq % 2, seq from seq_1_to_50;
create trigger shop.heard
    after insert on shop.line for each row insert into told values (concat('line ', new.id));
create trigger again_heard after insert on line for each row follows heard insert into told values ('second');
create trigger rounded before insert on line for each row set new.amount = round(new.amount, 1);
create view z_open as select id, amount from line where amount > 10;
create view a_sum as select sum(amount) as amount from z_open;
create function twice(n int) returns int return 2 * n;
create procedure nothing() select 1;
create event nightly on schedule every 1 day starts '2030-01-01' on completion preserve comment 'ENABLE it' do select 1;
create event off on schedule every 1 day starts '2030-01-01' disable do select 1;
alter database shop character set utf8mb4 collate utf8mb4_unicode_ci
"""
SINCE = """
insert into line (party, amount) values (2, 7.77);
drop view a_sum;
drop trigger rounded;
create table new (id int);
create trigger newer after insert on new for each row insert into told values ('new');
drop event off;
create view later as select 1 as one;
alter database shop character set latin1 collate latin1_bin
"""


@dataclass
class Server:
    dsn: str
    home: Path

    def connect(self, database: str = "shop") -> Any:
        parts = urlsplit(self.dsn)
        return pymysql.connect(
            host="127.0.0.1", port=parts.port or 0, user="admin", password="pass", database=database, charset="utf8mb4",
            autocommit=True,
        )  # fmt: skip

    def sql(self, text: str, database: str = "shop") -> Any:
        with self.connect(database) as db, db.cursor() as cursor:
            for one in text.split(";\n" if ";\n" in text else "; "):
                cursor.execute(one)
            return cursor.fetchall()

    def made(self, text: str = BOOKS) -> None:
        """The books as they were when they were copied, in a server that holds nothing else."""
        with self.connect("mysql") as db, db.cursor() as cursor:
            cursor.execute("show databases")
            for (name,) in cursor.fetchall():
                if name not in ("mysql", "sys", "information_schema", "performance_schema"):
                    cursor.execute(f"drop database `{name}`")
            cursor.execute("create database shop character set latin1")
        self.sql(text)

    def databases(self) -> set[str]:
        return {name for (name,) in self.sql("show databases", "mysql")} - {
            "mysql", "sys", "information_schema", "performance_schema",
        }  # fmt: skip

    def holds(self, database: str = "shop") -> dict[str, Any]:
        """Everything of a database: what it is made of and what is in it."""
        with self.connect(database) as db, db.cursor() as cursor:
            cursor.execute(mariadb_exchange._TABLES, (database,))
            tables = [name for (name,) in cursor.fetchall() if name != "numbers"]
            found: dict[str, Any] = {}
            for name in tables:
                cursor.execute(f"checksum table `{name}` extended")
                found[name] = cursor.fetchone()[1]
            found["what"] = [
                {**one, "text": one["text"].replace(f"`{database}`.", "")}
                for one in (
                    *mariadb_definitions.triggers(db, database), *mariadb_definitions.others(db, database),
                )
            ]  # fmt: skip
            cursor.execute(
                "select default_collation_name from information_schema.schemata where schema_name = %s", (database,)
            )
            return {**found, "collation": cursor.fetchall()}

    def landing(self, copy: "Copied", number: int = 4, *only: str, to: str = "") -> Landing:
        """To the live place, or to another database."""
        place = self.dsn.replace("/shop", f"/{to}") if to else self.dsn
        return Landing(Target(not to, place, number, only, copy.taken.point), LOOPBACK)


@dataclass
class Copied:
    folder: Path
    taken: Taken
    source: Source
    held: Mapping[str, Any]

    def run(self) -> Run:
        return Run(self.folder, time.monotonic() + 60, lambda *_: None)

    def built(self, landing: Landing) -> Landing:
        """Looked at, built beside, and compared as a restore compares."""
        landing.look(1)
        landing.build(self.run())
        found = Fingerprint(**landing.fingerprint(self.source))
        assert compare(landing.expected(Fingerprint(**self.taken.fingerprint)), found) == []
        return landing


@contextmanager
def books() -> Iterator[tuple[Server, Copied]]:
    """A server, and the copy that was taken of it."""
    with servers.directory("copies") as home, servers.mariadb() as dsn:
        server = Server(dsn, home)
        server.made()
        source = Source({"dsn": dsn}, totals=TOTALS, tables=["line"])
        (home / "copy").mkdir()
        taken = Tool(source, LOOPBACK).take(Run(home / "copy", time.monotonic() + 60, lambda *_: None))
        yield server, Copied(home, taken, source, server.holds())


@pytest.fixture(scope="module")
def copied() -> Iterator[tuple[Server, Copied]]:
    with books() as found:
        yield found


@pytest.fixture
def server(copied: tuple[Server, Copied]) -> Server:
    return copied[0]


@pytest.fixture
def copy(copied: tuple[Server, Copied]) -> Copied:
    """The live place has gone on since."""
    copied[0].made()
    copied[0].sql(SINCE)
    return copied[1]
