"""The live MariaDB while it changes places: whoever is killed in it, it is as it was or as it should become."""

import contextlib
import os
import pwd
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from mainstay.drivers import mariadb_definitions, mariadb_exchange
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.landings.mariadb import Landing
from tests.drivers.mariadb_books import SINCE, Copied, Server, copied, copy, server
from tests.processes import wait_for

pytestmark = pytest.mark.mariadb


__all__ = ["copied", "copy", "server"]  # fixtures of both tests of landings


class Killed(BaseException):
    """Nothing of ours runs any more."""


def changing(monkeypatch: pytest.MonkeyPatch, at: int = 0) -> list[str]:
    """What is asked that changes anything, as a list that grows. After the ``at``-th of them nothing is asked any more;
    a negative one is not asked itself."""
    real, said = mariadb_exchange.ask, list[str]()

    def ask(db: Any, text: str, values: Any = ()) -> Any:
        if text.lstrip().startswith(("select", "show", "use", "set", "kill")):
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


def the_change(said: list[str]) -> int:
    """The number of the statement that changes the live place; the other renaming is of the note."""
    return max(number for number, text in enumerate(said, 1) if text.startswith("rename"))


def points(said: list[str]) -> list[int]:
    """Where to kill: before and after the note is written, after the first and the last trigger went, before and after
    the change, in the middle of what follows, and at its end."""
    change = the_change(said)
    made = [number for number, text in enumerate(said, 1) if number > change and text.lower().startswith("create")]
    return [1, -3, 3, change - 2, -change, change, made[0], made[-1], -len(said)]


def test_killed_in_the_middle(server: Server, copy: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as it was or as it should become, to the last trigger, as soon as somebody asks; also when who asked first
    was killed too."""
    before = server.holds()
    with monkeypatch.context() as patched:
        said = changing(patched)
        copy.built(server.landing(copy)).enter(0)
    assert server.holds() == copy.held
    change = the_change(said)
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


@contextlib.contextmanager
def entering(server: Server, landing: Landing) -> Iterator[tuple[threading.Thread, list[ToolFailed]]]:
    """A landing whose change waits for somebody who holds a table, and is no guest whom it would send away."""
    failed: list[ToolFailed] = []

    def enter() -> None:
        try:
            landing.enter(0)
        except ToolFailed as error:
            failed.append(error)

    waits = "select 1 from information_schema.processlist where info like 'rename table%'"
    with server.connect("mysql") as other, other.cursor() as cursor:
        cursor.execute("lock table shop.party read")
        thread = threading.Thread(target=enter)
        thread.start()
        wait_for(lambda: bool(server.sql(waits, "mysql")))
        yield thread, failed


def test_a_statement_that_a_dead_run_left_does_not_come_later(
    server: Server, copy: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks how it stands ends it first."""
    before = server.holds()
    landing = copy.built(server.landing(copy))
    monkeypatch.setattr(landing._exchange, "settled", lambda: False)  # it is dead
    with entering(server, landing) as (thread, failed):
        assert server.landing(copy).stands(landing.marks()) == "untouched"
        thread.join()
    assert [one.code for one in failed] == ["unreachable"], "it was ended; it did not end by itself"
    assert server.holds() == before


def test_a_server_that_dies_in_the_middle(server: Server, copy: Copied) -> None:
    """Then nothing was changed, and it can be had once more."""
    before = server.holds()
    landing = copy.built(server.landing(copy))
    marks = landing.marks()
    (path,) = server.sql("select @@pid_file")[0]
    with contextlib.suppress(pymysql.MySQLError), entering(server, landing) as (thread, failed):
        anew = Again(int(Path(path).read_text()), server)
    with anew:
        thread.join()
        assert [one.code for one in failed] == ["unreachable"]
        assert (landing.stands(marks), server.holds()) == ("untouched", before)
        landing = copy.built(server.landing(copy))
        landing.enter(0)
        assert (landing.stands(marks), server.holds()) == ("restored", copy.held)


class Again:
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
