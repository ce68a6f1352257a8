"""The end of a log, of this machine and of another host."""

import os
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from mainstay.domain.log_source import MOST_BYTES, MOST_LINES, LogSource
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.log_excerpt import Bounds, Untaken, take
from tests import servers

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


def source(**written: Any) -> LogSource:
    return LogSource.model_validate(written)


@pytest.fixture
def bounds(tmp_path: Path) -> Bounds:
    (tmp_path / "logs").mkdir()
    (tmp_path / "programs").mkdir()
    return Bounds(LOOPBACK, (str(tmp_path / "logs"),), (str(tmp_path / "programs"),))


def test_the_end_of_a_large_file(bounds: Bounds) -> None:
    path = Path(bounds.directories[0], "app.log")
    path.write_bytes(b"".join(f"{n:06} line\n".encode() for n in range(100_000)) + b"last \xff\n")
    lines = take(source(file=str(path)), None, bounds, 5).split("\n")
    assert (len(lines), lines[-1], lines[0]) == (MOST_LINES, "last �", f"{100_001 - MOST_LINES:06} line")
    path.write_bytes(b"x" * (2 * MOST_BYTES))
    assert take(source(file=str(path)), None, bounds, 5) == ""


def test_nothing_outside_the_directories_nor_what_is_no_file(bounds: Bounds, tmp_path: Path) -> None:
    logs = Path(bounds.directories[0])
    (tmp_path / "secret.key").write_text("hunter2")
    (logs / "link.log").symlink_to(tmp_path / "secret.key")
    os.mkfifo(logs / "pipe.log")
    (logs / "folder.log").mkdir()
    for path, why in (
        (tmp_path / "secret.key", "none of the directories"), (logs / "link.log", "none of the directories"),
        (logs / ".." / "secret.key", "none of the directories"), (logs / "pipe.log", "no plain file"),
        (logs / "folder.log", "Is a directory"), (logs / "absent.log", "No such file"),
    ):  # fmt: skip
        with pytest.raises(Untaken, match=why):
            take(source(file=str(path)), None, bounds, 5)


def test_a_program_of_a_named_directory_and_no_other(bounds: Bounds) -> None:
    program = Path(bounds.programs[0], "show-log")
    program.write_text('#!/bin/sh\necho "$1"\nexit "$2"\n')
    program.chmod(0o755)
    assert take(source(command=["show-log", "a; echo b", "0"]), None, bounds, 5) == "a; echo b"
    with pytest.raises(Untaken, match="ended with code 3"):
        take(source(command=["show-log", "a", "3"]), None, bounds, 5)
    with pytest.raises(Untaken, match="plugin directories"):
        take(source(command=["/bin/cat", "/etc/passwd"]), None, bounds, 5)
    program.write_text("#!/bin/sh\nsleep 60\n")
    with pytest.raises(Untaken, match="deadline"):
        take(source(command=["show-log"]), None, bounds, 0.5)


@pytest.fixture(scope="module")
def host() -> Iterator[servers.SSH]:
    with servers.ssh() as one:
        yield one


def test_a_file_of_another_host(host: servers.SSH, bounds: Bounds, tmp_path: Path) -> None:
    log = tmp_path / "far.log"
    log.write_text("first\nlast $(id)\n")
    tmp_path.chmod(0o755)
    far = {
        "kind": "host", "address": "127.0.0.1", "port": host.port, "user": host.user, "key_file": str(host.key_file),
        "host_key": host.host_key,
    }  # fmt: skip
    assert take(source(file=str(log), on="far"), far, bounds, 10) == "first\nlast $(id)"
    with pytest.raises(Untaken, match="ended with code 1"):
        take(source(file=f"{log};id", on="far"), far, bounds, 10)
    with pytest.raises(Untaken, match="host_key is missing"):
        take(source(file=str(log), on="far"), {**far, "host_key": ""}, bounds, 10)
