"""A disk that fills up in the middle of a backup or a restore: said as what it is, nothing half of it counts, and the
copies that were there stay. So it is with a proof that outgrows its room. A store that fills up:
``tests/drivers/test_restic.py``."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainstay.backups.models import Copy, Proof
from mainstay.drivers import scratch_disk
from mainstay.engine.jobs import places
from tests.line.copied_shop import Shop, work_in
from tests.servers import program as installed

pytestmark = pytest.mark.django_db
HALF = 2_000_000
"""Bytes that fit, of twice as many."""


@contextmanager
def small(folder: Path) -> Iterator[None]:
    """The directory becomes a disk upon which half of it fits."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={HALF}", "none", str(folder)], check=False)
    if made.returncode:
        pytest.skip("only root can make a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed("restic")
    work_in(tmp_path, monkeypatch)
    shop = Shop(tmp_path, prove={"after_each": False})
    shop.change("create table scans (data blob)")
    assert shop.run().state == "done"
    shop.change(*[f"insert into scans values (x'{os.urandom(HALF // 4).hex()}')" for _ in range(8)])
    monkeypatch.setattr(places, "free", lambda _path: 10**12)  # nobody foresees it
    monkeypatch.setattr("mainstay.drivers.staging.ensure_room", lambda *_: None)

    with small(tmp_path / "work"):
        job = shop.run()
        assert (job.problem["code"], places.numbers()) == ("no-space", []), job.problem
    assert shop.run("prove").state == "done"
    assert (Copy.objects.count(), Proof.objects.get().verdict) == (1, "proved"), "the old copy is whole"

    assert shop.run().state == "done"
    with small(tmp_path / "work"):
        job = shop.run("prove", copy=Copy.objects.latest("pk").pk)
        assert (job.problem["code"], places.numbers()) == ("no-space", []), job.problem
    assert Proof.objects.count() == 1


@pytest.mark.parametrize("hard", [True, False])
def test_a_proof_that_outgrows_its_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard: bool) -> None:
    installed("restic")
    work_in(tmp_path, monkeypatch)
    if not hard:
        monkeypatch.setattr(scratch_disk, "begin", lambda *_: False)
    shop = Shop(tmp_path, prove={"after_each": False, "room": 0.001})
    shop.change("create table scans (data blob)")
    shop.change(*[f"insert into scans values (x'{os.urandom(4_000_000).hex()}')" for _ in range(6)])
    assert shop.run().state == "done"

    refused = shop.run("prove")
    assert refused.problem["code"] == "no-space"
    assert "25 MB" in refused.problem["detail"], refused.problem
    Copy.objects.update(size=500_000)  # nobody foresees it
    stopped = shop.run("prove")
    assert (stopped.problem["code"], places.numbers()) == ("no-space", []), stopped.problem
    assert "outgrew the 1 MB" in stopped.problem["detail"]
    assert (Proof.objects.count(), str(tmp_path) in Path("/proc/self/mounts").read_text()) == (0, False)
