"""Physical copies by pgBackRest of a real server, and what its exit codes do not say."""

import fcntl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.backup_tools import Run, Taken, ToolFailed, pgbackrest
from mainstay.drivers.pgbackrest import located, unfit
from mainstay.drivers.stores import Place
from tests.drivers.archived import LOOPBACK, Archive, archived, flip, processes
from tests.servers import postgresql

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    with archived() as one:
        yield one


@pytest.fixture(scope="module")
def full(archive: Archive) -> Taken:
    return archive.tool().take(archive.run())


@pytest.fixture(scope="module")
def increment(archive: Archive, full: Taken) -> Taken:
    archive.sql("insert into line (amount, note) values (7.77, 'later')")
    return archive.tool().take(archive.run("incremental", full))


def test_an_increment_opens_as_it_was(archive: Archive, full: Taken, increment: Taken) -> None:
    assert (full.point["level"], increment.point["level"]) == ("full", "incremental")
    assert increment.point["exact"]
    assert (full.fingerprint["totals"]["lines"], increment.fingerprint["totals"]["lines"]) == (2000, 2001)
    assert increment.point["added"] < full.point["added"] / 3
    with archive.opened(increment) as copy:
        assert copy.fingerprint(archive.tool()._source) == increment.fingerprint
        assert [(one.name, one.ok) for one in copy.checks()] == [("recovery", True), ("pg_amcheck", True)]
        assert f'restore point "{increment.point["mark"]}"' in copy.evidence["stopped"]
    assert not processes(str(archive.home / "run"))


@contextmanager
def watched(word: str) -> Iterator[list[str]]:
    """The command lines with this word in them that were seen meanwhile."""
    seen: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.extend(processes(word))

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield seen
    finally:
        over.set()
        watch.join()


def test_the_second_site_has_copies_of_its_own_and_no_secret_is_an_argument(archive: Archive, full: Taken) -> None:
    with watched("pgbackrest") as seen:
        away = archive.tool().take(archive.run(), repository=2)
    assert away.point["repository"] == 2
    assert not archive.tool().check(archive.run(), repository=2)
    assert len(archive.segments(2)) == len(archive.segments(1))
    assert seen
    assert not [line for line in seen if "only-for-the-test" in line or "pass@" in line]
    assert (archive.home / "own" / "pgbackrest.conf").stat().st_mode & 0o777 == 0o600
    assert "only-for-the-test" not in repr(archive.keeping())


def test_damage_behind_an_exit_code_of_nothing_is_seen(archive: Archive, full: Taken) -> None:
    assert archive.tool().check(archive.run()) == ""
    stored = max((archive.home / "site-1" / "backup").rglob("bundle/*"), key=lambda path: path.stat().st_size)
    before = flip(stored)
    try:
        found = archive.tool().check(archive.run())
        assert full.point["label"] in found
        assert "checksum invalid" in found
    finally:
        stored.write_bytes(before)


def test_a_lock_that_somebody_holds_is_a_reason_to_try_again(archive: Archive, full: Taken) -> None:
    path = archive.home / "own" / "lock" / "shop-books-backup.lock"
    with path.open("a") as lock:
        path.chmod(0o666)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ToolFailed) as refused:
            archive.tool().take(archive.run())
    path.unlink()
    assert (refused.value.code, refused.value.retry) == ("locked", True)
    assert pgbackrest.AGAIN >= 120


def test_a_killed_run_leaves_no_copy_and_nothing_that_blocks_the_next(archive: Archive, full: Taken) -> None:
    kept = set(archive.tool().strays(archive.run(), ()))
    run = archive.run()
    begun = time.monotonic()
    with mortal_run(archive, run) as process:
        while not partial(archive, kept):
            assert time.monotonic() < begun + 60
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert partial(archive, kept)
    while processes(str(archive.home / "own")):  # all that it started ends with it
        assert time.monotonic() < begun + 60
        time.sleep(0.05)
    assert set(archive.tool().strays(archive.run(), ())) == kept, "half a copy is none"
    assert "invalid" not in archive.tool().check(archive.run())
    taken = archive.tool().take(archive.run())
    assert set(archive.tool().strays(archive.run(), kept)) == {taken.point["label"]}
    assert not partial(archive, {*kept, taken.point["label"]})
    assert not archive.tool().check(archive.run())


def partial(archive: Archive, kept: set[str]) -> list[Path]:
    """Directories of copies that are in no list."""
    found = (archive.home / "site-1" / "backup" / "shop-books").glob("2*F*")
    return [path for path in found if path.name not in kept and list(path.rglob("*.gz")) + list(path.rglob("bundle/*"))]


