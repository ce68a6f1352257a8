"""Physical copies of a PostgreSQL that is reached over SSH: taken from there, archived by the server itself, and
recovered here to any second; and what is missing there is said."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mainstay.drivers import program
from mainstay.drivers.backup_tools import Keeping, Run, Source, ToolFailed
from mainstay.drivers.backup_tools.pgbackrest import Tool
from mainstay.drivers.stores import Place, s3
from tests import servers
from tests.drivers.archived import KEY, LOOPBACK, TOTALS
from tests.drivers.test_pgbackrest_s3 import behind_tls

pytestmark = pytest.mark.postgresql
NAME = "shop-books"


@dataclass
class Far:
    """A server, the way to the account that owns its files, and the tool on it."""

    dsn: str
    way: servers.SSH
    home: Path
    place: Place

    def tool(self, **other: Any) -> Tool:
        door = {
            "kind": "host", "address": "127.0.0.1", "port": self.way.port, "user": self.way.user,
            "key_file": str(self.way.key_file), "host_key": self.way.host_key, "archiving": str(self.home / "there"),
        }  # fmt: skip
        source = Source({"dsn": self.dsn}, totals=TOTALS, tables=["line"], host={**door, **other})
        return Tool(source, LOOPBACK, Keeping(self.home / "own", NAME, KEY, [self.place]))

    def run(self, name: str) -> Run:
        here = self.home / name
        here.mkdir(mode=0o755)
        return Run(here, time.monotonic() + 120, lambda *_: None)

    def sql(self, text: str) -> Any:
        with psycopg.connect(self.dsn, autocommit=True) as db:
            cursor = db.execute(text.encode())
            return cursor.fetchone() if cursor.description else None


@contextmanager
def far(tmp_path: Path) -> Iterator[Far]:
    for name in ("weed", "pgbackrest"):
        servers.program(name)
    with (
        servers.directory("far") as home, servers.ssh("postgres") as way, servers.s3() as bucket,
        behind_tls(bucket.endpoint) as (endpoint, authority),
    ):  # fmt: skip
        home.chmod(0o777)
        settings = s3.Settings(
            endpoint=endpoint, bucket=bucket.bucket, access_key=bucket.access_key, secret_key=bucket.secret_key,
            ca_file=str(authority),
        )  # fmt: skip
        place = s3.Store(settings, LOOPBACK).place("shop/books", tmp_path)
        command = f"pgbackrest --config={home}/there/{NAME}/pgbackrest.conf --stanza={NAME} archive-push %p"
        chosen = {"archive_mode": "on", "archive_command": command, "wal_level": "replica"}
        with servers.postgresql(settings=chosen) as dsn:
            one = Far(dsn, way, home, place)
            one.sql("create table line (id bigserial primary key, amount numeric(12, 2) not null, note text)")
            one.sql("insert into line (amount, note) select g * 0.01, '第' || g from generate_series(1, 2000) g")
            yield one


def test_a_server_elsewhere_is_copied_and_any_second_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with far(tmp_path) as one:
        tool = one.tool()
        assert one.sql("show archive_command") == (tool.settings()["archive_command"],)
        taken = tool.take(one.run("take"))
        assert tool.check(one.run("check")) == ""
        assert "\npg1-host=" in (one.home / "own" / "pgbackrest.conf").read_text()
        there = one.home / "there" / NAME
        modes = {path.name: path.stat().st_mode & 0o777 for path in there.iterdir() if path.is_file()}
        assert modes == {"pgbackrest.conf": 0o600, "ca-1.pem": 0o600, "pgpass": 0o600, "pgbackrest": 0o700}
        copy = tool.open(one.run("open"), taken.point)
        try:
            assert copy.fingerprint(tool._source) == taken.fingerprint
        finally:
            copy.close()

        one.sql("insert into line (amount, note) values (7, 'wanted')")
        moment = one.sql("select clock_timestamp()")[0]
        time.sleep(1.1)
        one.sql("delete from line")
        reach = tool.reach(one.run("reach"))
        assert any(span.first <= moment <= span.last for span in reach)
        assert isinstance(moment, datetime)
        copy = tool.open(one.run("second"), taken.point, moment)
        try:
            with psycopg.connect(copy.component["dsn"]) as db:
                assert db.execute("select count(*) from line").fetchone() == (2001,)
        finally:
            copy.close()

        refused(one)
        lacking(one, monkeypatch)


def lacking(one: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is needed on both sides, and of one version."""
    with servers.ssh("postgres", "SetEnv PATH=/nonexistent") as bare, pytest.raises(ToolFailed) as caught:
        replace(one, way=bare).tool().prepare(time.monotonic() + 30)
    assert caught.value.code == "missing"
    assert "apt-get install pgbackrest" in caught.value.detail
    monkeypatch.setattr(program, "version", lambda _: "2.99")
    with pytest.raises(ToolFailed) as caught:
        one.tool().prepare(time.monotonic() + 30)
    assert (caught.value.code, "2.99 here" in caught.value.detail) == ("missing", True)


def refused(one: Far) -> None:
    """What cannot be, on the same server."""
    for other, code, words in (
        ({"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsgcxmu6sj6DRHKwCJ1TVzCkS1UPMkxrJ7fEj2YpBqx"}, "refused",
         "another host key"),
        ({"port": 9}, "unreachable", ""),
        ({"archiving": "/proc/nothing"}, "refused", "/proc/nothing"),
    ):  # fmt: skip
        with pytest.raises(ToolFailed) as caught:
            one.tool(**other).prepare(time.monotonic() + 30)
        assert (caught.value.code, words in caught.value.detail) == (code, True), caught.value
    assert one.tool().unfit() == []
    assert "S3 store" in replace(one, place=Place("/srv/vault")).tool().unfit()[0]
    with servers.ssh() as other_account:
        if other_account.user != one.way.user:
            with pytest.raises(ToolFailed) as caught:
                replace(one, way=other_account).tool().prepare(time.monotonic() + 30)
            assert "does not own" in caught.value.detail
