"""Landings on a real MariaDB: a new database beside the live one, single tables, the live one in one step."""

from typing import Any

import pymysql
import pytest

from mainstay.domain.fingerprint import Fingerprint
from mainstay.drivers import mariadb_exchange, mariadb_session
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.landings import Target, mariadb
from mainstay.drivers.landings.mariadb import Landing
from tests.drivers.mariadb_books import LOOPBACK, Copied, Server, copied, copy, server

pytestmark = pytest.mark.mariadb


__all__ = ["copied", "copy", "server"]  # fixtures of both tests of landings


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
    server.sql("drop trigger heard")
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


@pytest.mark.parametrize(
    ("version", "to", "refusal"),
    [("8.0.36", "again", "only MariaDB 10.5"), ("10.4.1-MariaDB", "again", "only MariaDB 10.5"),
     ("10.5.9-MariaDB", "", "only MariaDB 10.6")],
)  # fmt: skip
def test_servers_that_cannot_do_it(
    server: Server, copy: Copied, monkeypatch: pytest.MonkeyPatch, version: str, to: str, refusal: str
) -> None:
    """They are not on this machine: a server of ours says that it is one of them."""

    def ask(db: Any, text: str, values: Any = ()) -> Any:
        return [(version,)] if text == "select version()" else mariadb_session.ask(db, text, values)

    for module in (mariadb, mariadb_exchange):
        monkeypatch.setattr(module, "ask", ask)
    point = {**copy.taken.point, "version": version}
    place = server.dsn.replace("/shop", f"/{to}") if to else server.dsn
    with pytest.raises(ToolFailed, match=refusal):
        Landing(Target(not to, place, 4, (), point), LOOPBACK).look(1)
    assert server.databases() == {"shop"}
