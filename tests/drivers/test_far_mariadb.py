"""A dump of MariaDB's that is restored on another host, by a real sshd: compared from here, and nothing stays there."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from mainstay.drivers import mariadb_session
from mainstay.drivers.backup_tools import Run, ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.mariadb_restore import FarRestored
from tests import servers
from tests.drivers.mariadb_books import LOOPBACK, Copied, books
from tests.drivers.test_far_host import base, opened, places, running, sessions, until, way
from tests.processes import wait_for

__all__ = ["base", "way"]
pytestmark = pytest.mark.mariadb


@pytest.fixture(scope="module")
def copy() -> Iterator[Copied]:
    with books() as (_, copied):
        yield copied


def poured(host: FarHost, here: Path) -> None:
    """The copy lies there as a proof would have brought it."""
    shutil.copytree(here, host.path / "copy")
    shutil.chown(host.path / "copy", host.path.owner())
    for file in (host.path / "copy").iterdir():
        shutil.chown(file, host.path.owner())


def test_what_comes_back_there_is_what_was_here(copy: Copied, way: servers.SSH, base: Path, tmp_path: Path) -> None:
    with closing(opened(way, base, tmp_path)) as host:
        poured(host, copy.folder / "copy")
        run = Run(tmp_path, until(), lambda *_: None)
        with closing(FarRestored(run, copy.taken.point, host)) as restored:
            assert restored.fingerprint(copy.source) == copy.taken.fingerprint
            assert [one.ok for one in restored.checks() if one.name.startswith("check table")] == [True]
            with mariadb_session.session(mariadb_session.login(restored.component["dsn"], LOOPBACK)) as db:
                assert mariadb_session.ask(db, "select @@skip_networking, @@event_scheduler") == [(1, "OFF")]
            assert restored.lost() is None
        wait_for(lambda: not running(base))

        (host.path / "copy" / "db0.sql").write_bytes((copy.folder / "copy" / "db0.sql").read_bytes()[:-200])
        with pytest.raises(ToolFailed, match="has no end") as caught:
            FarRestored(run, copy.taken.point, host)
        assert caught.value.code == "damaged"
    assert places(base) == []


def test_a_connection_that_is_cut_says_nothing_of_the_copy(copy: Copied, base: Path, tmp_path: Path) -> None:
    with servers.ssh("postgres") as way, closing(opened(way, base, tmp_path)) as host:
        poured(host, copy.folder / "copy")
        with closing(FarRestored(Run(tmp_path, until(), lambda *_: None), copy.taken.point, host)) as restored:
            for pid in sessions(way.port):
                with suppress(ProcessLookupError):  # it went with the one before
                    os.kill(pid, 9)
            with pytest.raises(ToolFailed) as caught:
                restored.fingerprint(copy.source)
            assert (caught.value.code, caught.value.retry) == ("unreachable", True)
    time.sleep(0.5)
    wait_for(lambda: not places(base))


def test_a_host_without_a_server_is_told(copy: Copied, way: servers.SSH, base: Path, tmp_path: Path) -> None:
    with closing(opened(way, base, tmp_path)) as host:
        poured(host, copy.folder / "copy")
        host.mariadb = ""
        with pytest.raises(ToolFailed, match="apt-get install mariadb-server"):
            FarRestored(Run(tmp_path, until(), lambda *_: None), copy.taken.point, host)