@contextmanager
def mortal_run(archive: Archive, run: Run) -> Iterator[subprocess.Popen[bytes]]:
    """A process that takes a copy."""
    code = (
        "import sys; from itertools import count; from pathlib import Path; from tests.drivers.archived import Archive;"
        " archive = Archive(sys.argv[1], Path(sys.argv[2]), count(900)); archive.tool().take(archive.run())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, archive.dsn, str(archive.home)], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_only_what_nothing_rests_on_is_dropped_and_the_log_with_it(archive: Archive, full: Taken) -> None:
    tool = archive.tool()
    fresh = tool.take(archive.run())
    increment = tool.take(archive.run("incremental", fresh))
    label, upper = fresh.point["label"], increment.point["label"]
    assert increment.point["references"] == [label]
    with pytest.raises(ToolFailed, match="rests on") as refused:
        tool.drop(archive.run(), [label])
    assert refused.value.code == "refused"
    everything = tool.strays(archive.run(), ())
    with pytest.raises(ToolFailed, match="last copy"):
        tool.drop(archive.run(), everything)
    tool.drop(archive.run(), [*(one for one in everything if one not in (label, upper)), "20200101-000000F"])
    assert tool.strays(archive.run(), ()) == [label, upper]
    assert archive.segments()[0].name[:24] == fresh.point["first"]
    assert not tool.check(archive.run())
    with archive.opened(increment) as copy:
        assert copy.fingerprint(tool._source) == increment.fingerprint


def test_an_increment_rests_on_the_recorded_base_or_is_none(archive: Archive) -> None:
    tool = archive.tool()
    base = tool.take(archive.run())
    tool.take(archive.run())  # whose run died before it was recorded
    assert tool.take(archive.run("incremental", base)).point["level"] == "full"


def test_archiving_that_fails_shows_and_heals(archive: Archive, full: Taken) -> None:
    before = archive.tool().archiving()
    assert before.on
    assert not before.failing
    config = archive.home / "own" / "pgbackrest.conf"
    config.rename(config.with_suffix(".away"))
    try:
        archive.sql("insert into line (amount, note) values (1, 'now')")
        archive.sql("select pg_switch_wal()")
        end = time.monotonic() + 30
        while not (now := archive.tool().archiving()).failing:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert now.failed > before.failed
        assert now.waiting >= 1
        assert now.waiting_since is not None
        assert now.behind > before.behind
    finally:
        config.with_suffix(".away").rename(config)
    assert archive.tool().reach(archive.run())[-1].exact  # the server tries again by itself
    assert not archive.tool().archiving().failing


def test_a_server_that_does_not_archive_is_told_what_to_set(archive: Archive) -> None:
    with postgresql() as dsn:
        other = Archive(dsn, archive.home / "other")
        with pytest.raises(ToolFailed, match="archive_mode = 'on'") as refused:
            other.tool().take(Run(archive.home / "other", time.monotonic() + 30, lambda *_: None))
        assert refused.value.code == "refused"
        assert f"--config={archive.home}/other/own/pgbackrest.conf" in other.tool().settings()["archive_command"]


@pytest.mark.parametrize(
    ("version", "major", "lacking"), [("2.45", 15, False), ("2.45", 16, True), ("2.46", 16, False), ("2.54", 18, True)]
)
def test_a_server_that_is_too_new_for_the_tool_is_named(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, version: str, major: int, lacking: bool
) -> None:
    monkeypatch.setattr(pgbackrest.program, "version", lambda _: version)
    monkeypatch.setattr(pgbackrest, "_major", lambda *_: major)
    found = pgbackrest.lacks(archive.tool()._source, LOOPBACK)
    assert bool(found) is lacking
    assert not lacking or "apt" in found[0].install


def test_a_place_is_written_in_the_tools_words_or_refused() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hidden"}
    options = ("-o", "s3.bucket-lookup=path", "-o", "s3.region=cn-north-1", "--cacert", "/etc/own.pem")
    found = located(Place("s3:https://s3.example:9000/bucket/shop/books", options, environment))
    assert (found["s3-key"], found["s3-key-secret"], found["storage-ca-file"]) == ("id", "hidden", "/etc/own.pem")
    assert (found["type"], found["s3-endpoint"], found["storage-port"]) == ("s3", "s3.example", "9000")
    assert (found["s3-bucket"], found["path"], found["s3-region"]) == ("bucket", "/shop/books", "cn-north-1")
    for address in ("sftp:backup@host:/books", "s3:http://s3.example/bucket"):
        assert unfit(Place(address))
        with pytest.raises(ToolFailed):
            located(Place(address))
