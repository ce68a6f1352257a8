"""A restore that is killed at any moment leaves the old workspace or the new one, whole; the next one tidies up.

The looking-through by this version's own program is left out here, for it takes seconds and changes nothing outside the
directory beside; ``test_own_copies.py`` has it.
"""

import contextlib
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mainstay import supervisor
from mainstay.domain.own_copy import Manifest, Unfit
from mainstay.drivers import own_archive, own_database, own_files, sealed_file
from mainstay.drivers.own_database import Server
from mainstay.own_copies import restoring
from mainstay.own_copies.restoring import Wish
from tests import servers

KEY = os.urandom(32)
RING = sealed_file.with_ring(lambda _: KEY)
FACTS = "create table django_migrations (app text, name text); create table audit_record (number int, digest text);"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAINSTAY_DATABASE", raising=False)
    monkeypatch.setattr(restoring, "_arrive", lambda *_: 0)


def workspace(place: Path, word: str) -> Path:
    (place / "data/keys").mkdir(parents=True)
    (place / "catalogue").mkdir()
    for name in ("mainstay.toml", "catalogue/shop.yaml", "data/keys/0001.key"):
        (place / name).write_text(f"# {word}\n")
    with contextlib.closing(sqlite3.connect(place / "data/mainstay.sqlite3")) as db:
        db.executescript(f"{FACTS} create table word (text text);")
        db.execute("insert into word values (?)", (word,))
        db.commit()
    return place


def copied(place: Path, target: Path, stage: Path) -> Path:
    own_files.gather(place, stage)
    facts = own_database.take_sqlite(place / "data/mainstay.sqlite3", stage / "data/mainstay.sqlite3")
    manifest = Manifest(
        "0.0.1", "0.0.1", datetime.now(UTC), "sqlite", facts.migrations, facts.head, own_archive.described(stage)
    )
    own_archive.write(target, stage, manifest, sealed_file.by_key("1", KEY))
    return target


def word(place: Path) -> str:
    """Which workspace it is; it must be one of them through and through."""
    with contextlib.closing(sqlite3.connect(place / "data/mainstay.sqlite3")) as db:
        ((found,),) = db.execute("select text from word")
    for name in ("mainstay.toml", "catalogue/shop.yaml", "data/keys/0001.key"):
        assert (place / name).read_text() == f"# {found}\n"
    return str(found)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(workspace(tmp_path / "source", "new"), tmp_path / "x.owncopy", tmp_path / "stage")


