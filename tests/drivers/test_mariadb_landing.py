"""Landings on a real MariaDB: a new database beside the live one, single tables, the live one in one step; and whatever
breaks in the middle."""

import contextlib
import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
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
from mainstay.drivers.backup_tools import Run, Source, Taken, ToolFailed
from mainstay.drivers.backup_tools.mariadb_dump import Tool
from mainstay.drivers.landings import Target
from mainstay.drivers.landings.mariadb import Landing
from tests import servers
from tests.processes import wait_for

pytestmark = pytest.mark.mariadb
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
create view later as select 1 as one
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


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with servers.directory("copies") as home, servers.mariadb() as dsn:
        yield Server(dsn, home)


@pytest.fixture(scope="module")
def copied(server: Server) -> Copied:
    server.made()
    source = Source({"dsn": server.dsn}, totals=TOTALS, tables=["line"])
    (server.home / "copy").mkdir()
    taken = Tool(source, LOOPBACK).take(Run(server.home / "copy", time.monotonic() + 60, lambda *_: None))
    return Copied(server.home, taken, source, server.holds())


@pytest.fixture
def copy(server: Server, copied: Copied) -> Copied:
    """The live place has gone on since."""
    server.made()
    server.sql(SINCE)
    return copied


def test_the_live_one_changes_places_at_once(server: Server, copy: Copied) -> None:
    before = server.holds()
    landing = copy.built(server.landing(copy))
    assert server.holds() == before
    marks = landing.marks()
    assert landing.stands(marks) == "untouched"
    with server.connect() as guest, guest.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("select * from line")  # it holds the table until it goes
        landing.enter(0)
        with pytest.raises(pymysql.MySQLError):
            cursor.execute("select 1")
    assert (landing.stands(marks), landing.before()) == ("restored", "shop_before_4")
    landing.sweep()
    assert server.holds() == copy.held
    assert server.databases() == {"shop", "shop_before_4"}
    assert server.sql("select count(*), sum(amount) from shop_before_4.line")[0][0] == 51
    assert "new" in {name for (name,) in server.sql("show tables", "shop_before_4")}
    events = "select event_name, status from information_schema.events where event_schema = 'shop'"
    assert dict(server.sql(events)) == {"nightly": "ENABLED", "off": "DISABLED"}
    server.sql("insert into line (party, amount) values (1, 0.26)")
    assert server.sql("select amount, twice(3) from line order by id desc limit 1")[0][1] == 6
    assert [what for (what,) in server.sql("select what from told")][-1] == "second"
    with pytest.raises(pymysql.IntegrityError):
        server.sql("insert into line (party, amount) values (3, 1)")


def test_a_live_one_that_is_gone_is_made_anew(server: Server, copy: Copied) -> None:
    server.sql("drop database shop", "mysql")
    landing = copy.built(server.landing(copy))
    marks = landing.marks()
    assert landing.stands(marks) == "untouched"
    landing.enter(0)
    assert (landing.stands(marks), landing.before()) == ("restored", "")
    landing.sweep()
    off = [{**one, "text": one["text"].replace(" DISABLE ", " ENABLE ")} for one in server.holds()["what"]]
    assert len(off) == len(copy.held["what"])
    assert server.databases() == {"shop"}


def test_a_new_one_beside_it_leaves_the_live_one_alone(server: Server, copy: Copied) -> None:
    """Also where the copy names the live one: in a trigger, around it, and in what a column takes its value from."""
    server.sql("drop trigger heard; alter database shop character set latin1 collate latin1_bin")
    before = server.holds()
    landing = copy.built(server.landing(copy, to="again"))
    landing.enter(0)
    landing.sweep()
    assert server.holds() == before
    assert server.databases() == {"shop", "again"}
    numbers = server.sql("select next_not_cached_value from numbers")
    server.sql("insert into line (party, amount) values (1, 1)", "again")
    assert [what for (what,) in server.sql("select what from told", "again")][-1] == "second"
    assert server.sql("select next_not_cached_value from numbers") == numbers
    events = "select event_name, status from information_schema.events where event_schema = 'again'"
    assert dict(server.sql(events)) == {"nightly": "DISABLED", "off": "DISABLED"}, "nothing runs there by itself"
    assert server.holds("again")["collation"] == copy.held["collation"]


def test_single_tables(server: Server, copy: Copied) -> None:
    """With what they hold, and nothing that leads elsewhere."""
    landing = copy.built(server.landing(copy, 4, "shop.line", to="again"))
    assert set(landing.expected(Fingerprint(**copy.taken.fingerprint)).sums) == {"shop.line"}
    landing.enter(0)
    assert [name for (name,) in server.sql("show tables", "again")] == ["line", "numbers"]
    assert server.sql("select count(*) from line", "again") == ((50,),)
    held = [(one["kind"], one["name"]) for one in server.holds("again")["what"]]
    keys = "select constraint_name from information_schema.referential_constraints where constraint_schema = 'again'"
    assert (held, server.sql(keys)) == ([], (("above",),))
    landing = server.landing(copy, 5, "shop.line", "shop.nothing", to="more")
    landing.look(1)
    with pytest.raises(ToolFailed, match="holds no table or database nothing"):
        landing.build(copy.run())
    landing.sweep()
    assert server.databases() == {"shop", "again"}


