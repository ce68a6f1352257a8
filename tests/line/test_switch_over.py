"""The primary of a PostgreSQL pair is killed under load, and the runbook that the pack brings switches over: with
synchronous replication no row is lost that was confirmed; without it the runbook says how much was."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from estate import postgres
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
from mainstay.engine.runbooks import driving
from mainstay.notices.models import Notice
from mainstay.runbooks import actions
from mainstay.runbooks.models import Run
from tests import mortal, servers
from tests.line.driven import BOB, OLA, drive, note, states, step
from tests.line.looking import LOOPBACK
from tests.line.site import until

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
WRITERS = 4

SYSTEMCTL = """\
#!/bin/sh
# What the machine's service manager would do, for the two services that the runbook knows.
case "$*" in
"mask --now primary") touch {here}/masked
    pid=$(head -n 1 {data}/postmaster.pid 2>/dev/null) && kill -9 "$pid" 2>/dev/null; exit 0 ;;
"reload haproxy") kill -USR2 "$(cat {here}/haproxy.pid)" ;;
*) echo "unknown: $*"; exit 1 ;;
esac
"""
BALANCER = """\
global
    pidfile {here}/haproxy.pid
defaults
    mode tcp
    timeout connect 1s
    timeout client 1m
    timeout server 1m
listen shop
    bind 127.0.0.1:{front}
    server one 127.0.0.1:{back}
"""
CATALOGUE = """\
system: shop
components:
  db: {{kind: postgresql, dsn: "${{FRONT_DSN}}"}}
  standby: {{kind: postgresql, dsn: "${{STANDBY_DSN}}"}}
  host: {{kind: host, address: 127.0.0.1, port: {port}, user: {user}, key_file: "{key}", host_key: "{host}"}}
