"""Files and directories as they really lie there: how many, how old, how large, how full."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes import Reach, file
from mainstay.drivers.probes.file import METRICS, Probe, Settings


def look(timeout: float = 5.0, **settings: Any) -> Reading:
    reach = Reach(timeout, NetworkPolicy(()), {}, lambda _key, make: make())
    return Probe(Settings.model_validate(settings), reach).read()


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """Three dumps of 100, 200 and 300 bytes, made one, two and three hours ago, and what is none."""
    for number in (1, 2, 3):
        dump = tmp_path / f"{number}.dump"
        dump.write_bytes(bytes(100 * number))
        at = time.time() - 3600 * number
        os.utime(dump, (at, at))
    (tmp_path / "notes.txt").write_bytes(bytes(5000))
    (tmp_path / "old.dump").mkdir()
    return tmp_path


def test_files_are_counted_and_measured(backups: Path) -> None:
    found = look(path=f"{backups}/*.dump")
    assert found.problem is None
    assert found.values == {
        "count": 3, "size": 600, "smallest": 100, "largest": 300,
        "newest": pytest.approx(3600, abs=60), "oldest": pytest.approx(3 * 3600, abs=60),
    }  # fmt: skip
    assert found.values.keys() <= METRICS.keys()


def test_one_file_is_as_good_as_a_pattern(backups: Path) -> None:
    found = look(path=f"{backups}/2.dump").values
    assert (found["count"], found["size"]) == (1, 200)
    assert found["newest"] == found["oldest"] == pytest.approx(7200, abs=60)


def test_a_file_of_tomorrow_is_new(backups: Path) -> None:
    os.utime(backups / "1.dump", (time.time() + 86_400,) * 2)
    assert look(path=f"{backups}/1.dump").values["newest"] == 0


@pytest.mark.parametrize("path", ["*.sql", "3.dump.gz", "old.dump", "nowhere/*"])
def test_what_is_not_there_is_missing(backups: Path, path: str) -> None:
    found = look(path=f"{backups}/{path}")
    assert found.problem is not None
    assert (found.problem.fault, found.blind) == (Fault.MISSING, False)
    assert found.values == {"count": 0}


def test_a_directory_is_held_against_its_quota(backups: Path) -> None:
    (backups / "old.dump" / "more").write_bytes(bytes(400))
    found = look(directory=str(backups), quota=8000)
    assert found.values == {"size": 6000, "used": 75, "free": 2000}
    assert look(directory=str(backups), quota="4000").values == {"size": 6000, "used": 150, "free": 0}


def test_without_a_quota_it_is_its_file_system(backups: Path) -> None:
    found, real = look(directory=str(backups)), os.statvfs(backups)
    assert found.values["used"] == pytest.approx(
        100 * (real.f_blocks - real.f_bfree) / (real.f_blocks - real.f_bfree + real.f_bavail), abs=5
    )
    assert found.values.keys() <= {"size", "free", "used", "inodes"}


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    for settings in ({"directory": f"{tmp_path}/gone"}, {"directory": f"{tmp_path}/gone", "quota": 5}):
        found = look(**settings)
        assert found.problem is not None, settings
        assert found.problem.fault is Fault.MISSING


def test_counting_has_an_end(backups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MOST", 2)
    for settings in ({"path": f"{backups}/*.dump"}, {"directory": str(backups), "quota": 5}):
        found = look(**settings)
        assert found.problem is not None, settings
        assert (found.problem.fault, found.blind) == (Fault.TIMEOUT, True)


@pytest.mark.parametrize("settings", [{}, {"path": "/a", "directory": "/b"}])
def test_one_of_both(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)