def test_what_cannot_end_well_is_refused_before(server: Server, copy: Copied) -> None:
    """With nothing changed."""
    server.sql("create user low@'127.0.0.1' identified by 'low'; grant select, create on shop.* to low@'127.0.0.1'")
    server.sql("create database other; create table other.more (id int, party int, foreign key (party) references "
               "shop.party (id))")  # fmt: skip
    low = Landing(Target(True, server.dsn.replace("admin:pass", "low:low"), 4, (), copy.taken.point), LOOPBACK)
    old = Landing(Target(True, server.dsn, 4, (), {**copy.taken.point, "version": "99.1"}), LOOPBACK)
    for landing, refusal in (
        (low, "on shop it lacks ALTER, ALTER ROUTINE, "),
        (old, "is older than the one that was copied"),
        (server.landing(copy), "other.more of another database refers to a table of this one"),
        (server.landing(copy, 4, "shop.line"), "never into the live one"),
        (server.landing(copy, to="other"), "other is not empty"),
    ):
        with pytest.raises(ToolFailed, match=refusal):
            landing.look(1)
    server.sql("drop user low@'127.0.0.1'")
    assert server.databases() == {"shop", "other"}


class Killed(BaseException):
    """Nothing of ours runs any more."""


def changing(monkeypatch: pytest.MonkeyPatch, at: int = 0) -> list[str]:
    """What is asked that changes anything, as a list that grows. After the ``at``-th of them nothing is asked any more;
    a negative one is not asked itself."""
    real, said = mariadb_exchange.ask, list[str]()

    def ask(db: Any, text: str, values: Any = ()) -> Any:
        if text.lstrip().startswith(("select", "show", "use", "set")):
            return real(db, text, values)
        said.append(text)
        if at and (len(said) > abs(at) or len(said) == -at):
            raise Killed
        found = real(db, text, values)
        if len(said) == at:
            raise Killed
        return found

    for module in (mariadb_exchange, mariadb_definitions):
        monkeypatch.setattr(module, "ask", ask)
    return said


def points(said: list[str]) -> list[int]:
    """Where to kill: after the note was made and before it is written, after the first and the last trigger went,
    before and after the change, in the middle of what follows, and at its end."""
    change = next(number for number, text in enumerate(said, 1) if text.startswith("rename"))
    made = [number for number, text in enumerate(said, 1) if number > change and text.lower().startswith("create")]
    return [1, -2, change - 2, -change, change, made[0], made[-1], -len(said)]


def test_killed_in_the_middle(server: Server, copy: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as it was or as it should become, to the last trigger, as soon as somebody asks; also when who asked first
    was killed too."""
    before = server.holds()
    with monkeypatch.context() as patched:
        said = changing(patched)
        copy.built(server.landing(copy)).enter(0)
    assert server.holds() == copy.held
    change = next(number for number, text in enumerate(said, 1) if text.startswith("rename"))
    for at in points(said):
        server.made()
        server.sql(SINCE)
        landing = copy.built(server.landing(copy))
        marks = landing.marks()
        with monkeypatch.context() as patched, contextlib.suppress(Killed):
            changing(patched, at)
            landing.enter(0)
        with monkeypatch.context() as patched, contextlib.suppress(Killed):
            changing(patched, 2)
            server.landing(copy).stands(marks)
        again = server.landing(copy)
        wanted = "restored" if at == change or abs(at) > change else "untouched"
        assert again.stands(marks) == wanted, said[abs(at) - 1]
        assert server.holds() == (copy.held if wanted == "restored" else before), said[abs(at) - 1]
        assert again.stands(marks) == wanted
        again.sweep()
        assert server.databases() == {"shop", *(["shop_before_4"] if wanted == "restored" else [])}


def test_a_server_that_dies_in_the_middle(server: Server, copy: Copied) -> None:
    """While the change waits for somebody who holds a table: then it was not, and can be had once more."""
    before = server.holds()
    landing = copy.built(server.landing(copy))
    marks = landing.marks()
    (path,) = server.sql("select @@pid_file")[0]
    number = int(Path(path).read_text())
    with server.connect("mysql") as guest, guest.cursor() as cursor:
        cursor.execute("lock table shop.party read")  # it is nobody's guest whom we would send away
        failed: list[ToolFailed] = []

        def enter() -> None:
            try:
                landing.enter(0)
            except ToolFailed as error:
                failed.append(error)

        entering = threading.Thread(target=enter)
        entering.start()
        waits = "select 1 from information_schema.processlist where info like 'rename table%'"
        wait_for(lambda: bool(server.sql(waits, "mysql")) or not entering.is_alive())
        assert not server.sql("select 1 from information_schema.triggers where trigger_schema = 'shop'", "mysql")
        with again(number, server):
            entering.join()
            assert [one.code for one in failed] == ["unreachable"]
            assert (landing.stands(marks), server.holds()) == ("untouched", before)
            landing = copy.built(server.landing(copy))
            landing.enter(0)
            assert (landing.stands(marks), server.holds()) == ("restored", copy.held)


class again:  # noqa: N801 - it reads as a word
    """The server, killed and started anew on what it left."""

    def __init__(self, number: int, server: Server) -> None:
        there = Path("/proc") / str(number)
        self._words = (there / "cmdline").read_text().split("\0")[:-1]
        self._user, self._server = there.stat().st_uid, server
        os.kill(number, signal.SIGKILL)

    def __enter__(self) -> None:
        group = pwd.getpwuid(self._user).pw_gid
        who = {"user": self._user, "group": group} if os.geteuid() == 0 else {}
        self._process = subprocess.Popen(
            self._words, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who
        )

        def answers() -> bool:
            try:
                self._server.connect("mysql").close()
            except pymysql.MySQLError:
                return False
            return True

        wait_for(answers)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
