"""Landings on files: what came in between is never written over, and what is half way is seen and kept."""

import sqlite3
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Run, ToolFailed
from mainstay.drivers.landings import Target, directory, kinds, load, paths, sqlite

NETWORK = NetworkPolicy((ip_network("127.0.0.0/8"),))


def said(*_: object) -> None:
    """Nobody listens."""


def filled(landing: paths.Landing | directory.Landing, content: str) -> None:
    """As a store would load it: each room with its part."""
    for room, parts in landing.rooms(Path("/nowhere")):
        for name in parts or ("/srv/a",):
            place = room / name.lstrip("/")
            place.mkdir(parents=True)
            (place / "file").write_text(content)


def test_every_kind_holds_to_the_contract() -> None:
    wanted = ("look", "rooms", "build", "expected", "fingerprint", "marks", "enter", "stands", "before", "sweep")
    assert {kind: [name for name in wanted if not hasattr(load(kind).Landing, name)] for kind in kinds()} == {
        "directory": [], "mariadb": [], "mariadb_files": [], "paths": [], "postgresql": [], "sqlite": [],
    }  # fmt: skip


def test_a_directory_that_was_filled_meanwhile(tmp_path: Path) -> None:
    place = tmp_path / "new"
    landing = directory.Landing(Target(False, str(place), 7, (), {}), NETWORK)
    landing.look(10)
    filled(landing, "x")
    marks = landing.marks()
    place.mkdir()
    (place / "mine").write_text("y")
    with pytest.raises(ToolFailed, match="cannot be taken"):
        landing.enter(0)
    assert (landing.stands(marks), [one.name for one in place.iterdir()]) == ("untouched", ["mine"])
    (place / "mine").unlink()
    landing.enter(0)
    assert (landing.stands(marks), (place / "srv/a/file").read_text()) == ("restored", "x")
    landing.sweep()
    assert [one.name for one in tmp_path.iterdir()] == ["new"]


def test_paths_half_way(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for place in (one, two):
        place.mkdir()
        (place / "file").write_text("before")
    point = {"paths": [str(one), str(two)], "exclude": []}
    landing = paths.Landing(Target(True, "", 7, (), point), NETWORK)
    landing.look(10)
    filled(landing, "after")
    marks = landing.marks()
    assert landing.stands(marks) == "untouched"
    paths._exchange(landing._new(one), one)
    assert landing.stands(marks) == "between"
    landing.sweep(between=True)
    assert (landing._new(one) / "file").read_text() == "before", "what was there is still to be had"
    paths._exchange(landing._new(two), two)
    assert landing.stands(marks) == "restored"
    landing.sweep()
    assert {place.name: (place / "file").read_text() for place in tmp_path.iterdir()} == {
        "one": "after",
        "two": "after",
    }


def test_a_path_that_is_gone_is_taken(tmp_path: Path) -> None:
    one = tmp_path / "one"
    landing = paths.Landing(Target(True, "", 7, (), {"paths": [str(one)]}), NETWORK)
    filled(landing, "after")
    landing.enter(0)
    landing.sweep()
    assert (one / "file").read_text() == "after"
    (tmp_path / "far").mkdir()
    for wrong in ("/proc", str(tmp_path / "nowhere" / "x")):
        with pytest.raises(ToolFailed, match="mount point, or has no directory"):
            paths.Landing(Target(True, "", 7, (), {"paths": [wrong]}), NETWORK).look(1)


def test_a_database_file_that_came_meanwhile(tmp_path: Path) -> None:
    copy, place = tmp_path / "run" / "copy", tmp_path / "new.sqlite3"
    copy.mkdir(parents=True)
    with closing(sqlite3.connect(copy / "data.sqlite3")) as db:
        db.execute("create table a (x)")
    landing = sqlite.Landing(Target(False, f"sqlite://{place}", 7, (), {"file": "data.sqlite3"}), NETWORK)
    landing.look(1)
    landing.build(Run(tmp_path / "run", 1e12, said))
    marks = landing.marks()
    place.write_text("mine")
    with pytest.raises(ToolFailed, match="cannot be taken"):
        landing.enter(0)
    assert (place.read_text(), landing.stands(marks)) == ("mine", "between")
    landing.sweep()
    assert {one.name for one in tmp_path.iterdir()} == {"run", "new.sqlite3"}