"""


@dataclass
class Pair:
    """``front`` is where the applications ask; ``here`` what the runbook is told of."""

    server: mortal.Mortal
    primary: str
    standby: str
    front: str
    here: Path
    data: Path
    log: list[tuple[int, float]] = field(default_factory=list)
    """What was confirmed to the writers: number and when."""


@contextmanager
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr(driving, "NETWORK", LOOPBACK)
    with ExitStack() as open_:
        server, primary = open_.enter_context(mortal.postgresql())
        with psycopg.connect(primary, autocommit=True) as db:
            db.execute("create table orders (id bigint primary key, at timestamptz default now())")
            data = Path(str(db.execute("show data_directory").fetchone()[0]))  # type: ignore[index]
        standby = open_.enter_context(servers.postgresql_standby(primary, 60))
        here = open_.enter_context(servers.directory("balancer"))
        front = servers.free_port()
        for name, address in (("one", primary), ("two", standby)):
            back = psycopg.conninfo.conninfo_to_dict(address)["port"]
            (here / f"{name}.cfg").write_text(BALANCER.format(here=here, front=front, back=back))
        (here / "current.cfg").symlink_to(here / "one.cfg")
        (here / "systemctl").write_text(SYSTEMCTL.format(here=here, data=data))
        (here / "systemctl").chmod(0o755)
        programs = postgres.find()
        programs.give(here)
        command = [servers.program("haproxy"), "-W", "-f", str(here / "current.cfg")]
        ready = lambda: servers._listens(front)  # noqa: E731
        balancer = mortal.Mortal(command, here / "log", ready, postgres.account(programs.user))
        open_.callback(balancer.kill)
        balancer.start()
        way = open_.enter_context(servers.ssh("postgres", f"SetEnv PATH={here}:/usr/bin:/bin"))
        monkeypatch.setenv("FRONT_DSN", postgres.dsn(front, postgres.ADMIN, "pass", "postgres"))
        monkeypatch.setenv("STANDBY_DSN", standby)
        text = CATALOGUE.format(port=way.port, user=way.user, key=way.key_file, host=way.host_key)
        apply(examine({"shop.yaml": text.encode()}).catalogue, actor=ENGINE)
        actions.keep_shipped()
        yield Pair(server, primary, standby, postgres.dsn(front, postgres.ADMIN, "pass", "postgres"), here, data)


@contextmanager
def load(of: Pair) -> Iterator[None]:
    """Writers that insert one order after the other through the balancer, and note what was confirmed to them."""
    over = threading.Event()

    def write(first: int) -> None:
        number = first
        while not over.is_set():
            try:
                with psycopg.connect(of.front, autocommit=True, connect_timeout=2) as db:
                    while not over.is_set():
                        number += WRITERS  # one that was not confirmed is never tried again: it may be there
                        db.execute("insert into orders (id) values (%s)", [number])
                        of.log.append((number, time.time()))
            except psycopg.Error:
                time.sleep(0.05)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join()


def switched(of: Pair) -> Run:
    """The runbook, as people go through it."""
    given = {
        "standby": "standby", "primary_host": "host", "balancer_host": "host", "service": "primary",
        "data": str(of.data), "programs": str(postgres.find().bin), "balancer": "haproxy",
        "link": str(of.here / "current.cfg"), "configuration": str(of.here / "two.cfg"),
    }  # fmt: skip
    row = drive(actions.run("switch-over", given, target="shop/db", actor=OLA))
    assert states(row).get("promote") == "asking", {path: note(row, path) for path in states(row)}
    asked = step(row, "promote").asked
    assert asked["shown"]["columns"] == ["place", "last_commit", "seconds_ago"]
    actions.approve(row.pk, "promote", seal=asked["seal"], actor=BOB)

    def ended() -> Run | None:
        found = drive(row)
        return found if found.state not in ("running", "waiting") else None

    found: Run = until(ended)
    assert found.state == "done", {path: note(found, path) for path in states(found)}
    assert states(found)["fence-by-hand"] == "skipped", "the host answered"
    assert (of.here / "masked").exists()
    return found


def there(of: Pair) -> set[int]:
    with psycopg.connect(of.standby) as db:
        assert db.execute("select pg_is_in_recovery()").fetchone() == (False,)
        return {row[0] for row in db.execute("select id from orders")}


def test_what_was_confirmed_is_there_with_synchronous_replication(monkeypatch: pytest.MonkeyPatch) -> None:
    with pair(monkeypatch) as of:
        with psycopg.connect(of.primary, autocommit=True) as db:
            db.execute("alter system set synchronous_standby_names = '*'")
            db.execute("select pg_reload_conf()")
            until(lambda: db.execute("select 1 from pg_stat_replication where sync_state = 'sync'").fetchone())
        with load(of):
            until(lambda: len(of.log) > 500)
            of.server.kill()
            before = len(of.log)
            row = switched(of)
            until(lambda: len(of.log) > before + 100)  # the applications go on by themselves, on the standby
        assert {number for number, _ in of.log} <= there(of)
        lost = step(row, "lost").outputs
        assert lost["commits"] <= WRITERS, "what was under way, and confirmed to nobody"


def test_what_is_lost_without_it_is_told_in_rows_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pair(monkeypatch) as of:
        with load(of):
            until(lambda: len(of.log) > 200)
            with psycopg.connect(of.standby, autocommit=True) as db:
                db.execute("alter system set primary_conninfo = 'host=127.0.0.1 port=1'")  # the wire is cut
                db.execute("select pg_reload_conf()")
                until(lambda: db.execute("select 1 where not exists (select from pg_stat_wal_receiver)").fetchone())
            cut = len(of.log)
            until(lambda: len(of.log) > cut + 200)
            of.server.kill()
            confirmed = list(of.log)
            row = switched(of)
        kept = there(of)
        gone = [(number, at) for number, at in confirmed if number not in kept]
        lost = step(row, "lost").outputs
        assert 200 <= len(gone) <= lost["rows"] <= len(gone) + WRITERS, "and what was confirmed to nobody"
        assert lost["commits"] == lost["rows"]
        last_kept = max(at for number, at in confirmed if number in kept)
        assert abs(lost["seconds"] - (max(at for _, at in gone) - last_kept)) < 1.0
        told = Notice.objects.filter(word="runbook").values_list("data", flat=True)
        assert any(f"{lost['rows']} rows, {lost['seconds']} s" in str(one) for one in told)
