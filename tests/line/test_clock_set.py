"""The machine's clock is set forward and back by an hour under the real processes (libfaketime): nothing is called
wrong for it, nothing waits an hour for it, nothing is told twice."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.line.receiver import Receiver, receiving
from tests.line.site import Site, Targets, copies, targets, until

__all__ = ["targets"]
COUNT = 4
MORE = """\
  busy: {probe: {kind: tcp, on: part0, host: 127.0.0.1, port: %d}, every: 1s, crit: "connect >= 0 for 20m"}
  job: {probe: {kind: heartbeat, period: 10m, grace: 5m}, every: 1s}
"""
PING = """
import django; django.setup()
from datetime import UTC, datetime
from mainstay.catalogue.models import Check
from mainstay.monitoring.actions import NewPing, record_pings
record_pings([NewPing(Check.objects.get(name="job").pk, datetime.now(UTC))])
"""


SLEEP = """\
# libfaketime takes a sleep until a moment of the steady clock for one of the clock that it sets.
import select, time
time.sleep = lambda seconds: select.select((), (), (), seconds)
"""


class Set:
    """Where the processes' clock stands against the true one; setting it is seen at once."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            pytest.skip("no libfaketime on this machine")
        (folder / "python").mkdir()
        (folder / "python" / "sitecustomize.py").write_text(SLEEP)
        self._file = folder / "clock"
        self.set(0)
        self.environment = {
            "LD_PRELOAD": str(found[0]), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1", "NO_FAKE_STAT": "1",
            "PYTHONPATH": str(folder / "python"),
        }  # fmt: skip

    def set(self, hours: int) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{hours:+d}h\n")
        draft.replace(self._file)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@contextmanager
def care(site: Site, clock: Set) -> Iterator[None]:
    with (
        site.process("checker", environment=clock.environment),
        site.process("engine", environment=clock.environment),
    ):
        yield


@pytest.mark.parametrize("hours", [1, -1])
def test_nothing_comes_of_it(tmp_path: Path, targets: Callable[[int], Targets], receiver: Receiver, hours: int) -> None:
    watched, site, clock = targets(COUNT), Site(tmp_path), Set(tmp_path)
    site.apply(watched.catalogue(more=MORE % watched.ports[0]), receiver.url)
    site.run(PING)
    well = {**{f"c{number}": "ok" for number in range(COUNT)}, "busy": "ok", "job": "ok"}
    with care(site, clock):
        until(lambda: site.states() == well)
        before = site.changes()
        for there in (hours, 0):
            clock.set(there)
            said = f"the wall clock moved by {'+' if (there or -hours) > 0 else '-'}3600 s"
            until(lambda said=said: said in site.log("checker").read_text())
            looks = samples(site)
            until(lambda looks=looks: samples(site) > looks + 5 * COUNT)  # five rounds, past missing after three
            assert site.states() == well
            assert site.changes() == before
        assert not site.count("select count(*) from incidents_incident")
        assert not receiver.arrived


def samples(site: Site) -> int:
    """How many are kept."""
    return int(site.rows("select coalesce(sum(count), 0) from monitoring_samplebatch")[0][0]) + int(
        site.rows("select coalesce(sum(count), 0) from monitoring_samplechunk")[0][0]
    )


@pytest.mark.parametrize("hours", [1, -1])
def test_what_is_really_wrong_is_told_once(
    tmp_path: Path, targets: Callable[[int], Targets], receiver: Receiver, hours: int
) -> None:
    """Something fails, its notice waits for a receiver that is away, the clock is set, and set again."""
    watched, site, clock = targets(COUNT), Site(tmp_path), Set(tmp_path)
    site.apply(watched.catalogue(), receiver.url)
    waiting = "select count(*) from notices_delivery where sent_at is null and attempts > 0"
    with care(site, clock):
        until(lambda: list(site.states().values()) == ["ok"] * COUNT)
        receiver.away = True
        for number in range(2):
            watched.shut(number)
        until(lambda: site.count(waiting) == 2)
        clock.set(hours)
        watched.shut(2)  # in the very moment
        until(lambda: site.states()["c2"] == "critical")
        receiver.away = False
        until(lambda: len(receiver.words("opened")) == 3)
        clock.set(0)
        time.sleep(1)
        for number in range(3):
            watched.open(number)
        until(lambda: len(receiver.words("resolved")) == 3)
        until(lambda: not site.count("select count(*) from notices_delivery where sent_at is null"))
    assert not copies(receiver.arrived)
    assert {body["word"] for _, body in receiver.arrived} == {"opened", "resolved"}
    assert len(receiver.arrived) == 6
    assert site.count("select count(*) from monitoring_statechange where before <> 'unknown'") == 6
    assert site.count("select count(*) from incidents_incident where state = 'resolved'") == 3
