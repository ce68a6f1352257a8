"""Any second in time: what was committed by then, to the cent, and refusals of what cannot be had."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest

from mainstay.drivers.backup_tools import Taken, ToolFailed
from tests.drivers import ledger
from tests.drivers.archived import KEY, Archive, archived

pytestmark = pytest.mark.postgresql


class Past(NamedTuple):
    archive: Archive
    first: Taken
    second: Taken
    log: list[tuple[datetime, ledger.Transfer]]
    before: datetime


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    """Two copies of a busy ledger, taken while it was posted to, and a restore point in between."""
    with archived() as archive:
        ledger.make(archive.dsn)
        before, log = datetime.now(UTC), ledger.Log()
        with ledger.busy(archive.dsn, log, pause=0.002):
            first = archive.tool().take(archive.run())
            archive.sql("select pg_create_restore_point('before-the-change')")
            time.sleep(1)
            second = archive.tool().take(archive.run("incremental", first))
            time.sleep(1)
        yield Past(archive, first, second, log.moments(archive.dsn), before)


def test_the_ledger_at_a_random_moment_is_what_was_committed_by_then(past: Past) -> None:
    (span,) = past.archive.tool().reach(past.archive.run())
    assert span.exact
    assert span.last >= past.log[-1][0]
    random = Random(4)
    for copy in (past.first, past.second):
        whole = datetime.fromisoformat(copy.point["whole_at"])
        moment = whole + (past.log[-1][0] - whole) * random.random()
        posted = [one for at, one in past.log if at <= moment]
        assert 0 < len(posted) < len(past.log)
        with past.archive.opened(copy, moment) as opened:
            assert ledger.found(opened.component["dsn"]) == ledger.expected(posted)


def test_the_copies_of_a_server_that_is_never_still_are_exact(past: Past) -> None:
    for copy in (past.first, past.second):
        assert copy.point["exact"]
    with past.archive.opened(past.second) as opened:
        assert opened.fingerprint(past.archive.tool()._source) == past.second.fingerprint


def test_the_name_of_a_restore_point_is_a_target_too(past: Past) -> None:
    with past.archive.opened(past.first, "before-the-change") as opened:
        books = ledger.found(opened.component["dsn"])
    assert books == ledger.expected([one for _, one in past.log][: books.last])
    assert 0 < books.last < len(past.log)


def test_a_target_that_cannot_be_had_is_refused_by_words(past: Past) -> None:
    tool, run = past.archive.tool(), past.archive.run
    first = past.first.point
    for target, words in (
        (datetime.now(UTC) + timedelta(hours=1), "lies in the future"),
        (past.before, "is before the copy"),
        (datetime.now(UTC) - timedelta(microseconds=1), "after the end of the archive"),
        ("0/1000", "is before the copy"),
        ("1/x", "not a position"),
    ):
        time.sleep(1.2 if "end of" in words else 0)
        with pytest.raises(ToolFailed, match=words) as refused:
            tool.open(run(), first, target)
        assert refused.value.code == "refused"
    with pytest.raises(ToolFailed) as refused:
        tool.open(run(), first, "FF/0")
    assert refused.value.code == "missing"


def test_another_key_is_called_another_key(past: Past) -> None:
    wrong = past.archive.tool("another-key-9876543210")
    run, working = past.archive.run, past.archive.tool().archiving().failed
    for act in (
        lambda: wrong.open(run(), past.first.point), lambda: wrong.strays(run(), ()), lambda: wrong.take(run()),
    ):  # fmt: skip
        with pytest.raises(ToolFailed) as refused:
            act()
        assert refused.value.code == "wrong-key"
        assert KEY not in str(refused.value)
    assert "No usable" in wrong.check(run())
    past.archive.tool().reach(run())
    assert past.archive.tool().archiving().failed == working, "the server's own archiving must not take the wrong key"


def test_a_lost_segment_is_named_and_never_passed_over(past: Past) -> None:
    """pgBackRest's own restore ends well here and opens a ledger without its last transfers."""
    archive, moment = past.archive, past.log[-1][0]
    names = {path.name[:24]: path for path in archive.segments()}
    lost = sorted(name for name in names if past.first.point["segment"] < name < past.second.point["first"])[0]
    kept = archive.home / lost
    names[lost].rename(kept)
    try:
        assert lost in archive.tool().check(archive.run())
        for target in (moment, past.second.point["lsn"]):
            with pytest.raises(ToolFailed, match=lost) as refused:
                archive.tool().open(archive.run(), past.first.point, target)
            assert refused.value.code == "missing"
        one, other = archive.tool().reach(archive.run())
        assert one.last < datetime.fromisoformat(past.second.point["whole_at"]) <= other.first
        with archive.opened(past.second, moment) as opened:
            assert ledger.found(opened.component["dsn"]).last == past.log[-1][1].number
    finally:
        kept.rename(names[lost])