def in_a_child(work: Callable[[], object], dies: Callable[[], None]) -> int:
    """How a process of its own ended that did it; ``dies`` arranges for its death."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            dies()
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_event(number: int, below: Path) -> Callable[[], None]:
    """Death at the n-th time that a file below is opened, made, renamed or removed."""
    left = [number]

    def heed(event: str, given: tuple[Any, ...]) -> None:
        if event in _TOUCHING and str(below) in repr(given):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return lambda: sys.addaudithook(heed)


_TOUCHING = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "os.link"}


@pytest.mark.parametrize("there", ["an old workspace", "an empty directory", "nothing"])
def test_killed_at_every_step(tmp_path: Path, copy: Path, there: str) -> None:
    found, number = {}, 0
    while number not in found and "done" not in found.values():
        found[number] = killed_at(number, tmp_path / f"{number}", copy, there)
        number += 4  # the copy's files are many, and one is like the other; but not so the last steps
    for last in range(number - 24, number):
        found.setdefault(last, killed_at(last, tmp_path / f"{last}", copy, there) if last not in found else "")
    old = "old" if there == "an old workspace" else ""
    assert set(found.values()) == {old, "new", "done"}
    ordered = [found[key] for key in sorted(found)]
    assert ordered == sorted(ordered, key=[old, "new", "done"].index), "from one step on it is the new one"


def killed_at(number: int, here: Path, copy: Path, there: str) -> str:
    """Which workspace is there after a restore was killed at its n-th step, and tidied up after; or ``done``."""
    place, old = here / "ws", there == "an old workspace"
    here.mkdir()
    if old:
        workspace(place, "old")
    elif there == "an empty directory":
        place.mkdir()
    wish = Wish(copy, place, RING, "shell:test", replace=old)
    code = in_a_child(partial(restoring.restore, wish, str), at_event(number, here))
    assert code in (0, -signal.SIGKILL)
    filled = place.exists() and any(place.iterdir())
    held = word(place) if filled else ""
    restoring.end(place)
    assert (word(place) if filled else "") == held, "to tidy up changes nothing"
    rest = sorted(path.name for path in here.iterdir() if path != place)
    if held == "new" and old:
        (kept,) = rest
        assert kept.startswith("ws.before-")
        assert word(here / kept) == "old"
    else:
        assert rest == []
    return held if code else "done"


@pytest.mark.parametrize("replace_it", [False, True])
def test_what_cannot_be_restored_changes_nothing(tmp_path: Path, copy: Path, replace_it: bool) -> None:
    place = workspace(tmp_path / "ws", "old")
    before = sorted(tmp_path.rglob("*"))
    damaged = bytearray(copy.read_bytes())
    damaged[-20] ^= 1
    (tmp_path / "y.owncopy").write_bytes(damaged)
    for file in (copy, tmp_path / "y.owncopy") if not replace_it else (tmp_path / "y.owncopy",):
        with pytest.raises(Unfit):
            restoring.restore(Wish(file, place, RING, "shell:test", replace=replace_it), lambda _: None)
    assert word(place) == "old"
    assert sorted(tmp_path.rglob("*")) in (
        [*before, tmp_path / "y.owncopy"],
        sorted([*before, tmp_path / "y.owncopy", place / "data/up.lock"]),
    )


def test_a_running_workspace_is_not_replaced(tmp_path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace(tmp_path / "ws", "old")
    wish = Wish(copy, place, RING, "shell:test", replace=True)
    with own_files.running(place / "data"), own_files.running(place / "data"):  # noqa: SIM117 - it is the inner that fails
        with pytest.raises(Unfit, match="end mainstay up first"):
            restoring.restore(wish, lambda _: None)
    monkeypatch.setattr(supervisor, "DATA", place / "data")
    with own_files.resting(place / "data"), pytest.raises(supervisor.CannotStart, match="is being replaced"):
        supervisor.Supervisor([]).run()
    assert word(place) == "old"
    done = restoring.restore(wish, lambda _: None)
    assert word(place) == "new"
    assert done.beside is not None
    assert word(done.beside) == "old"


def test_two_restores_do_not_meet(tmp_path: Path, copy: Path) -> None:
    began, go = threading.Event(), threading.Event()

    def tell(_: str) -> None:
        began.set()
        go.wait(30)

    first = threading.Thread(target=restoring.restore, args=(Wish(copy, tmp_path / "ws", RING, "shell:test"), tell))
    first.start()
    try:
        assert began.wait(30)
        with pytest.raises(Unfit, match="another copy is being restored"):
            restoring.restore(Wish(copy, tmp_path / "ws", RING, "shell:test"), lambda _: None)
    finally:
        go.set()
        first.join()
    assert word(tmp_path / "ws") == "new"


def test_a_copy_of_a_newer_version_is_refused(tmp_path: Path, copy: Path) -> None:
    manifest = own_archive.look(copy, RING)
    for number, newer in enumerate(
        (replace(manifest, version="99.0"), replace(manifest, migrations=("audit.9999_later",)))
    ):
        own_archive.write(
            path := tmp_path / f"{number}.owncopy", tmp_path / "stage", newer, sealed_file.by_key("1", KEY)
        )
        with pytest.raises(Unfit, match="newer than this one"):
            restoring.restore(Wish(path, tmp_path / "ws", RING, "shell:test"), lambda _: None)
    assert not (tmp_path / "ws").exists()


def test_a_database_that_is_not_the_manifests_is_refused(tmp_path: Path, copy: Path) -> None:
    manifest = replace(own_archive.look(copy, RING), head=(5, "x"))
    own_archive.write(path := tmp_path / "y.owncopy", tmp_path / "stage", manifest, sealed_file.by_key("1", KEY))
    with pytest.raises(Unfit, match="not the one that its manifest speaks of"):
        restoring.restore(Wish(path, tmp_path / "ws", RING, "shell:test"), lambda _: None)


def test_a_copying_that_was_killed_leaves_nothing_that_stays(tmp_path: Path) -> None:
    place = workspace(tmp_path / "ws", "old")

    def copying() -> None:
        with own_files.copying(place / "data") as stage:
            own_files.gather(place, stage)
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_a_child(copying, lambda: None) == -signal.SIGKILL
    assert (place / "data/.copying/mainstay.toml").exists()
    with own_files.copying(place / "data") as stage:
        assert list(stage.iterdir()) == []
        own_files.gather(place, stage)
        assert not list(stage.rglob(".copying")), "a copy holds no copy"
        with pytest.raises(Unfit, match="another copy of Mainstay"), own_files.copying(place / "data"):
            pass
    assert not (place / "data/.copying").exists()


# With PostgreSQL the names of two databases change first, in one transaction, and then the directories


@pytest.mark.postgresql
def test_killed_between_database_and_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.postgresql() as admin:
        address = admin.rpartition("/")[0]
        server = Server.of(f"{address}/own")
        copy = _copy_of_postgresql(tmp_path, server)
        points = (own_database.put_postgresql, own_database.change_places, own_files.exchange)
        for number, (point, after) in enumerate((point, after) for point in points for after in (False, True)):
            place = _old(tmp_path / f"{number}", server)
            wish = Wish(copy, place, RING, "shell:test", replace=True)
            code = in_a_child(partial(restoring.restore, wish, str), _dies_at(point, after))
            assert code == -signal.SIGKILL
            done = number >= 3
            assert restoring.is_half_done(place) is (number in (2, 3, 4)), number
            monkeypatch.setattr(supervisor, "WORKSPACE", place)
            if restoring.is_half_done(place):
                with pytest.raises(supervisor.CannotStart, match="restore-self --finish"):
                    supervisor.Supervisor([]).run()
            restoring.end(place)
            assert (_word(server), (place / "note").exists()) == (("new", False) if done else ("old", True)), number
            assert not restoring.is_half_done(place)
            assert [one for one in _databases(server) if "_new_" in one] == []
            assert len([one for one in _databases(server) if "_old_" in one]) == done, "the old one is kept"
            assert [path.name for path in place.parent.glob(".*")] == []
            _drop_all(server)


@pytest.mark.postgresql
def test_a_directory_that_cannot_be_put_in_place_takes_the_database_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.postgresql() as admin:
        server = Server.of(f"{admin.rpartition('/')[0]}/own")
        copy = _copy_of_postgresql(tmp_path, server)
        place = _old(tmp_path / "0", server)
        wish = Wish(copy, place, RING, "shell:test", replace=True)
        with server.connected() as somebody:
            somebody.execute("select 1")
            with pytest.raises(Unfit, match="1 sessions use the database own"):
                restoring.restore(wish, lambda _: None)
        with pytest.raises(Unfit, match="holds a Mainstay already"):
            restoring.restore(replace(wish, place=tmp_path / "elsewhere", replace=False), lambda _: None)

        def refuse(*_: object) -> None:
            raise Unfit("a mount")

        monkeypatch.setattr(own_files, "exchange", refuse)
        with pytest.raises(Unfit, match="a mount"):
            restoring.restore(wish, lambda _: None)
        assert _word(server) == "old"
        assert (place / "note").exists()
        assert _databases(server) == ["own"]
        assert [path.name for path in place.parent.iterdir()] == ["ws"]


def _dies_at(point: Callable[..., Any], after: bool) -> Callable[[], None]:
    module = own_files if point.__module__ == own_files.__name__ else own_database

    def dying(*given: Any) -> None:
        if after:
            point(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    return lambda: setattr(module, point.__name__, dying)


def _copy_of_postgresql(tmp_path: Path, server: Server) -> Path:
    _fill(server, "new")
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "mainstay.toml").write_text(f"database = '{server.address(server.name)}'\n")
    facts = own_database.take_postgresql(server, stage / own_database.DUMP)
    manifest = Manifest(
        "0.0.1", "0.0.1", datetime.now(UTC), "postgresql", facts.migrations, facts.head, own_archive.described(stage)
    )
    own_archive.write(tmp_path / "x.owncopy", stage, manifest, sealed_file.by_key("1", KEY))
    _drop_all(server)
    return tmp_path / "x.owncopy"


def _old(here: Path, server: Server) -> Path:
    _fill(server, "old")
    (here / "ws/data").mkdir(parents=True)
    (here / "ws/note").touch()
    return here / "ws"


def _fill(server: Server, text: str) -> None:
    with server.connected("postgres", autocommit=True) as db:
        db.execute("create database own")
    with server.connected() as db:
        db.execute(FACTS)  # type: ignore[arg-type]  # a constant
        db.execute("create table word (text text)")
        db.execute("insert into word values (%s)", [text])


def _word(server: Server) -> str:
    with server.connected() as db:
        ((found,),) = db.execute("select text from word")
    return str(found)


def _databases(server: Server) -> list[str]:
    with server.connected("postgres") as db:
        return [row[0] for row in db.execute("select datname from pg_database where datname like 'own%' order by 1")]


def _drop_all(server: Server) -> None:
    for name in _databases(server):
        with contextlib.suppress(psycopg.Error):
            own_database.drop(server, name)
