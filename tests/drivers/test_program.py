"""Other people's programs: held to a deadline, to what they are given, and to leaving nothing behind. Real programs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mainstay.drivers import program
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.program import Limits, Running
from tests.processes import alive, wait_for

SOON = 20.0


def until(seconds: float = SOON) -> float:
    return time.monotonic() + seconds


FAMILY = """
import os, subprocess, sys, time
a = subprocess.Popen(['sleep', '600'])
b = subprocess.Popen(['setsid', 'sleep', '600'])
print(os.getpid(), a.pid, b.pid, flush=True)
{end}
"""


def family(end: str) -> list[str]:
    """A program that starts two others, one of which leaves its group."""
    return [sys.executable, "-c", FAMILY.format(end=end)]


def test_what_it_prints_and_its_code_come_back() -> None:
    ended = program.run(["sh", "-c", "echo out; echo err >&2; exit 3"], until=until())
    assert (ended.code, ended.out, ended.err) == (3, "out\n", "err\n")


def test_lines_are_told_while_it_runs_and_the_last_needs_no_end() -> None:
    lines: list[str] = []
    ended = program.run(["printf", "one\\ntwo\\nthree"], until=until(), line=lines.append)
    assert (lines, ended.out) == (["one", "two", "three"], "")


def test_it_inherits_nothing_but_the_way_to_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_OURS", "x")
    ended = program.run(["env"], until=until(), environment={"GIVEN": "1"})
    names = {line.partition("=")[0] for line in ended.out.splitlines()}
    assert "GIVEN" in names
    assert names <= {"PATH", "HOME", "LANG", "TZ", "LC_ALL", "GIVEN"}


def test_at_the_deadline_all_of_it_is_ended() -> None:
    pids: list[int] = []
    with pytest.raises(ToolFailed) as caught:
        program.run(family("time.sleep(600)"), until=until(1.5), line=lambda line: pids.extend(map(int, line.split())))
    assert caught.value.code == "timeout"
    assert len(pids) == 3
    assert not any(map(alive, pids))


def test_what_it_leaves_running_is_ended_too() -> None:
    ended = program.run(family("sys.exit(0)"), until=until())
    assert ended.code == 0
    assert not any(alive(int(pid)) for pid in ended.out.split())


def test_when_we_are_killed_all_of_it_is_ended(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    command = family(f"open({str(told)!r}, 'w').write(f'{{os.getpid()}} {{a.pid}} {{b.pid}}.'); time.sleep(600)")
    code = (
        "import threading, time\nfrom mainstay.drivers import program\n"
        f"work = threading.Thread(target=lambda: program.run({command!r}, until=time.monotonic() + 600))\n"
        "work.start(); work.join()"
    )
    ours = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    wait_for(lambda: told.exists() and told.read_text().endswith("."))
    pids = [int(pid) for pid in told.read_text().rstrip(".").split()]
    assert all(map(alive, pids))
    ours.send_signal(signal.SIGKILL)
    ours.wait()
    wait_for(lambda: not any(map(alive, pids)))


def test_a_server_is_asked_first_and_killed_when_it_does_not_listen(tmp_path: Path) -> None:
    polite, deaf = tmp_path / "polite", tmp_path / "deaf"
    for trap, said in (("echo bye; exit", polite), ("", deaf)):
        with said.open("wb") as out:
            limits = Limits(stop=signal.SIGTERM, patience=0.2 if said is deaf else SOON)
            script = f"trap '{trap}' TERM; echo here; while :; do sleep 0.05; done"
            with Running(["sh", "-c", script], {}, limits, out=out):
                wait_for(lambda said=said: bool(said.read_bytes()))
    assert (polite.read_text(), deaf.read_text()) == ("here\nbye\n", "here\n")


def test_a_callers_mistake_ends_it(tmp_path: Path) -> None:
    pids: list[int] = []

    def stumble(line: str) -> None:
        pids.extend(map(int, line.split()))
        raise ValueError(line)

    with pytest.raises(ValueError, match=r"\d"):
        program.run(family("time.sleep(600)"), until=until(), line=stumble)
    assert not any(map(alive, pids))


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ToolFailed, match="no-such-tool") as caught:
        program.run(["no-such-tool"], until=until())
    assert caught.value.code == "missing"


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF, but no more")
    broken.chmod(0o755)
    with pytest.raises(ToolFailed, match="broken") as caught:
        program.run([str(broken)], until=until())
    assert caught.value.code == "missing"


def test_output_without_end_is_cut_off() -> None:
    with pytest.raises(ToolFailed, match="100 kB"):
        program.run(["yes"], until=until(), most=100_000)


def test_of_its_errors_the_last_words_are_kept() -> None:
    ended = program.run(["sh", "-c", "yes | head -c 100000 >&2; echo why >&2"], until=until())
    assert len(ended.err) <= 16_000
    assert ended.err.endswith("why\n")


def test_a_secret_that_it_repeats_is_not_passed_on() -> None:
    ended = program.run(
        ["sh", "-c", 'echo "bad: $PGPASSWORD" >&2'], until=until(), environment={"PGPASSWORD": "tiger!"}
    )
    assert ended.err == "bad: ***\n"


def test_its_memory_and_its_turn_are_limited() -> None:
    script = "import os; print(os.nice(0)); bytearray(1 << 30)"
    limits = Limits(nice=7, idle=True, memory=500_000_000)
    ended = program.run([sys.executable, "-c", script], until=until(), limits=limits)
    assert ended.out == f"{min(19, os.nice(0) + 7)}\n"
    assert "MemoryError" in ended.err


def test_it_reads_a_file(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("to be read")
    assert program.run(["cat"], until=until(), stdin=text).out == "to be read"


def test_no_input_is_the_end_of_input() -> None:
    assert program.run(["cat"], until=until()).code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand a program to another account")
def test_root_hands_it_to_another_account() -> None:
    ended = program.run(["id", "-un"], until=until(), limits=Limits(user="nobody"))
    assert ended.out == "nobody\n"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"),
        ("mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)", "10.11.19"),
        ("mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)", "10.11.19"),
        ("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", "10.11.19"),
    ],
)
def test_versions_are_read(printed: str, expected: str, tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\necho '{printed}'\n")
    tool.chmod(0o755)
    assert program.version(str(tool)) == expected


def test_versions_are_compared_by_their_numbers() -> None:
    assert program.at_least("0.14.0", 0, 14)
    assert not program.at_least("0.9.6", 0, 14)
    assert program.at_least("2.55.1", 2, 55)
