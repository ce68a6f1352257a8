"""Plugins: the real ones of the Monitoring Plugins project, and programs that behave as none should."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.domain.state import State
from mainstay.domain.state_machine import Memory, Rule, judge
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.plugin import Probe, Settings

REAL = "/usr/lib/nagios/plugins"
real = pytest.mark.skipif(not Path(REAL, "check_load").exists(), reason="no Monitoring Plugins on this machine")


def look(directory: str, *command: str, timeout: float = 5.0, env: dict[str, str] | None = None) -> Reading:
    kept: dict[str, object] = {}

    def shared(key: str, make: object) -> object:
        return kept.setdefault(key, make())  # type: ignore[operator]  # a factory

    reach = Reach(timeout, NetworkPolicy(()), {}, shared, (directory,))
    probe = Probe(Settings(command=list(command), env=env or {}), reach)
    return asyncio.run(probe.read())


def state(reading: Reading) -> State:
    return judge(Memory(), reading, Rule(failures=1), 0.0).state


@pytest.fixture
def script(tmp_path: Path) -> object:
    def write(text: str) -> str:
        path = tmp_path / "check_it"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    return write


@real
def test_a_real_plugin_gives_its_numbers() -> None:
    found = look(REAL, "check_load", "-w", "900,900,900", "-c", "999,999,999")
    assert found.problem is None
    assert {"load1", "load5", "load15", "exit_code", "time"} <= found.values.keys()
    assert found.units["time"] == "s"


@real
@pytest.mark.parametrize(
    ("code", "wanted"),
    [("0", State.OK), ("1", State.WARNING), ("2", State.CRITICAL), ("3", State.UNKNOWN)],
)
def test_its_exit_code_is_the_verdict(code: str, wanted: State) -> None:
    found = look(REAL, "check_dummy", code, "said by hand")
    assert state(found) is wanted
    assert found.problem is None or "said by hand" in found.problem.detail


@real
def test_a_plugin_that_lacks_an_argument_is_unknown() -> None:
    assert state(look(REAL, "check_http")) is State.UNKNOWN


@pytest.mark.parametrize(
    ("name", "said"),
    [("/bin/sh", "none of the plugin directories"), ("../../bin/sh", "none of the plugin directories"),
     ("check_nothing", "there is no program"), ("{here}/../x/sh", "none of the plugin directories")],
)  # fmt: skip
def test_only_programs_of_the_directories_are_run(name: str, said: str, tmp_path: Path) -> None:
    found = look(str(tmp_path), name.format(here=tmp_path), "-c", "true")
    assert found.problem is not None
    assert (found.problem.fault, found.blind) == (Fault.SETUP, True)
    assert said in found.problem.detail


def test_arguments_are_no_shell(script: object, tmp_path: Path) -> None:
    path = script('echo "$1"')  # type: ignore[operator]
    assert look(str(tmp_path), path, "$(touch /tmp/never); `id` | x").excerpt == "$(touch /tmp/never); `id`"


def test_the_environment_is_small_and_takes_secrets(
    script: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTAY_TEST_CANARY", "seen")
    path = script('echo "[$MAINSTAY_TEST_CANARY][$TOKEN]"; pwd')  # type: ignore[operator]
    assert look(str(tmp_path), path, env={"TOKEN": "t"}).excerpt == "[][t]\n/"


def test_what_it_started_ends_with_it(script: object, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    path = script(f"sleep 300 & echo $! > {note}; wait")  # type: ignore[operator]
    began = time.monotonic()
    found = look(str(tmp_path), path, timeout=0.5)
    assert found.problem is not None
    assert found.problem.fault is Fault.TIMEOUT
    assert state(found) is State.UNKNOWN
    assert time.monotonic() - began < 100
    assert gone(int(note.read_text()))


def test_a_child_that_keeps_the_pipe_does_not_keep_us(script: object, tmp_path: Path) -> None:
    path = script("sleep 300 &\necho OK; exit 0")  # type: ignore[operator]
    assert look(str(tmp_path), path, timeout=1.0).problem is not None, "it has not said all within its time"


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("text", "said"),
    [("kill -SEGV $$", "signal 11"), ("exit 77", "exit code 77"), ("head -c 5000000 /dev/zero; exit 2", "\0")],
)
def test_strange_endings_are_told(script: object, tmp_path: Path, text: str, said: str) -> None:
    found = look(str(tmp_path), script(text))  # type: ignore[operator]
    assert found.problem is not None
    assert said in found.problem.detail
    assert len(found.excerpt) <= 65_536


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    path = tmp_path / "check_it"
    path.write_text("no program")
    path.chmod(0o755)
    found = look(str(tmp_path), str(path))
    assert found.problem is not None
    assert found.problem.fault is Fault.SETUP
