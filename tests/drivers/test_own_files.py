"""Which files of a workspace belong into a copy of it."""

import os
import socket
from pathlib import Path

import pytest

from mainstay.drivers import own_files


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    here = tmp_path / "ws"
    for name in (
        "mainstay.toml", ".gitignore", "notes.txt", "catalogue/.git/config", "packs/own/pack.yaml", "plugins/check_it",
        "data/secret.key", "data/keys/0001-ab.key", "data/audit-heads.log", "data/mainstay.sqlite3",
        "data/mainstay.sqlite3-wal", "data/before-x.owncopy", "data/up.lock", "data/.copying/x",
    ):  # fmt: skip
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    return here


def names(stage: Path) -> set[str]:
    return {str(path.relative_to(stage)) for path in stage.rglob("*") if not path.is_dir()}


RECORD = {
    "mainstay.toml",
    ".gitignore",
    "packs/own/pack.yaml",
    "plugins/check_it",
    "data/secret.key",
    "data/audit-heads.log",
}
KEYS = {"data/keys/0001-ab.key"}


def test_the_record_and_the_keys_are_kept_and_nothing_else(workspace: Path, tmp_path: Path) -> None:
    own_files.gather(workspace, tmp_path / "all")
    assert names(tmp_path / "all") == RECORD | KEYS
    own_files.gather(workspace, tmp_path / "less", without=("data/keys",))
    assert names(tmp_path / "less") == RECORD


def test_keys_made_since_are_added_and_those_dropped_since_stay(workspace: Path, tmp_path: Path) -> None:
    own_files.gather(workspace, stage := tmp_path / "stage")
    (workspace / "data/keys/0001-ab.key").unlink()
    (workspace / "data/keys/0002-cd.key").write_text("new")
    own_files.gather_folder(workspace, stage, "data/keys")
    assert {path.name for path in (stage / "data/keys").iterdir()} == {"0001-ab.key", "0002-cd.key"}


def test_what_links_lead_to_is_kept_once_and_no_circle_is_endless(workspace: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep/shop.yaml").write_text("system: shop\n")
    (elsewhere / "deep/again").symlink_to(elsewhere)
    (elsewhere / "nowhere").symlink_to(tmp_path / "gone")
    os.mkfifo(elsewhere / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(elsewhere / "s"))
        (workspace / "catalogue/.git/config").unlink()
        (workspace / "catalogue/.git").rmdir()
        (workspace / "catalogue").rmdir()
        (workspace / "catalogue").symlink_to(elsewhere)
        own_files.gather(workspace, stage := tmp_path / "stage")
    assert names(stage) == RECORD | KEYS | {"catalogue/deep/shop.yaml"}
    assert not any(path.is_symlink() for path in stage.rglob("*"))


def test_two_directories_change_places(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    own_files.exchange(tmp_path / "one", tmp_path / "other")
    assert ((tmp_path / "one/other").exists(), (tmp_path / "other/one").exists()) == (True, True)
    with pytest.raises(FileNotFoundError):
        own_files.exchange(tmp_path / "one", tmp_path / "gone")
