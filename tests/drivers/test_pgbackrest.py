"""Physical copies by pgBackRest of a real server, and what its exit codes do not say."""

import dataclasses
from collections.abc import Iterator

import pytest

from mainstay.drivers.backup_tools import Taken
from tests.drivers.archived import Archive, archived, processes

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


def test_a_copy_opens_as_it_was(archive: Archive, full: Taken, increment: Taken) -> None:
    for taken, level, lines in ((full, "full", 2000), (increment, "incremental", 2001)):
        assert taken.point["level"] == level
        assert taken.point["exact"]
        assert taken.fingerprint["totals"]["lines"] in (lines, str(lines))
        with archive.opened(taken) as copy:
            assert copy.fingerprint(dataclasses.replace(archive.tool()._source)) == taken.fingerprint
            assert f'restore point "{taken.point["mark"]}"' in copy.evidence["stopped"]
    assert not processes(str(archive.home / "run"))
    assert increment.point["added"] < full.point["added"] / 3
