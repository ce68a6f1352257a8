"""Files' copies: as they are, without what is excluded, and honest about what moved meanwhile. The real restic."""

import os
import socket
import time
from pathlib import Path

import pytest

from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Run, Source, Taken, ToolFailed, files
from mainstay.drivers.restic import Restic
from mainstay.drivers.stores import Place
from tests.quick_keys import quicken
from tests.servers import program as installed

NOWHERE = NetworkPolicy(())


def run_in(directory: Path) -> Run:
    directory.mkdir(exist_ok=True)
    return Run(directory, time.monotonic() + 60, lambda *_: None)


@pytest.fixture
def attachments(tmp_path: Path) -> Path:
    here = tmp_path / "attachments"
    (here / "2026" / "cache-1").mkdir(parents=True)
    (here / "2026" / "发票.pdf").write_bytes(os.urandom(5000))
    (here / "2026" / "secret").write_bytes(b"x")
    (here / "2026" / "secret").chmod(0o600)
    (here / "2026" / "cache-1" / "thumb").write_bytes(b"y")
    (here / "2026" / "link").symlink_to("发票.pdf")
    (here / "empty").write_bytes(b"")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(here / "socket"))
    return here


@pytest.fixture
def repository(tmp_path: Path) -> Restic:
    installed("restic")
    one = Restic(Place(str(tmp_path / "repository")), "k", host="h", cache=None)
    one.make()
    quicken(tmp_path / "repository", "k")
    return one


def source(where: Path, *exclude: str) -> Source:
    return Source({}, paths=[str(where)], exclude=exclude)


def saved(repository: Restic, tool: files.Tool, run: Run) -> tuple[Taken, str]:
    taken = tool.take(run)
    paths, exclude = taken.point["paths"], taken.point["exclude"]
    one = repository.save(run.directory, ["run=1"], run.until, run.say, paths=paths, exclude=exclude)
    return tool.confirm(run, taken), one.identifier


def restored(repository: Restic, identifier: str, run: Run) -> None:
    repository.load(identifier, run.directory / "copy", run.until)


def test_what_comes_back_is_what_was_there(attachments: Path, repository: Restic, tmp_path: Path) -> None:
    one, run = source(attachments, "cache-*", f"{attachments}/empty"), run_in(tmp_path / "run")
    taken, identifier = saved(repository, files.Tool(one, NOWHERE), run)
    assert (taken.fingerprint["files"]["count"], taken.point["changed"]) == (3, [])
    restored(repository, identifier, run)
    opened = files.Tool(one, NOWHERE).open(run, taken.point)
    assert compare(Fingerprint(**taken.fingerprint), Fingerprint(**opened.fingerprint(one))) == []
    there = run.directory / "copy" / str(attachments).lstrip("/") / "2026"
    for spoil in (
        lambda: (there / "secret").chmod(0o644),
        lambda: (there / "secret").write_bytes(b"z"),
        lambda: (there / "more").write_bytes(b""),
        (there / "link").unlink,
    ):
        spoil()
        assert compare(Fingerprint(**taken.fingerprint), Fingerprint(**opened.fingerprint(one)))


def test_what_changed_while_it_was_saved_is_named_and_the_rest_is_vouched_for(
    attachments: Path, repository: Restic, tmp_path: Path
) -> None:
    one, run = source(attachments), run_in(tmp_path / "run")
    tool = files.Tool(one, NOWHERE)
    taken = tool.take(run)
    grown, new, gone = attachments / "empty", attachments / "new", attachments / "2026/cache-1/thumb"
    mtime = grown.stat().st_mtime_ns
    grown.write_bytes(b"1")
    os.utime(grown, ns=(mtime, mtime))
    new.write_bytes(b"2")
    one_saved = repository.save(run.directory, ["run=1"], run.until, run.say, paths=taken.point["paths"])
    gone.unlink()
    taken = tool.confirm(run, taken)
    assert taken.point["changed"] == sorted(map(str, (grown, new, gone)))
    restored(repository, one_saved.identifier, run)
    found = files.Tool(one, NOWHERE).open(run, taken.point).fingerprint(one)
    assert compare(Fingerprint(**taken.fingerprint), Fingerprint(**found)) == []


def test_what_cannot_be_saved_is_said(attachments: Path, tmp_path: Path) -> None:
    cases = {
        "no paths": (Source({}), "refused"),
        "gone": (source(tmp_path / "none"), "incomplete"),
        "not understood": (source(attachments, "a/*.tmp"), "refused"),
        "nor this": (source(attachments, "[ab]"), "refused"),
    }
    for name, (one, code) in cases.items():
        with pytest.raises(ToolFailed) as caught:
            files.Tool(one, NOWHERE).take(run_in(tmp_path / "run"))
        assert caught.value.code == code, name


def test_a_missing_program_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.drivers.program._PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    (missing,) = files.lacks()
    assert (missing.program, missing.install) == ("restic", "apt-get install restic")
